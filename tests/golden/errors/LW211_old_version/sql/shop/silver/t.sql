SELECT order_id FROM bronze.orders VERSION AS OF 3
