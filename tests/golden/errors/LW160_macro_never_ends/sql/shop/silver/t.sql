SELECT {{ cents('amount') }} AS c FROM bronze.orders
