SELECT order_id
FROM bronze.orders AS a JOIN bronze.orders AS b ON a.order_id = b.order_id
