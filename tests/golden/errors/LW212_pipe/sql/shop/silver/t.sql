FROM bronze.orders
|> SELECT order_id
