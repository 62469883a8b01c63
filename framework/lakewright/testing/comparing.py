"""A table beside the rows that a test states, compared by chispa."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from chispa import assert_df_equality
from chispa.schema_comparer import SchemasNotEqualError

from lakewright.errors import Place
from lakewright.lake import DeltaLakeTables, Field, arrow_schema, from_arrow, parse_type
from lakewright.runtime.given import fit_value

Table = Any  # an Arrow table, a DataFrame, or the path of a Delta table


def assert_rows(actual: Table, expected: Sequence[Mapping[str, Any]], spark: Any) -> None:
    """Fail, with both sides beside each other, unless `actual` holds exactly these rows.

    In any order; only the columns that the rows name. `spark`: the session to compare in.
    """
    rows = rows_of(actual)
    columns = list(dict.fromkeys(name for row in expected for name in row)) or rows.column_names
    missing = [name for name in columns if name not in rows.column_names]
    if missing:
        raise SchemasNotEqualError(
            f"the table has no column {', '.join(missing)}; it has {', '.join(rows.column_names)}"
        )
    chosen = rows.select(columns)
    wanted = typed_table(
        expected, {item.name: str(from_arrow(item.type)) for item in chosen.schema}
    )
    assert_df_equality(
        spark.createDataFrame(chosen),
        spark.createDataFrame(wanted),
        ignore_row_order=True,
        ignore_nullable=True,
    )


def typed_table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pa.Table:
    """Rows as people write them in columns of these types; what a row leaves out is NULL."""
    where = Place("<test>", 1)
    fitted = [
        {name: fit_value(row.get(name), parse_type(kind), where) for name, kind in types.items()}
        for row in rows
    ]
    fields = [Field(name, kind) for name, kind in types.items()]
    return pa.Table.from_pylist(fitted, schema=arrow_schema(fields))


def rows_of(table: Table) -> pa.Table:
    """The rows of whatever a test has in hand."""
    if isinstance(table, pa.Table):
        return table
    if isinstance(table, str):
        tables = DeltaLakeTables()
        head = tables.head(table)
        assert head is not None, f"there is no Delta table at {table}"
        return tables.rows(table, head.version)
    return table.toArrow()
