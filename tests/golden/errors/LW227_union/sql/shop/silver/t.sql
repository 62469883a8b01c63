SELECT order_id, amount FROM bronze.orders
UNION ALL
SELECT order_id FROM bronze.orders
