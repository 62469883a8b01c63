SELECT order_id,
       {{ cent('amount') }} AS cents
FROM bronze.orders
