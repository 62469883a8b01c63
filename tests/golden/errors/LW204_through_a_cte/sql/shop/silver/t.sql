WITH paid AS (SELECT order_id, amount FROM bronze.orders)
SELECT p.order_id, p.customer
FROM paid AS p
