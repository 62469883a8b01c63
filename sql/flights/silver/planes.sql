SELECT
    tailnum,
    CAST({{ known('year') }} AS INT) AS year_built,
    type,
    manufacturer,
    model,
    engines,
    seats,
    engine
FROM bronze.planes
