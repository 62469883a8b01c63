SELECT order_id, amount FROM bronze.orders
