SELECT order_id,
       coalesce(amount, 0 AS amount
FROM bronze.orders
