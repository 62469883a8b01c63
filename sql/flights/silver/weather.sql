SELECT
    origin,
    CAST(time_hour AS TIMESTAMP) AS hour_utc,
    CAST({{ known('temp') }} AS DOUBLE) AS temperature,
    CAST({{ known('dewp') }} AS DOUBLE) AS dew_point,
    CAST({{ known('humid') }} AS DOUBLE) AS humidity,
    CAST({{ known('wind_dir') }} AS INT) AS wind_from,
    CAST({{ known('wind_speed') }} AS DOUBLE) AS wind_speed,
    CAST({{ known('wind_gust') }} AS DOUBLE) AS wind_gust,
    CAST({{ known('precip') }} AS DOUBLE) AS precipitation,
    CAST({{ known('pressure') }} AS DOUBLE) AS pressure,
    CAST({{ known('visib') }} AS DOUBLE) AS visibility
FROM bronze.weather
