{# The text, or NULL where the deliverer wrote that it is not known. #}
{% macro known(column) -%}
nullif({{ column }}, 'NA')
{%- endmacro %}

{# Minutes since midnight of a time written as hhmm; 2400 is the midnight that ends the day. #}
{% macro minutes(hhmm) -%}
CAST(({{ hhmm }} div 100) * 60 + {{ hhmm }} % 100 AS INT)
{%- endmacro %}

{# part / whole to two decimals, half up, NULL for a whole of nothing. Eight decimals before the
   division leave every engine at least twelve after it: enough to round alike below 10^9 rows. #}
{% macro ratio(part, whole) -%}
CAST(round(CAST({{ part }} AS DECIMAL(20, 8)) / CAST(nullif({{ whole }}, 0) AS DECIMAL(10, 0)), 2) AS DECIMAL(10, 2))
{%- endmacro %}
