WITH sold AS (
    SELECT p.p_brand, p.p_partkey, sum(l.l_quantity) AS quantity
    FROM part AS p
    JOIN lineitem AS l ON l.l_partkey = p.p_partkey
    GROUP BY p.p_brand, p.p_partkey
),

placed AS (
    SELECT *, row_number() OVER (PARTITION BY p_brand ORDER BY quantity DESC, p_partkey) AS place
    FROM sold
)

SELECT p_brand, p_partkey, quantity, place
FROM placed
WHERE place <= 3
