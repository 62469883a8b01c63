SELECT order_id FROM silver.u
