SELECT '{{ much() }}{{ much() }}' AS much
