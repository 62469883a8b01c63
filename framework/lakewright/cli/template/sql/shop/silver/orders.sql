SELECT
  CAST(order_id AS BIGINT) AS order_id,
  customer,
  CAST(ordered_on AS DATE) AS ordered_on,
  CAST(amount AS DECIMAL(10, 2)) AS amount
FROM bronze.orders
