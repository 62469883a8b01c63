SELECT
    f.carrier,
    a.name AS carrier_name,
    CAST(trunc(f.flight_date, 'MM') AS DATE) AS month,
    count(*) AS flights,
    count(*) FILTER (WHERE f.cancelled) AS cancelled,
    count(*) FILTER (WHERE f.diverted) AS diverted,
    count(*) FILTER (WHERE f.arr_delay < :vars.late_after) AS on_time,
    {{ ratio('100 * count(*) FILTER (WHERE f.arr_delay < :vars.late_after)', 'count(*)') }}
        AS on_time_percent,
    {{ ratio('sum(f.dep_delay)', 'count(f.dep_delay)') }} AS mean_dep_delay,
    {{ ratio('sum(f.arr_delay)', 'count(f.arr_delay)') }} AS mean_arr_delay,
    max(f.arr_delay) AS longest_arr_delay
FROM silver.flights AS f
LEFT JOIN silver.airlines AS a ON a.carrier = f.carrier
GROUP BY f.carrier, a.name, CAST(trunc(f.flight_date, 'MM') AS DATE)
