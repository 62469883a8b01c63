SELECT 1 AS one
FROM bronze.orders JOIN silver.orders USING (order_id)
