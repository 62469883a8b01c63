SELECT
    c_mktsegment,
    month,
    orders,
    sum(orders) OVER (PARTITION BY c_mktsegment ORDER BY month) AS so_far,
    orders - lag(orders) OVER (PARTITION BY c_mktsegment ORDER BY month) AS change,
    rank() OVER (PARTITION BY month ORDER BY orders DESC) AS place
FROM (
    SELECT c.c_mktsegment, date_trunc('MONTH', o.o_orderdate) AS month, count(*) AS orders
    FROM orders AS o
    JOIN customer AS c ON c.c_custkey = o.o_custkey
    GROUP BY c.c_mktsegment, date_trunc('MONTH', o.o_orderdate)
)
