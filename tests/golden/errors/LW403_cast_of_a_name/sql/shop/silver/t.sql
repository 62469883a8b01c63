SELECT order_id,
       cast(customer AS int) AS customer
FROM bronze.orders
