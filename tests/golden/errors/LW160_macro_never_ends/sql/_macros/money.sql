{% macro cents(column) %}
cast({{ column }} AS bigint)
