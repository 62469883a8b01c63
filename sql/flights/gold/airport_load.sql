SELECT
    f.origin,
    f.hour_utc,
    count(*) AS scheduled,
    count(*) FILTER (WHERE f.cancelled) AS cancelled,
    count(*) FILTER (WHERE f.dep_delay >= :vars.late_after) AS delayed,
    {{ ratio('100 * count(*) FILTER (WHERE f.dep_delay >= :vars.late_after)', 'count(f.dep_delay)') }}
        AS delayed_percent,
    coalesce(sum(greatest(f.dep_delay, 0)), 0) AS delay_minutes,
    coalesce(sum(p.seats), 0) AS seats,
    count(DISTINCT f.dest) AS destinations
FROM silver.flights AS f
LEFT JOIN silver.planes AS p ON p.tailnum = f.tailnum
GROUP BY f.origin, f.hour_utc
