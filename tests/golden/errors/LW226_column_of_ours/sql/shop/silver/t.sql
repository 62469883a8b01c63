SELECT order_id, customer AS _failed_rules
FROM bronze.orders
