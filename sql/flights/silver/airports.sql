SELECT
    faa,
    name,
    lat AS latitude,
    lon AS longitude,
    alt AS altitude,
    {{ known('tzone') }} AS tzone
FROM bronze.airports
