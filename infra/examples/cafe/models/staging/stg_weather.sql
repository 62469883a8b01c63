select weather_by_day.day, weather_by_day.rain from {{ source('till', 'weather') }}
