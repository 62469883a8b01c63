SELECT o.*, o.amount * 2 AS amount
FROM bronze.orders AS o
