{{ config(materialized='view', tags=['till']) }}
{# cups only #}
select
    id as sale_id,
    drink as drink_id,
    sold_by,
    {{ in_euros('cents') }} as price,
    {{ day_of('sold_at') }} as sold_on
from {{ source('till', 'raw_sales') }}
where sold_at >= '{{ var("first_day") }}'
