SELECT o.order_id
FROM bronze.ordres AS o
