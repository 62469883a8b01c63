SELECT * FROM silver.orders PIVOT (sum(x) FOR id IN (1, 2)) AS p
