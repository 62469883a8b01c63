SELECT order_id FROM lake.bronze.orders
