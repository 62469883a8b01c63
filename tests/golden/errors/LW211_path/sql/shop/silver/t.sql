SELECT order_id
FROM delta.`/data/orders`
