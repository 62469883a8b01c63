SELECT id, :today AS day, date_sub(:now, 1) AS before, x > :vars.low AS high, CAST(s AS STRUCT<f: INT>) AS st
FROM bronze.a
WHERE x BETWEEN :vars.low AND 9
