SELECT c_count, count(*) AS customers
FROM (
    SELECT c.c_custkey, count(o.o_orderkey) AS c_count
    FROM customer AS c
    LEFT JOIN orders AS o ON o.o_custkey = c.c_custkey AND o.o_comment NOT LIKE '%special%requests%'
    GROUP BY c.c_custkey
)
GROUP BY c_count
ORDER BY customers DESC, c_count DESC
