SELECT bronze.orders.order_id FROM bronze.orders
