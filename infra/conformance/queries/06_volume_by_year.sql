WITH shipping AS (
    SELECT
        sn.n_name AS from_nation,
        cn.n_name AS to_nation,
        year(l.l_shipdate) AS l_year,
        l.l_extendedprice * (1 - l.l_discount) AS volume
    FROM lineitem AS l
    JOIN supplier AS s ON s.s_suppkey = l.l_suppkey
    JOIN orders AS o ON o.o_orderkey = l.l_orderkey
    JOIN customer AS c ON c.c_custkey = o.o_custkey
    JOIN nation AS sn ON sn.n_nationkey = s.s_nationkey
    JOIN nation AS cn ON cn.n_nationkey = c.c_nationkey
    WHERE sn.n_nationkey IN (1, 2, 3) AND cn.n_nationkey IN (1, 2, 3)
)

SELECT from_nation, to_nation, l_year, sum(volume) AS revenue
FROM shipping
GROUP BY from_nation, to_nation, l_year
HAVING sum(volume) > 1000
