SELECT order_id, NULL AS nothing FROM bronze.orders
