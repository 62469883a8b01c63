SELECT order_id,
       amount * 2
FROM bronze.orders
