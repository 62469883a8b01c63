SELECT month, event, count(*) AS events, count(DISTINCT okey) AS orders, median(days) AS days
FROM (
    SELECT trunc(o_orderdate, 'MM') AS month, 'ordered' AS event, o_orderkey AS okey, 0 AS days
    FROM orders
    UNION ALL
    SELECT trunc(l_shipdate, 'MM'), 'shipped', l_orderkey, datediff(l_receiptdate, l_shipdate)
    FROM lineitem
    WHERE l_shipmode IN ('AIR', 'SHIP')
    UNION ALL
    SELECT trunc(l_receiptdate, 'MM'), 'returned', l_orderkey, NULL
    FROM lineitem
    WHERE l_returnflag = 'R'
)
GROUP BY month, event
