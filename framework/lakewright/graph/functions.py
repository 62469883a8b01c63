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
}

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

# What a Delta CHECK may call: the same on every engine, no configuration, no time zone.
CONSTRAINT_SAFE = frozenset(
    {"abs", "char_length", "character_length", "coalesce", "length", "lower", "trim", "upper"}
)
