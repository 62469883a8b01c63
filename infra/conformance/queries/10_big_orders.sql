SELECT c.c_name, o.o_orderkey, o.o_orderdate, sum(l.l_quantity) AS quantity
FROM customer AS c
JOIN orders AS o ON o.o_custkey = c.c_custkey
JOIN lineitem AS l ON l.l_orderkey = o.o_orderkey
WHERE o.o_orderkey IN (
    SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 250
)
GROUP BY c.c_name, o.o_orderkey, o.o_orderdate
