SELECT order_id, current_date() AS day FROM bronze.orders
