SELECT a.id, e, l.y
FROM bronze.a, LATERAL (SELECT y FROM bronze.b WHERE b.id = a.id) AS l
LATERAL VIEW OUTER explode(a.arr) t AS e
