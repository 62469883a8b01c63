WITH orders AS (SELECT id, x FROM silver.orders WHERE x > 1),
a AS (WITH orders AS (SELECT id FROM bronze.a) SELECT id FROM orders)
SELECT o.id, o.x FROM orders o JOIN a ON a.id = o.id
