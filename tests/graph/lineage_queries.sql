-- plain
SELECT id, x FROM raw.a
SELECT id AS k, x + y AS total FROM raw.a
SELECT * FROM raw.a
SELECT a.*, b.z FROM raw.a JOIN raw.b ON a.id = b.id
SELECT * EXCEPT (arr, s) FROM raw.a
SELECT b.*, a.x FROM raw.a AS a JOIN raw.b AS b ON a.id = b.id
SELECT 1 AS one, 'x' AS text, NULL AS nothing, current_timezone() AS zone FROM raw.a
SELECT coalesce(x, y, 0) AS v, if(x > y, id, 0) AS w FROM raw.a
SELECT CASE WHEN x > 1 THEN y WHEN x < 0 THEN id ELSE 3 END AS v FROM raw.a
SELECT CASE x WHEN 1 THEN y END AS v FROM raw.a
SELECT CAST(x AS STRING) AS v, x BETWEEN y AND id AS w, x IN (1, y) AS u FROM raw.a
SELECT x AS p, p + y AS q, q * 2 AS r FROM raw.a
SELECT s.f, s.g AS g, s.f + x AS v FROM raw.a
SELECT named_struct('p', x, 'q', y) AS st, array(x, id) AS ar, map('k', y) AS m FROM raw.a
SELECT struct(x, y).x AS v FROM raw.a
SELECT arr[0] AS first, arr[x] AS nth, size(arr) AS n FROM raw.a
SELECT transform(arr, e -> e + x) AS t, filter(arr, e -> e > y) AS f FROM raw.a
SELECT aggregate(arr, 0, (acc, e) -> acc + e + x) AS t FROM raw.a
SELECT exists(arr, e -> e = id) AS t FROM raw.a
SELECT concat_ws('-', x, y) AS v, lpad(CAST(id AS STRING), 4, '0') AS w FROM raw.a
SELECT x FROM raw.a WHERE y > 3
SELECT DISTINCT x, y FROM raw.a
SELECT x FROM raw.a ORDER BY y LIMIT 3
SELECT date_add(day, k) AS d, year(day) AS y, date_trunc('month', day) AS m FROM raw.c
SELECT x AS id, id AS x FROM raw.a
SELECT `x`, a.`y` FROM raw.a
SELECT t.x FROM raw.a AS t
SELECT v.p, v.q FROM VALUES (1, 2), (3, 4) AS v(p, q)
SELECT t.k, t.w FROM raw.b AS t(k, w, u)
SELECT id % 2 = 0 AS even, -x AS negative, NOT (x > 1) AS n, x IS NULL AS m FROM raw.a
SELECT explode(arr) AS e, id FROM raw.a
SELECT posexplode(arr) AS (p, e) FROM raw.a
SELECT raw_rows.x FROM (SELECT x, y FROM raw.a) AS raw_rows
SELECT q.total FROM (SELECT x + y AS total FROM raw.a) AS q
SELECT total FROM (SELECT x + y AS total FROM raw.a)
SELECT p, q FROM (SELECT x, y FROM raw.a) AS t(p, q)
-- grouped
SELECT x, count(*) AS n FROM raw.a GROUP BY x
SELECT x, sum(y) AS s, max(id) AS m, avg(x + y) AS a FROM raw.a GROUP BY x
SELECT x + 1 AS k, sum(y) AS s FROM raw.a GROUP BY x + 1
SELECT x AS k, sum(y) AS s FROM raw.a GROUP BY k
SELECT x AS k, sum(y) AS s FROM raw.a GROUP BY 1
SELECT sum(x) / count(y) AS r FROM raw.a
SELECT x, sum(y) AS s FROM raw.a GROUP BY x HAVING sum(id) > 3
SELECT x, sum(y) FILTER (WHERE id > 2) AS s FROM raw.a GROUP BY x
SELECT x, count(DISTINCT y) AS n FROM raw.a GROUP BY x
SELECT x, max_by(y, id) AS m FROM raw.a GROUP BY x
SELECT x, collect_list(y) AS l, first(id) AS f FROM raw.a GROUP BY x
SELECT x, y, sum(id) AS s FROM raw.a GROUP BY ROLLUP (x, y)
SELECT x, y, sum(id) AS s FROM raw.a GROUP BY CUBE (x, y)
SELECT x, y, sum(id) AS s FROM raw.a GROUP BY GROUPING SETS ((x), (y), ())
SELECT x, sum(y) + max(id) * 2 AS v FROM raw.a GROUP BY x
SELECT x, percentile_approx(y, 0.5) AS p FROM raw.a GROUP BY x
SELECT b.z, sum(a.x) AS s FROM raw.a JOIN raw.b ON a.id = b.id GROUP BY b.z
SELECT year(day) AS y, count(v) AS n FROM raw.c GROUP BY year(day)
SELECT sum(CASE WHEN x > 1 THEN y ELSE id END) AS s FROM raw.a
-- windows
SELECT id, row_number() OVER (PARTITION BY x ORDER BY y) AS n FROM raw.a
SELECT id, sum(y) OVER (PARTITION BY x) AS s FROM raw.a
SELECT id, lag(y, 1, id) OVER (ORDER BY x) AS p FROM raw.a
SELECT id, avg(y) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS m FROM raw.a
SELECT id, x - avg(y) OVER (PARTITION BY s.f) AS d FROM raw.a
SELECT x, rank() OVER (ORDER BY sum(y)) AS r FROM raw.a GROUP BY x
SELECT x, sum(sum(y)) OVER (ORDER BY x) AS r FROM raw.a GROUP BY x
SELECT id, first_value(y) OVER w AS f, last_value(x) OVER w AS l FROM raw.a WINDOW w AS (PARTITION BY id)
SELECT k FROM (SELECT id AS k, row_number() OVER (PARTITION BY x ORDER BY y) AS n FROM raw.a) WHERE n = 1
SELECT *, row_number() OVER (ORDER BY id) AS n FROM raw.b
-- joins
SELECT a.id, b.z FROM raw.a LEFT JOIN raw.b ON a.id = b.id AND a.x > b.y
SELECT id, x, z FROM raw.a JOIN raw.b USING (id)
SELECT id, x, z FROM raw.a LEFT JOIN raw.b USING (id)
SELECT id, x, z FROM raw.a RIGHT JOIN raw.b USING (id)
SELECT id, x, z FROM raw.a FULL JOIN raw.b USING (id)
SELECT * FROM raw.a JOIN raw.b USING (id, y)
SELECT id + 1 AS k FROM raw.a FULL JOIN raw.b USING (id)
SELECT a.id AS p, b.id AS q FROM raw.a JOIN raw.b USING (id)
SELECT a.x FROM raw.a LEFT SEMI JOIN raw.b ON a.id = b.id
SELECT * FROM raw.a LEFT ANTI JOIN raw.b USING (id)
SELECT a.x, b.y, c.v FROM raw.a, raw.b, raw.c WHERE a.id = b.id AND b.z = c.k
SELECT l.x AS l, r.x AS r FROM raw.a AS l JOIN raw.a AS r ON l.id = r.y
SELECT a.x, c.v FROM raw.a CROSS JOIN raw.c
SELECT a.x + b.z AS v, coalesce(b.y, a.y) AS w FROM raw.a LEFT JOIN raw.b ON a.id = b.id
SELECT j.x, j.z FROM (SELECT a.x, b.z FROM raw.a JOIN raw.b ON a.id = b.id) AS j
SELECT j.x, e FROM (SELECT a.x, a.arr FROM raw.a JOIN raw.b ON a.id = b.id) AS j LATERAL VIEW explode(arr) t AS e
SELECT id, e FROM raw.a LATERAL VIEW explode(arr) t AS e
SELECT id, p, e FROM raw.a LATERAL VIEW posexplode(arr) t AS p, e
SELECT id, e FROM raw.a LATERAL VIEW OUTER explode(array(x, y)) t AS e
SELECT id, e, f FROM raw.a LATERAL VIEW explode(arr) t AS e LATERAL VIEW explode(array(e, y)) u AS f
SELECT id, k, w FROM raw.a LATERAL VIEW explode(map(x, y)) t AS k, w
SELECT a.id, t.m FROM raw.a, LATERAL (SELECT a.x + 1 AS m) AS t
SELECT a.id, t.m FROM raw.a JOIN LATERAL (SELECT max(b.z) AS m FROM raw.b WHERE b.id = a.id) AS t
SELECT a.id, e.col FROM raw.a, LATERAL explode(a.arr) AS e(col)
-- nested
WITH q AS (SELECT id, x + y AS total FROM raw.a) SELECT total FROM q
WITH q AS (SELECT id, x AS v FROM raw.a), r AS (SELECT id, v + 1 AS w FROM q) SELECT r.w, q.v FROM r JOIN q ON q.id = r.id
WITH q(p, t) AS (SELECT id, sum(x) FROM raw.a GROUP BY id) SELECT p, t * 2 AS d FROM q
WITH q AS (SELECT * FROM raw.a) SELECT * FROM q
WITH q AS (SELECT id FROM raw.a UNION ALL SELECT k FROM raw.c) SELECT id FROM q
WITH a AS (SELECT id AS x FROM raw.b) SELECT x FROM a
SELECT id FROM raw.a UNION ALL SELECT y FROM raw.b
SELECT id, x FROM raw.a UNION SELECT k, v FROM raw.c
SELECT id FROM raw.a INTERSECT SELECT id FROM raw.b
SELECT id FROM raw.a EXCEPT SELECT id FROM raw.b
SELECT p FROM (SELECT id AS p FROM raw.a UNION ALL SELECT z FROM raw.b UNION ALL SELECT k FROM raw.c)
SELECT id, (SELECT max(z) FROM raw.b) AS m FROM raw.a
SELECT id, (SELECT max(b.z) FROM raw.b WHERE b.id = a.id) AS m FROM raw.a
SELECT id, (SELECT max(b.z) + count(b.y) FROM raw.b WHERE b.id = a.id) AS m FROM raw.a
SELECT id FROM raw.a WHERE x IN (SELECT z FROM raw.b)
SELECT id FROM raw.a WHERE EXISTS (SELECT 1 FROM raw.b WHERE b.id = a.id)
SELECT x FROM (SELECT * FROM (SELECT id, x FROM raw.a) AS i) AS o
SELECT o.n FROM (SELECT s AS n FROM raw.a) AS o
SELECT o.n.f FROM (SELECT s AS n FROM raw.a) AS o
SELECT t.st.p AS p FROM (SELECT named_struct('p', x, 'q', y) AS st FROM raw.a) AS t
WITH q AS (SELECT x, sum(y) AS s FROM raw.a GROUP BY x) SELECT a.id, q.s FROM raw.a JOIN q ON q.x = a.x
WITH q AS (SELECT id, row_number() OVER (PARTITION BY x ORDER BY y DESC) AS n FROM raw.a) SELECT id FROM q WHERE n = 1
SELECT id, CASE WHEN (SELECT count(*) FROM raw.c) > 3 THEN x ELSE y END AS v FROM raw.a
