SELECT order_id FROM silver.t
