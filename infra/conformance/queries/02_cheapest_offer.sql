SELECT s.s_name, n.n_name, p.p_partkey, ps.ps_supplycost
FROM part AS p
JOIN partsupp AS ps ON ps.ps_partkey = p.p_partkey
JOIN supplier AS s ON s.s_suppkey = ps.ps_suppkey
JOIN nation AS n ON n.n_nationkey = s.s_nationkey
WHERE p.p_size < 10 AND p.p_type LIKE '%BRASS'
    AND ps.ps_supplycost = (
        SELECT min(o.ps_supplycost) FROM partsupp AS o WHERE o.ps_partkey = p.p_partkey
    )
ORDER BY p.p_partkey, s.s_name
