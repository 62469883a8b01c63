WITH typed AS (
    SELECT
        carrier,
        flight AS flight_number,
        {{ known('tailnum') }} AS tailnum,
        origin,
        dest,
        make_date(year, month, day) AS flight_date,
        CAST(time_hour AS TIMESTAMP) AS hour_utc,
        {{ minutes('sched_dep_time') }} AS sched_dep_minutes,
        {{ minutes('sched_arr_time') }} AS sched_arr_minutes,
        CAST({{ known('dep_time') }} AS INT) AS dep_time,
        CAST({{ known('arr_time') }} AS INT) AS arr_time,
        CAST({{ known('dep_delay') }} AS INT) AS dep_delay,
        CAST({{ known('arr_delay') }} AS INT) AS arr_delay,
        CAST({{ known('air_time') }} AS INT) AS air_time,
        distance
    FROM bronze.flights
),

-- A clock has no date. The delay says on which day it was read: what remains of
-- "scheduled + delay - clock" is a whole number of days.
clocked AS (
    SELECT
        f.*,
        o.tzone AS origin_zone,
        d.tzone AS dest_zone,
        CAST(f.flight_date AS TIMESTAMP) AS local_day,
        {{ minutes('f.dep_time') }} AS dep_minutes,
        {{ minutes('f.arr_time') }} AS arr_minutes
    FROM typed AS f
    LEFT JOIN silver.airports AS o ON o.faa = f.origin
    LEFT JOIN silver.airports AS d ON d.faa = f.dest
),

departing AS (
    SELECT
        *,
        to_utc_timestamp(
            local_day + make_dt_interval(0, 0, sched_dep_minutes, 0), origin_zone
        ) AS scheduled_departure,
        to_utc_timestamp(
            local_day + make_dt_interval(
                CAST((sched_dep_minutes + dep_delay - dep_minutes) div 1440 AS INT), 0, dep_minutes, 0
            ),
            origin_zone
        ) AS departed_at,
        to_utc_timestamp(
            local_day + make_dt_interval(0, 0, sched_arr_minutes, 0), dest_zone
        ) AS same_day_arrival
    FROM clocked
),

-- Whoever would arrive before leaving arrives on the next day.
arriving AS (
    SELECT
        *,
        local_day + make_dt_interval(
            CASE WHEN same_day_arrival <= scheduled_departure THEN 1 ELSE 0 END, 0, 0, 0
        ) AS arrival_day
    FROM departing
)

SELECT
    concat_ws(
        '-',
        carrier,
        CAST(flight_number AS STRING),
        origin,
        date_format(local_day + make_dt_interval(0, 0, sched_dep_minutes, 0), 'yyyyMMddHHmm')
    ) AS flight_id,
    carrier,
    flight_number,
    tailnum,
    origin,
    dest,
    flight_date,
    hour_utc,
    scheduled_departure,
    departed_at,
    to_utc_timestamp(
        arrival_day + make_dt_interval(0, 0, sched_arr_minutes, 0), dest_zone
    ) AS scheduled_arrival,
    to_utc_timestamp(
        arrival_day + make_dt_interval(
            CAST((sched_arr_minutes + arr_delay - arr_minutes) div 1440 AS INT), 0, arr_minutes, 0
        ),
        dest_zone
    ) AS arrived_at,
    dep_delay,
    arr_delay,
    air_time,
    distance,
    dep_time IS NULL AS cancelled,
    dep_time IS NOT NULL AND air_time IS NULL AS diverted
FROM arriving
