SELECT o.order_id, p.amount
FROM bronze.orders AS o
