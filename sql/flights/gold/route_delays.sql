SELECT
    f.origin,
    f.dest,
    d.name AS dest_name,
    max(f.distance) AS miles,
    count(DISTINCT f.carrier) AS carriers,
    count(*) AS flights,
    count(*) FILTER (WHERE f.arr_delay >= :vars.late_after) AS late,
    {{ ratio('100 * count(*) FILTER (WHERE f.arr_delay >= :vars.late_after)', 'count(*)') }}
        AS late_percent,
    {{ ratio('sum(f.dep_delay)', 'count(*)') }} AS mean_dep_delay,
    {{ ratio('sum(f.arr_delay)', 'count(*)') }} AS mean_arr_delay,
    {{ ratio('sum(f.dep_delay - f.arr_delay)', 'count(*)') }} AS mean_caught_up,
    {{ ratio('sum(f.air_time)', 'count(*)') }} AS mean_air_minutes
FROM silver.completed_flights AS f
LEFT JOIN silver.airports AS d ON d.faa = f.dest
GROUP BY f.origin, f.dest, d.name
