SELECT a.id, o.x AS ox, b.y
FROM bronze.a
JOIN silver.orders AS o ON o.id = a.id
LEFT JOIN `bronze`.`B` USING (id)
