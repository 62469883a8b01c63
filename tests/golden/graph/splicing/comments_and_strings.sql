-- bronze.a and :today stay
SELECT 'FROM bronze.a :now' AS t, /* silver.orders :vars.low */ x, "bronze.b" AS u
FROM bronze.a
