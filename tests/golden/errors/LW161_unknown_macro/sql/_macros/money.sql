{% macro cents(column) %}cast({{ column }} * 100 AS bigint){% endmacro %}
