select * from {{ ref("daily") }} where cups < 0
