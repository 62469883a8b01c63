{{ config(materialized='incremental', unique_key='sold_on', cluster_by=['sold_on']) }}
select sold_on, count(*) as cups from {{ ref('stg_sales') }}
{% if is_incremental() %}
where sold_on > (select max(sold_on) from {{ this }})
{% endif %}
group by sold_on;
