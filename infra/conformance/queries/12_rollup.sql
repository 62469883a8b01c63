SELECT
    r.r_name,
    n.n_name,
    grouping_id() AS level,
    count(DISTINCT o.o_custkey) AS customers,
    sum(l.l_extendedprice) AS revenue
FROM region AS r
JOIN nation AS n ON n.n_regionkey = r.r_regionkey
JOIN customer AS c ON c.c_nationkey = n.n_nationkey
JOIN orders AS o ON o.o_custkey = c.c_custkey
JOIN lineitem AS l ON l.l_orderkey = o.o_orderkey
GROUP BY ROLLUP (r.r_name, n.n_name)
