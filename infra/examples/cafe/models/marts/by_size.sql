{%- set sizes = ['small', 'large'] -%}
select
    sold_on,
    {%- for size in sizes %}
    sum(case when size = '{{ size }}' then price end) as {{ size }}_sales{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref('stg_sales') }} as s
join {{ ref('stg_drinks') }} as d on s.drink_id = d.drink_id
where price < {{ var('dear') }}
{{ dbt_utils.group_by(1) }}
