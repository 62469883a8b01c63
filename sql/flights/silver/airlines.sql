SELECT carrier, name
FROM bronze.airlines
