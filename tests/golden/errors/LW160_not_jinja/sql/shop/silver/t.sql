SELECT order_id,
       {{ cents('amount') }
FROM bronze.orders
