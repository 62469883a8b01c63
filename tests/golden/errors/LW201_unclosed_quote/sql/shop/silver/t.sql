SELECT order_id,
       'abc AS word
FROM bronze.orders
