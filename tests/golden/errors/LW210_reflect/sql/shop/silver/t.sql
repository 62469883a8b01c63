SELECT reflect('java.lang.System', 'getenv', 'HOME') AS home FROM bronze.orders
