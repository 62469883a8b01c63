SELECT one FROM gold.g
