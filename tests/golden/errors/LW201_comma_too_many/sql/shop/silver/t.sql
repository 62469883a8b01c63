SELECT order_id,
       customer,
FROM bronze.orders
