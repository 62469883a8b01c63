WITH flown AS (
    SELECT
        tailnum,
        count(DISTINCT carrier) AS carriers,
        count(*) AS flights,
        count(DISTINCT flight_date) AS days_flown,
        sum(air_time) AS air_minutes,
        sum(distance) AS miles,
        sum(arr_delay) AS arr_delay_minutes,
        min(flight_date) AS first_flight,
        max(flight_date) AS last_flight
    FROM silver.completed_flights
    WHERE tailnum IS NOT NULL
    GROUP BY tailnum
)

SELECT
    f.tailnum,
    p.manufacturer,
    p.model,
    p.seats,
    year(CAST(:vars.season_start AS DATE)) - p.year_built AS age_years,
    f.carriers,
    f.flights,
    f.days_flown,
    {{ ratio('f.flights', 'f.days_flown') }} AS flights_per_day,
    {{ ratio('f.air_minutes', '60') }} AS air_hours,
    f.miles,
    {{ ratio('f.arr_delay_minutes', 'f.flights') }} AS mean_arr_delay,
    f.first_flight,
    f.last_flight
FROM flown AS f
LEFT JOIN silver.planes AS p ON p.tailnum = f.tailnum
