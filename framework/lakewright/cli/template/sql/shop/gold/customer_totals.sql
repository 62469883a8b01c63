SELECT
  customer,
  count(*) AS orders,
  CAST(sum(amount) AS DECIMAL(20, 2)) AS amount,
  max(ordered_on) AS last_order
FROM silver.orders
GROUP BY customer
