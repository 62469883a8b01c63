SELECT {{ cents('amount') }} AS cents, custmer
FROM bronze.orders
