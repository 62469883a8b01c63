SELECT substring(c_phone, 1, 2) AS code, count(*) AS customers, sum(c_acctbal) AS balance
FROM customer
WHERE c_acctbal > (SELECT avg(c_acctbal) FROM customer WHERE c_acctbal > 0)
    AND NOT EXISTS (SELECT 1 FROM orders WHERE o_custkey = c_custkey)
GROUP BY substring(c_phone, 1, 2)
