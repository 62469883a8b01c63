SELECT o.order_id,
       o.custmer
FROM bronze.orders AS o
