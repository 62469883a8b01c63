"""What is known of an engine before it starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lakewright.engines import engine_capabilities, open_engine
from lakewright.engines.casting import cast_columns
from lakewright.engines.features import refuse_features
from lakewright.engines.places import source_offset
from lakewright.errors import RefusedError, SpecError, UsageError
from lakewright.graph import Splice, SqlTransform
from lakewright.lake import Field
from lakewright.names import TableName
from lakewright.specs import Segment, SqlText

LEGS = TableName.parse("silver.legs")


def test_importing_the_package_starts_and_loads_no_engine() -> None:
    program = (
        "import sys, lakewright.engines;"
        "sys.exit(any(name in sys.modules for name in ('pyspark', 'pysail', 'delta')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_engine_that_does_not_exist_is_a_wrong_word() -> None:
    for ask in (engine_capabilities, open_engine):
        with pytest.raises(UsageError) as caught:
            ask("duck")
        assert caught.value.code == "LW601"


def test_tables_with_features_that_an_engine_cannot_write_are_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        refuse_features("sail", {LEGS: ("deletionVectors",)})
    assert caught.value.code == "LW605"
    refuse_features("spark", {LEGS: ("deletionVectors",)})


@pytest.mark.parametrize(
    ("produced", "wanted"), [("array<int>", "int"), ("boolean", "date"), ("int", "timestamp")]
)
def test_types_that_no_cast_connects_are_refused(produced: str, wanted: str) -> None:
    with pytest.raises(SpecError) as caught:
        cast_columns(LEGS, [Field("a", produced)], [Field("a", wanted)], None)
    assert caught.value.code == "LW612"


def test_a_position_in_executed_text_is_found_in_the_written_text() -> None:
    text = "SELECT a FROM silver.legs WHERE d = :today AND nope"
    start, today = text.index("silver"), text.index(":today")
    splices = (
        Splice(start, start + len("silver.legs"), "table", "silver.legs", "legs"),
        Splice(today, today + len(":today"), "parameter", "today"),
    )
    source = SqlText("a.sql", text, text, (Segment(0, 0, copied=True),))
    transform = SqlTransform(source, splices)
    sql = transform.render(lambda name: f"`lw__{name.table}`", {"today": "DATE '2026-01-01'"})
    assert source_offset(transform, sql, sql.index("nope")) == text.index("nope")
    assert source_offset(transform, sql, sql.index("lw__")) == start
