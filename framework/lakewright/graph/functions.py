"""What the compiler must know of functions: lower case names, one table for each question."""

from __future__ import annotations

FORBIDDEN = {
    "reflect": "it calls any Java method of the host",
    "try_reflect": "it calls any Java method of the host",
    "java_method": "it calls any Java method of the host",
    "read_files": "it reads paths that are no tables of the project",
    "cloud_files": "it reads paths that are no tables of the project",
    "table_changes": "it reads a table outside of its pinned version",
    "read_kafka": "it reads outside of the project's tables",
    "remote_query": "it reads outside of the project's tables",
    "http_request": "it reaches the network",
    "ai_query": "it reaches the network",
    "secret": "secrets are written as ${env:NAME}, never in queries",
    "try_secret": "secrets are written as ${env:NAME}, never in queries",
    "table_changes_by_path": "it reads paths that are no tables of the project",
    "input_file_name": "it shows where files lie, and not what they hold",
    "input_file_block_start": "it shows where files lie, and not what they hold",
    "input_file_block_length": "it shows where files lie, and not what they hold",
    "current_user": "rows do not depend on who runs the query",
    "session_user": "rows do not depend on who runs the query",
    "user": "rows do not depend on who runs the query",
    "current_catalog": "rows do not depend on where the query runs",
    "current_database": "rows do not depend on where the query runs",
    "current_schema": "rows do not depend on where the query runs",
    "version": "rows do not depend on what runs the query",
}
BARE = frozenset({"current_user", "session_user"})  # functions without parentheses

# What Spark adds to every table that is read from files.
FILE_METADATA = "_metadata"

CLOCK = frozenset(
    {
        "current_date",
        "curdate",
        "current_timestamp",
        "current_time",
        "localtimestamp",
        "now",
        "getdate",
        "sysdate",
    }
)
CLOCK_WITHOUT_ARGUMENTS = frozenset({"unix_timestamp", "to_unix_timestamp"})

TABLE_FUNCTIONS = frozenset(
    {
        "explode",
        "explode_outer",
        "posexplode",
        "posexplode_outer",
        "inline",
        "inline_outer",
        "stack",
        "range",
        "json_tuple",
        "variant_explode",
        "variant_explode_outer",
    }
)

# Output columns of generators that were given no names.
GENERATED_COLUMNS = {
    "explode": ("col",),
    "explode_outer": ("col",),
    "posexplode": ("pos", "col"),
    "posexplode_outer": ("pos", "col"),
    "range": ("id",),
    "variant_explode": ("pos", "key", "value"),
    "variant_explode_outer": ("pos", "key", "value"),
}

NONDETERMINISTIC = frozenset(
    {
        "any_value",
        "approx_percentile",
        "approx_top_k",
        "array_agg",
        "collect_list",
        "collect_set",
        "current_catalog",
        "current_database",
        "current_schema",
        "current_user",
        "first",
        "first_value",
        "input_file_block_length",
        "input_file_block_start",
        "input_file_name",
        "lag",
        "last",
        "last_value",
        "lead",
        "listagg",
        "max_by",
        "min_by",
        "mode",
        "monotonically_increasing_id",
        "nth_value",
        "ntile",
        "percentile_approx",
        "rand",
        "randn",
        "random",
        "randstr",
        "row_number",
        "session_user",
        "shuffle",
        "spark_partition_id",
        "string_agg",
        "try_reflect",
        "uniform",
        "user",
        "uuid",
        "version",
    }
)

# Aggregates whose result over floating-point values depends on the order of the rows.
FLOAT_SENSITIVE = frozenset(
    {
        "avg",
        "mean",
        "sum",
        "try_avg",
        "try_sum",
        "std",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "variance",
        "var_pop",
        "var_samp",
        "corr",
        "covar_pop",
        "covar_samp",
        "skewness",
        "kurtosis",
        "regr_slope",
        "regr_intercept",
        "regr_r2",
        "regr_avgx",
        "regr_avgy",
        "regr_sxx",
        "regr_sxy",
        "regr_syy",
    }
)

AGGREGATES = FLOAT_SENSITIVE | frozenset(
    {
        "any_value",
        "approx_count_distinct",
        "approx_percentile",
        "array_agg",
        "bit_and",
        "bit_or",
        "bit_xor",
        "bool_and",
        "bool_or",
        "collect_list",
        "collect_set",
        "count",
        "count_if",
        "every",
        "first",
        "first_value",
        "last",
        "last_value",
        "listagg",
        "max",
        "max_by",
        "median",
        "min",
        "min_by",
        "mode",
        "percentile",
        "percentile_approx",
        "some",
        "string_agg",
    }
)

# Words before a parenthesis that give one value for each row and nothing else: scalar functions,
# windows without an order of rows of their own, types, and the grammar of expressions.
ROWWISE = frozenset(
    {
        *("and", "as", "between", "by", "case", "else", "end", "filter", "in", "is", "like", "not"),
        *("or", "over", "rlike", "then", "when", "where", "partition", "distinct", "escape"),
        *("cast", "try_cast", "decimal", "char", "varchar", "struct", "array", "map", "interval"),
        *("boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "date"),
        *("timestamp", "binary", "rank", "dense_rank", "percent_rank", "cume_dist"),
        *("coalesce", "ifnull", "nvl", "nvl2", "nullif", "if", "isnull", "isnotnull", "isnan"),
        *("nanvl", "greatest", "least", "decode", "typeof", "named_struct", "equal_null"),
        *("abs", "sign", "signum", "ceil", "ceiling", "floor", "round", "bround", "pow", "power"),
        *("sqrt", "cbrt", "exp", "expm1", "ln", "log", "log2", "log10", "log1p", "mod", "pmod"),
        *("negative", "positive", "degrees", "radians", "sin", "cos", "tan", "asin", "acos"),
        *("atan", "atan2", "sinh", "cosh", "tanh", "hypot", "pi", "e", "div", "factorial", "bin"),
        *("hex", "unhex", "conv", "shiftleft", "shiftright", "bit_count", "width_bucket"),
        *("try_add", "try_subtract", "try_multiply", "try_divide"),
        *("upper", "ucase", "lower", "lcase", "initcap", "trim", "ltrim", "rtrim", "btrim"),
        *("length", "len", "char_length", "character_length", "octet_length", "concat"),
        *("concat_ws", "substring", "substr", "substring_index", "left", "right", "lpad", "rpad"),
        *("repeat", "reverse", "replace", "translate", "overlay", "split", "split_part"),
        *("contains", "startswith", "endswith", "instr", "locate", "position", "ascii", "chr"),
        *("format_number", "format_string", "printf", "soundex", "levenshtein", "base64"),
        *("unbase64", "encode", "md5", "sha", "sha1", "sha2", "crc32", "hash", "xxhash64"),
        *("regexp_extract", "regexp_replace", "regexp_like", "regexp_count", "regexp_instr"),
        *("regexp_substr", "regexp_extract_all", "to_json", "get_json_object", "from_json"),
        *("year", "quarter", "month", "week", "weekofyear", "day", "dayofmonth", "dayofweek"),
        *("dayofyear", "weekday", "hour", "minute", "second", "extract", "date_part", "datepart"),
        *("date_add", "dateadd", "date_sub", "date_diff", "datediff", "add_months", "last_day"),
        *("months_between", "next_day", "trunc", "date_trunc", "date_format", "to_date"),
        *("to_timestamp", "try_to_timestamp", "make_date", "make_timestamp", "from_unixtime"),
        *("timestamp_seconds", "timestamp_millis", "timestamp_micros", "unix_date"),
        *("from_utc_timestamp", "to_utc_timestamp", "to_char", "to_number", "try_to_number"),
        *("size", "cardinality", "element_at", "try_element_at", "array_contains", "array_max"),
        *("array_min", "array_distinct", "array_sort", "sort_array", "array_join", "slice"),
        *("map_keys", "map_values", "map_contains_key"),
    }
)

# What a Delta CHECK may call: the same on every engine, no configuration, no time zone.
CONSTRAINT_SAFE = frozenset(
    {"abs", "char_length", "character_length", "coalesce", "length", "lower", "trim", "upper"}
)
