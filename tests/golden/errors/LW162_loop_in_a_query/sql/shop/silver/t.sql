SELECT order_id
{% for c in ['customer', 'amount'] %}, {{ c }}{% endfor %}
FROM bronze.orders
