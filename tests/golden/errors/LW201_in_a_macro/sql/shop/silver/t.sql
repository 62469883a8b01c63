SELECT order_id,
       {{ cents('amount') }} AS cents
FROM bronze.orders
