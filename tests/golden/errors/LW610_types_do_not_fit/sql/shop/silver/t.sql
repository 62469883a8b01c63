SELECT order_id, array(1) + 1 AS one FROM bronze.orders
