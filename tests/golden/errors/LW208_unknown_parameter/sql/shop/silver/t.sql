SELECT order_id FROM bronze.orders WHERE amount > :vars.lwo
