SELECT id, (SELECT max(y) FROM bronze.b WHERE b.id = a.id) AS y
FROM bronze.a
WHERE EXISTS (SELECT 1 FROM silver.orders o WHERE o.id = a.id)
  AND x IN (SELECT x FROM silver.orders)
