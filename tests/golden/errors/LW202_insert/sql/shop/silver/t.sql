INSERT INTO silver.t
SELECT order_id FROM bronze.orders
