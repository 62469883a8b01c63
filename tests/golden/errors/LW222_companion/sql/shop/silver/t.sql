SELECT * FROM bronze.orders__quarantine
