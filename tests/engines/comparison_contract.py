"""What every engine answers when two relations are compared: one suite for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from engines.lakes import Place
from lakewright.engines import Engine, Session
from lakewright.lake import Field, Pin, from_arrow
from lakewright.names import TableName
from lakewright.runtime.comparison import BUCKETS, Comparison, compared, split_columns

LEFT, RIGHT = TableName("s", "t__left"), TableName("s", "t__right")
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KINDS: Mapping[str, tuple[pa.DataType, Any, Any]] = {
    "boolean": (pa.bool_(), True, False),
    "int": (pa.int32(), 1, 2),
    "bigint": (pa.int64(), 2**60, 2**60 + 1),
    "float": (pa.float32(), 0.5, 0.25),
    "double": (pa.float64(), 0.1, 0.1 + 1e-16),
    "decimal": (pa.decimal128(10, 2), Decimal("1.50"), Decimal("1.51")),
    "string": (pa.string(), "a", "A"),
    "binary": (pa.binary(), b"\x00\xff", b"\x00\xfe"),
    "date": (pa.date32(), date(2026, 1, 1), date(2026, 1, 2)),
    "timestamp": (pa.timestamp("us", tz="UTC"), MOMENT, MOMENT.replace(microsecond=1)),
    "array": (pa.list_(pa.int64()), [1, None], [1, 2]),
    "struct": (pa.struct([("x", pa.int64()), ("y", pa.string())]), {"x": 1, "y": None},
               {"x": 1, "y": "q"}),
}  # fmt: skip


def fields(table: pa.Table) -> tuple[Field, ...]:
    return tuple(Field(item.name, str(from_arrow(item.type))) for item in table.schema)


class ComparisonContract:
    """Subclasses give `engine` and `lake`."""

    @pytest.fixture
    def session(self, engine: Engine) -> Iterator[Session]:
        session = engine.session()
        yield session
        session.close()

    def both(
        self,
        session: Session,
        lake: Place,
        left: pa.Table,
        right: pa.Table,
        *,
        keys: int = 1,
        buckets: int = BUCKETS,
    ) -> Comparison:
        """Two tables in the lake, bound; the first `keys` columns are the key."""
        for name, rows in ((LEFT, left), (RIGHT, right)):
            location = f"{lake.root}/{name.table}"
            session.bind(name, Pin(location, "", lake.put(location, rows)))
        shared, _, _ = split_columns(fields(left), fields(right))
        columns = [compared(old, new, hidden=False) for old, new in shared]
        return Comparison(
            session.relation(LEFT),
            session.relation(RIGHT),
            tuple(column for column in columns if column is not None),
            keys,
            buckets,
        )

    def counts(self, session: Session, both: Comparison) -> dict[str, int]:
        return {name: int(n) for name, n in session.fetch(both.counts()).to_pylist()[0].items()}

    def test_rows_are_told_apart_by_key(self, session: Session, lake: Place) -> None:
        both = self.both(
            session,
            lake,
            pa.table({"id": [1, 2, 3], "v": ["a", "b", None], "w": [1, 1, 1]}),
            pa.table({"id": [2, 3, 4, 5], "v": ["b", "c", "d", "e"], "w": [1, 1, 1, 1]}),
        )
        assert self.counts(session, both) == {
            "left_only": 1, "right_only": 2, "same": 1, "changed": 1, "d1": 1, "d2": 0,
        }  # fmt: skip

    def test_samples_come_in_the_order_of_the_key(self, session: Session, lake: Place) -> None:
        both = self.both(
            session,
            lake,
            pa.table({"id": [9, 1, 2], "v": ["a", "b", "c"]}),
            pa.table({"id": [2, 7, 8, 3], "v": ["x", "q", "r", "s"]}),
        )
        assert session.fetch(both.only("left", 5)).to_pylist() == [
            {"c0": 1, "c1": "b", "times": 1},
            {"c0": 9, "c1": "a", "times": 1},
        ]
        assert session.fetch(both.only("right", 2))["c0"].to_pylist() == [3, 7]
        assert session.fetch(both.changed(5)).to_pylist() == [
            {"c0": 2, "a1": "c", "b1": "x", "d1": True}
        ]

    @pytest.mark.parametrize("keys", [0, 1])
    @pytest.mark.parametrize("kind", sorted(KINDS))
    def test_a_column_of_every_type_is_compared(
        self, session: Session, lake: Place, kind: str, keys: int
    ) -> None:
        type_, one, other = KINDS[kind]
        ids = pa.array([1, 2, 3, 4], pa.int64())
        left = pa.table({"id": ids, "v": pa.array([one, one, None, None], type_)})
        right = pa.table({"id": ids, "v": pa.array([one, other, None, one], type_)})
        counted = self.counts(session, self.both(session, lake, left, right, keys=keys))
        assert counted["same"] == 2
        assert (counted["changed"] if keys else counted["left_only"]) == 2

    @pytest.mark.parametrize("type_", [pa.float32(), pa.float64()])
    @pytest.mark.parametrize("keys", [0, 1])
    def test_nan_equals_nan_and_zero_has_no_sign(
        self, session: Session, lake: Place, type_: pa.DataType, keys: int
    ) -> None:
        nan = float("nan")
        left = pa.table({"id": [1, 2, 3], "v": pa.array([nan, 0.0, nan], type_)})
        right = pa.table({"id": [1, 2, 3], "v": pa.array([-nan, -0.0, 1.0], type_)})
        assert self.counts(session, self.both(session, lake, left, right, keys=keys))["same"] == 2

    def test_without_a_key_rows_count_as_often_as_they_occur(
        self, session: Session, lake: Place
    ) -> None:
        both = self.both(
            session,
            lake,
            pa.table({"v": ["a", "a", "a", None, None]}),
            pa.table({"v": ["a", None, None, None, "b"]}),
            keys=0,
        )
        assert self.counts(session, both) == {"left_only": 2, "right_only": 2, "same": 3}
        assert session.fetch(both.only("left", 5)).to_pylist() == [{"c0": "a", "times": 2}]

    def test_empty_tables_are_equal(self, session: Session, lake: Place) -> None:
        none = pa.table({"id": pa.array([], pa.int64()), "v": pa.array([], pa.string())})
        both = self.both(session, lake, none, none)
        assert set(self.counts(session, both).values()) == {0}
        assert set(session.measure(both.flaws()).values()) == {0}

    def test_flaws_of_a_key_are_counted(self, session: Session, lake: Place) -> None:
        ids = pa.array([1, 1, 1, None, 2], pa.int64())
        both = self.both(session, lake, pa.table({"id": ids}), pa.table({"id": [1, 2]}))
        assert session.measure(both.flaws()) == {
            "left_null": 1, "left_twice": 1, "right_null": 0, "right_twice": 0,
        }  # fmt: skip

    def test_a_widened_type_compares_by_value(self, session: Session, lake: Place) -> None:
        left = pa.table(
            {
                "id": pa.array([1, 2], pa.int32()),
                "n": pa.array([5, 6], pa.int32()),
                "d": pa.array([Decimal("1.5"), Decimal("2.5")], pa.decimal128(10, 1)),
            }
        )
        right = pa.table(
            {
                "id": pa.array([1, 2], pa.int64()),
                "n": pa.array([5.0, 7.0], pa.float64()),
                "d": pa.array([Decimal("1.50"), Decimal("2.50")], pa.decimal128(12, 2)),
            }
        )
        counted = self.counts(session, self.both(session, lake, left, right))
        assert (counted["same"], counted["changed"], counted["d2"]) == (1, 1, 0)

    @pytest.mark.parametrize("keys", [0, 2])
    def test_a_sample_is_the_same_keys_on_both_sides(
        self, session: Session, lake: Place, keys: int
    ) -> None:
        size = 400
        ids = pa.array(range(size), pa.int64())
        rows = pa.table({"id": ids, "day": [date(2026, 1, 1)] * size, "v": ["x"] * size})
        both = self.both(session, lake, rows, rows, keys=keys, buckets=BUCKETS // 4)
        counted = self.counts(session, both)
        assert (counted["left_only"], counted["right_only"]) == (0, 0)
        assert 50 < counted["same"] < 150  # about a quarter

    def test_names_of_columns_are_quoted(self, session: Session, lake: Place) -> None:
        odd = pa.table({"select": [1], "order by": ["a"]})
        assert self.counts(session, self.both(session, lake, odd, odd))["same"] == 1
