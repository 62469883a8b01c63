SELECT order_id FROM bronze.orders WHERE customer = '${env:WHO}' OR ${env:MORE}
