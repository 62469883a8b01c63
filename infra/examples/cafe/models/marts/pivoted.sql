select
    {{ dbt_utils.pivot('size', ['small']) }}
from {{ ref('stg_drinks') }}
