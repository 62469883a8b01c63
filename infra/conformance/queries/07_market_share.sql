SELECT
    extract(YEAR FROM o.o_orderdate) AS o_year,
    sum(CASE WHEN n.n_name = 'NATION 07' THEN l.l_extendedprice ELSE 0 END)
        / sum(l.l_extendedprice) AS share
FROM lineitem AS l
JOIN orders AS o ON o.o_orderkey = l.l_orderkey
JOIN supplier AS s ON s.s_suppkey = l.l_suppkey
JOIN nation AS n ON n.n_nationkey = s.s_nationkey
WHERE o.o_orderdate BETWEEN DATE'1995-01-01' AND DATE'1996-12-31'
GROUP BY extract(YEAR FROM o.o_orderdate)
