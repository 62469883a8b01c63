SELECT 1 AS one FROM bronze.crm
