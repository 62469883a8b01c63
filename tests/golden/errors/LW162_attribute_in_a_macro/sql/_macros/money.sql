{% macro cents(column) %}
  {{ column.__class__ }}
{% endmacro %}
