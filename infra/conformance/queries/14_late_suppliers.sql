SELECT s.s_name, count(*) AS waiting
FROM supplier AS s
JOIN lineitem AS l ON l.l_suppkey = s.s_suppkey
JOIN orders AS o ON o.o_orderkey = l.l_orderkey
WHERE o.o_orderstatus = 'F' AND l.l_receiptdate > l.l_commitdate
    AND EXISTS (
        SELECT 1 FROM lineitem AS x
        WHERE x.l_orderkey = l.l_orderkey AND x.l_suppkey <> l.l_suppkey
    )
    AND NOT EXISTS (
        SELECT 1 FROM lineitem AS y
        WHERE y.l_orderkey = l.l_orderkey AND y.l_suppkey <> l.l_suppkey
            AND y.l_receiptdate > y.l_commitdate
    )
GROUP BY s.s_name
ORDER BY waiting DESC, s.s_name
