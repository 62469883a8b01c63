SELECT order_id, customer, amount FROM bronze.orders
