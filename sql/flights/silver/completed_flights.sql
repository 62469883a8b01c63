SELECT
    flight_id,
    carrier,
    tailnum,
    origin,
    dest,
    flight_date,
    departed_at,
    arrived_at,
    dep_delay,
    arr_delay,
    air_time,
    distance
FROM silver.flights
WHERE NOT cancelled AND NOT diverted
