SELECT {{ cents('amount', 'EUR') }} AS c FROM bronze.orders
