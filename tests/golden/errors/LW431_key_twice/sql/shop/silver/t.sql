SELECT 1 AS order_id, customer FROM bronze.orders
