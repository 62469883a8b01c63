SELECT order_id,
       {{ cents() }} AS cents
FROM bronze.orders
