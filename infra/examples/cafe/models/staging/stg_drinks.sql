select drink as drink_id, size, {{ dbt_utils.generate_surrogate_key(['drink', 'size']) }} as id
from {{ source('till', 'raw_drinks') }}
