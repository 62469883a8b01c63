SELECT {{ cents(amount) }} AS cents FROM bronze.orders
