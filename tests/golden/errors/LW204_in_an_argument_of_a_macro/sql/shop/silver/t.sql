SELECT order_id,
       {{ cents('amuont') }} AS cents
FROM bronze.orders
