WITH hours AS (
    SELECT
        origin,
        hour_utc,
        CASE
            WHEN visibility < 1 THEN 'fog'
            WHEN precipitation > 0 AND wind_speed >= 25 THEN 'storm'
            WHEN precipitation >= 0.05 THEN 'rain'
            WHEN precipitation > 0 THEN 'drizzle'
            WHEN wind_speed >= 25 THEN 'wind'
            ELSE 'fair'
        END AS weather
    FROM silver.weather
)

SELECT
    f.origin,
    coalesce(h.weather, 'unknown') AS weather,
    count(DISTINCT f.hour_utc) AS hours,
    count(*) AS departures,
    count(*) FILTER (WHERE f.cancelled) AS cancelled,
    {{ ratio('100 * count(*) FILTER (WHERE f.cancelled)', 'count(*)') }} AS cancelled_percent,
    count(*) FILTER (WHERE f.dep_delay >= :vars.late_after) AS late,
    {{ ratio('100 * count(*) FILTER (WHERE f.dep_delay >= :vars.late_after)', 'count(f.dep_delay)') }}
        AS late_percent,
    {{ ratio('sum(f.dep_delay)', 'count(f.dep_delay)') }} AS mean_dep_delay
FROM silver.flights AS f
LEFT JOIN hours AS h ON h.origin = f.origin AND h.hour_utc = f.hour_utc
GROUP BY f.origin, coalesce(h.weather, 'unknown')
