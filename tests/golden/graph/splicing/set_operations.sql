(SELECT id FROM bronze.a EXCEPT SELECT id FROM bronze.b)
UNION ALL
SELECT id FROM silver.orders ORDER BY id
