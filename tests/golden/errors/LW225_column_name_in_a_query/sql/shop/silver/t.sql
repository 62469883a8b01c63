SELECT order_id, amount AS `net amount`
FROM bronze.orders
