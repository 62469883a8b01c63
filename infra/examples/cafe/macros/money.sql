{% macro in_euros(column) -%}
    {{ return(adapter.dispatch('in_euros', 'cafe')(column)) }}
{%- endmacro %}

{% macro default__in_euros(column) -%}
    cast({{ column }} / 100 as decimal(16, 2))
{%- endmacro %}

{% macro bigquery__in_euros(column) -%}
    round({{ column }} / 100, 2)
{%- endmacro %}

{% macro day_of(column) %}{{ dbt.date_trunc('day', column) }}{% endmacro %}

{% macro grant_all() %}{% do run_query('grant all') %}{% endmacro %}

{% test cheap(model, column_name) %}
select * from {{ model }} where {{ column_name }} > 9
{% endtest %}
