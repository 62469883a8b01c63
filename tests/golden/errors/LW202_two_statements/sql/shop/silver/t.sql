SELECT order_id FROM bronze.orders;
SELECT customer FROM bronze.orders
