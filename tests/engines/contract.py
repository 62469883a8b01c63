"""What every engine must do: one suite for the fake, Sail and Spark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engines.lakes import NOW, Mode
from engines.lakes import Place as Lake
from lakewright.engines import (
    BuildJob,
    Engine,
    FileRows,
    FileToLoad,
    PythonRows,
    Session,
    Sink,
    SqlRows,
    ValueRows,
)
from lakewright.engines.records.types import spark_type
from lakewright.errors import LakeError, LakewrightError, Place, QualityError, SpecError
from lakewright.graph import Check, KeepTest, ReferenceTest, RowTest, SqlTransform, Test
from lakewright.lake import Definition, Field, Pin
from lakewright.names import TableName
from lakewright.specs import Action, FilesInput, Segment, SqlText

LEGS = TableName.parse("bronze.legs")
PLANES = TableName.parse("bronze.planes")
BUILT = TableName.parse("silver.legs")
FIELDS = (Field("id", "bigint"), Field("plane", "string"), Field("delay", "int"))


VALUE_TYPES = (
    ("flag", "boolean"), ("small", "tinyint"), ("n", "bigint"), ("x", "double"),
    ("money", "decimal(10,2)"), ("day", "date"), ("at", "timestamp"), ("text", "string"),
)  # fmt: skip
VALUES = (
    (True, -128, 2**63 - 1, 0.1, Decimal("-0.05"), date(1, 1, 1), NOW, 'O\'Fallon \\ "x"\nü'),
    (None, None, None, None, None, None, None, ""),
)


def check(name: str, on_fail: Action, test: Test) -> Check:
    return Check(name, "rule", on_fail, test, Place("legs.yml", 3), (), before=True)


def sql_rows(text: str) -> SqlRows:
    source = SqlText("legs.sql", text, text, (Segment(0, 0, copied=True),))
    return SqlRows(text, SqlTransform(source, ()))


class EngineContract:
    """Subclasses give `engine` and `lake`."""

    @pytest.fixture
    def session(self, engine: Engine, lake: Lake) -> Iterator[Session]:
        session = engine.session()
        legs = pa.table(
            {
                "id": pa.array([1, 2, 3, 4], pa.int64()),
                "plane": ["a", "b", None, "x"],
                "delay": pa.array([5, -500, None, 7], pa.int32()),
            }
        )
        planes = pa.table({"tail": ["a", "b", "b", None]})
        for table, rows in ((LEGS, legs), (PLANES, planes)):
            location = f"{lake.root}/{table.schema}/{table.table}"
            session.bind(table, Pin(location, "", lake.put(location, rows)))
        yield session
        session.close()

    def job(
        self,
        lake: Lake,
        rows: Any,
        checks: Sequence[Check] = (),
        *,
        fields: tuple[Field, ...] = FIELDS,
        mode: Mode = "overwrite",
        quarantine: Mode | None = None,
        deterministic: bool = True,
    ) -> BuildJob:
        target = f"{lake.root}/silver/legs"
        return BuildJob(
            table=BUILT,
            rows=rows,
            fields=fields,
            checks=tuple(checks),
            target=Sink(target, mode, "token"),
            quarantine=Sink(target + "__quarantine", quarantine, "token") if quarantine else None,
            deterministic=deterministic,
            staging=f"{lake.root}/staged",
            run_id="run",
            now=NOW,
        )

    def legs(self, session: Session) -> SqlRows:
        return sql_rows(f"SELECT id, plane, delay FROM {session.relation(LEGS)}")

    def ids(self, lake: Lake, suffix: str = "") -> list[int]:
        rows = lake.rows(f"{lake.root}/silver/legs{suffix}")
        return sorted(rows["id"].to_pylist())

    def test_a_bound_table_is_read_at_its_version(self, session: Session, lake: Lake) -> None:
        location = f"{lake.root}/bronze/legs"
        lake.put(location, lake.rows(location).slice(0, 1))
        assert session.measure({"n": f"SELECT count(*) FROM {session.relation(LEGS)}"}) == {"n": 4}

    def test_analysis_tells_names_and_types(self, session: Session) -> None:
        assert session.analyse(self.legs(session)) == FIELDS

    def test_a_query_that_does_not_compile_is_an_error_of_the_spec(self, session: Session) -> None:
        with pytest.raises(SpecError) as caught:
            session.analyse(sql_rows(f"SELECT id,\n  nope FROM {session.relation(LEGS)}"))
        assert caught.value.code == "LW610"
        assert caught.value.problems[0].where is not None

    def test_fetch_gives_at_most_the_limit(self, session: Session) -> None:
        rows = session.fetch(f"SELECT id FROM {session.relation(LEGS)} ORDER BY id", 2)
        assert rows["id"].to_pylist() == [1, 2]

    def test_measure_counts_null_as_zero(self, session: Session) -> None:
        expressions = {
            "none": f"SELECT sum(id) FROM {session.relation(LEGS)} WHERE false",
            "most": f"SELECT max(id) FROM {session.relation(LEGS)}",
        }
        assert session.measure(expressions) == {"none": 0, "most": 4}

    def test_a_table_without_rules_is_written_whole(self, session: Session, lake: Lake) -> None:
        result = session.build(self.job(lake, self.legs(session)))
        assert (result.produced, result.kept) == (4, 4)
        assert self.ids(lake) == [1, 2, 3, 4]
        assert lake.token(f"{lake.root}/silver/legs") == "token"

    def test_values_are_written_as_what_they_are(self, session: Session, lake: Lake) -> None:
        fields = tuple(Field(name, kind) for name, kind in VALUE_TYPES)
        rows = ValueRows(fields, VALUES, Place("seed.csv", 1))
        assert session.analyse(rows) == fields
        result = session.build(self.job(lake, rows, fields=fields))
        assert (result.produced, result.kept) == (2, 2)
        written = lake.rows(f"{lake.root}/silver/legs")
        assert [spark_type(item.type) for item in written.schema] == [k for _, k in VALUE_TYPES]
        assert set(map(tuple, map(dict.values, written.to_pylist()))) == set(VALUES)

    def test_no_values_are_an_empty_table(self, session: Session, lake: Lake) -> None:
        fields = tuple(Field(name, kind) for name, kind in VALUE_TYPES)
        rows = ValueRows(fields, (), Place("seed.csv", 1))
        assert session.build(self.job(lake, rows, fields=fields)).produced == 0
        assert lake.rows(f"{lake.root}/silver/legs").num_rows == 0

    def test_a_query_without_rows_empties_the_table(self, session: Session, lake: Lake) -> None:
        session.build(self.job(lake, self.legs(session)))
        rows = sql_rows(f"SELECT * FROM {session.relation(LEGS)} WHERE id > 99")
        assert session.build(self.job(lake, rows)).produced == 0
        assert self.ids(lake) == []

    def test_columns_are_taken_by_name(self, session: Session, lake: Lake) -> None:
        rows = sql_rows(f"SELECT delay, 1 AS more, ID, plane FROM {session.relation(LEGS)}")
        session.build(self.job(lake, rows))
        assert lake.rows(f"{lake.root}/silver/legs").column_names == ["id", "plane", "delay"]

    def test_a_column_that_is_not_produced_is_an_error(self, session: Session, lake: Lake) -> None:
        with pytest.raises(SpecError) as caught:
            session.build(self.job(lake, sql_rows(f"SELECT id FROM {session.relation(LEGS)}")))
        assert caught.value.code == "LW611"

    def test_a_cast_that_loses_a_fraction_stops_the_write(
        self, session: Session, lake: Lake
    ) -> None:
        rows = sql_rows(f"SELECT id, plane, id / 2.0D AS delay FROM {session.relation(LEGS)}")
        with pytest.raises(QualityError) as caught:
            session.build(self.job(lake, rows))
        assert caught.value.code == "LW402"

    def test_every_produced_row_is_kept_quarantined_or_dropped(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [
            check("known", "quarantine", ReferenceTest(("plane",), PLANES, ("tail",))),
            check("sane", "drop", RowTest("coalesce(delay > -120, true)")),
            check("late", "warn", RowTest("coalesce(delay < 5, true)")),
        ]
        result = session.build(self.job(lake, self.legs(session), checks, quarantine="overwrite"))
        assert (result.produced, result.kept, result.quarantined, result.dropped) == (4, 2, 1, 1)
        assert result.failed == {"known": 1, "sane": 1, "late": 1}
        assert (self.ids(lake), self.ids(lake, "__quarantine")) == ([1, 3], [4])

    def test_a_quarantined_row_says_why_and_when(self, session: Session, lake: Lake) -> None:
        checks = [check("sane", "quarantine", RowTest("coalesce(delay > -120, true)"))]
        session.build(self.job(lake, self.legs(session), checks, quarantine="overwrite"))
        row = lake.rows(f"{lake.root}/silver/legs__quarantine").to_pylist()[0]
        assert row["_failed_rules"] == ["sane"]
        assert (row["_quarantined_at"], row["_run_id"]) == (NOW, "run")

    def test_a_row_that_breaks_a_drop_and_a_quarantine_rule_is_quarantined(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [
            check("one", "quarantine", RowTest("id <> 2")),
            check("two", "drop", RowTest("id <> 2")),
        ]
        result = session.build(self.job(lake, self.legs(session), checks, quarantine="overwrite"))
        assert (result.quarantined, result.dropped) == (1, 0)

    def test_quarantine_as_state_is_replaced_by_nothing_too(
        self, session: Session, lake: Lake
    ) -> None:
        for limit in (3, 99):
            checks = [check("small", "quarantine", RowTest(f"id < {limit}"))]
            session.build(self.job(lake, self.legs(session), checks, quarantine="overwrite"))
        assert self.ids(lake, "__quarantine") == []

    def test_quarantine_as_a_log_is_left_alone_by_a_run_without_bad_rows(
        self, session: Session, lake: Lake
    ) -> None:
        log = f"{lake.root}/silver/legs__quarantine"
        for limit in (3, 99):
            checks = [check("small", "quarantine", RowTest(f"id < {limit}"))]
            session.build(self.job(lake, self.legs(session), checks, quarantine="append"))
        assert (self.ids(lake, "__quarantine"), lake.versions(log)) == ([3, 4], 1)

    def test_rows_of_a_query_that_may_change_are_looked_at_once(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [check("small", "quarantine", RowTest("id < 3"))]
        job = self.job(
            lake, self.legs(session), checks, quarantine="overwrite", deterministic=False
        )
        result = session.build(job)
        assert (result.produced, result.kept, result.quarantined) == (4, 2, 2)
        assert (self.ids(lake), self.ids(lake, "__quarantine")) == ([1, 2], [3, 4])

    def test_of_equal_keys_the_first_by_order_is_kept(self, session: Session, lake: Lake) -> None:
        twice = f"SELECT id % 2 AS id, plane, delay FROM {session.relation(LEGS)}"
        checks = [check("one", "drop", KeepTest(("id",), "delay DESC NULLS LAST"))]
        result = session.build(self.job(lake, sql_rows(twice), checks))
        rows = lake.rows(f"{lake.root}/silver/legs").to_pylist()
        assert (result.kept, result.dropped) == (2, 2)
        assert sorted(row["delay"] for row in rows) == [5, 7]

    def test_a_broken_fail_rule_writes_nothing_and_counts_its_rows(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [
            check("sane", "fail", RowTest("coalesce(delay > -120, true)")),
            check("small", "fail", RowTest("id < 3")),
        ]
        with pytest.raises(QualityError) as caught:
            session.build(self.job(lake, self.legs(session), checks))
        assert {problem.code for problem in caught.value.problems} == {"LW401"}
        assert ["1 of 4" in str(caught.value), "2 of 4" in str(caught.value)] == [True, True]
        assert lake.versions(f"{lake.root}/silver/legs") == 0

    def test_a_fail_rule_is_not_asked_of_rows_that_are_kept_apart(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [
            check("two", "drop", RowTest("id <> 2")),
            check("sane", "fail", RowTest("coalesce(delay > -120, true)")),
        ]
        assert session.build(self.job(lake, self.legs(session), checks)).kept == 3

    def constrained(self, lake: Lake) -> list[Check]:
        """A table that holds `id < 3` as a constraint of its own, and the check that says so."""
        definition = Definition(FIELDS, {"small": "coalesce(id < 3, true)"})
        lake.define(f"{lake.root}/silver/legs", definition)
        small = check("small", "fail", RowTest("coalesce(id < 3, true)"))
        return [replace(small, constraint="coalesce(id < 3, true)")]

    def test_a_constraint_is_asked_only_of_rows_that_are_kept(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [*self.constrained(lake), check("apart", "quarantine", RowTest("id < 3"))]
        result = session.build(self.job(lake, self.legs(session), checks, quarantine="overwrite"))
        assert (result.kept, result.quarantined) == (2, 2)

    @pytest.mark.parametrize(
        "leaving_out",
        [
            "WHERE id < 3",
            "JOIN (SELECT id AS other FROM {legs} WHERE id < 3) AS others ON id = other",
            "GROUP BY id, plane, delay HAVING max(id) < 3",
        ],
    )
    def test_a_constraint_is_not_asked_of_rows_that_the_query_leaves_out(
        self, session: Session, lake: Lake, leaving_out: str
    ) -> None:
        legs = session.relation(LEGS)
        rows = sql_rows(f"SELECT id, plane, delay FROM {legs} {leaving_out.format(legs=legs)}")
        assert session.build(self.job(lake, rows, self.constrained(lake))).kept == 2

    def test_a_broken_constraint_is_told_as_its_check_with_count_and_place(
        self, session: Session, lake: Lake
    ) -> None:
        checks = self.constrained(lake)
        with pytest.raises(QualityError) as caught:
            session.build(self.job(lake, self.legs(session), checks))
        (problem,) = caught.value.problems
        assert (problem.code, problem.where) == ("LW401", checks[0].where)
        assert "2 of 4" in problem.message
        assert "small" in problem.message

    def test_a_value_the_query_cannot_compute_is_not_shown(
        self, session: Session, lake: Lake
    ) -> None:
        rows = sql_rows(
            f"SELECT id, plane, cast(plane AS int) AS delay FROM {session.relation(LEGS)}"
        )
        with pytest.raises(QualityError) as caught:
            session.build(self.job(lake, rows))
        assert caught.value.code == "LW403"
        assert "'a'" not in str(caught.value)

    def test_a_transform_that_fails_is_shown_at_its_line(
        self, session: Session, lake: Lake
    ) -> None:
        def build(inputs: Any) -> Any:
            return inputs["bronze.nope"]

        rows = PythonRows(build, (LEGS,), {}, NOW, NOW.date(), "legs.py:1")
        with pytest.raises(SpecError) as caught:
            session.build(self.job(lake, rows, deterministic=False))
        assert caught.value.code == "LW616"

    def test_a_transform_gets_its_declared_inputs(self, session: Session, lake: Lake) -> None:
        rows = PythonRows(
            lambda inputs: inputs["bronze.legs"].filter("id < 3"), (LEGS,), {}, NOW, NOW.date()
        )
        assert session.build(self.job(lake, rows, deterministic=False)).produced == 2

    def files(self, tmp_path: Path, content: bytes, digest: str | None = None) -> FileRows:
        path = tmp_path / "legs.csv"
        path.write_bytes(content)
        file = FileToLoad("legs.csv", str(path), digest or hashlib.sha256(content).hexdigest())
        given = FilesInput(LEGS, "*.csv", "csv", Place("legs.yml", 1))
        return FileRows(given, (file,), (Field("id", "bigint"), Field("plane", "string")))

    def test_bad_records_of_files_come_apart_with_line_and_text(
        self, session: Session, lake: Lake, tmp_path: Path
    ) -> None:
        rows = self.files(tmp_path, b'id,plane\n1,"a\nb"\nx,c\n3\n4,\n')
        fields = session.analyse(rows)
        result = session.build(
            self.job(lake, rows, fields=fields, mode="append", quarantine="append")
        )
        assert (result.produced, result.kept, result.quarantined) == (4, 2, 2)
        kept = lake.rows(f"{lake.root}/silver/legs").select(["id", "plane", "_source_file"])
        assert sorted(kept.to_pylist(), key=lambda row: row["id"]) == [
            {"id": 1, "plane": "a\nb", "_source_file": "legs.csv"},
            {"id": 4, "plane": None, "_source_file": "legs.csv"},
        ]
        bad = lake.rows(f"{lake.root}/silver/legs__quarantine")
        found = [
            (row["_source_line"], row["_raw"], row["_failed_rules"]) for row in bad.to_pylist()
        ]
        assert sorted(found) == [(4, "x,c", ["readable"]), (5, "3", ["readable"])]

    def test_analysis_of_files_adds_the_columns_of_their_headers(
        self, session: Session, tmp_path: Path
    ) -> None:
        rows = self.files(tmp_path, b"id,plane,Flight Date\n1,a,x\n")
        assert [field.name for field in session.analyse(rows)] == [
            "id",
            "plane",
            "Flight_Date",
            "_ingested_at",
            "_source_file",
        ]

    def test_a_new_column_is_refused_when_the_table_is_recorded_without_it(
        self, session: Session, tmp_path: Path
    ) -> None:
        rows = replace(self.files(tmp_path, b"id,plane,more\n1,a,x\n"), recorded=True)
        with pytest.raises(QualityError) as caught:
            session.analyse(rows)
        assert (caught.value.code, caught.value.problems[0].notes) == ("LW707", ("legs.csv",))

    def test_a_file_that_changed_since_it_was_listed_is_named_and_not_loaded(
        self, session: Session, lake: Lake, tmp_path: Path
    ) -> None:
        rows = self.files(tmp_path, b"id,plane\n1,a\n", digest="0" * 64)
        with pytest.raises(LakeError) as caught:
            session.build(self.job(lake, rows, fields=session.analyse(rows), quarantine="append"))
        assert caught.value.code == "LW701"
        assert caught.value.problems[0].notes == ("legs.csv",)
        assert lake.versions(f"{lake.root}/silver/legs") == 0

    def test_rows_are_tried_with_the_fates_that_a_build_gives_them(
        self, session: Session, lake: Lake
    ) -> None:
        checks = [
            check("sane", "quarantine", RowTest("coalesce(delay > -100, true)")),
            check("known", "drop", ReferenceTest(("plane",), PLANES, ("tail",))),
            check("late", "warn", RowTest("coalesce(delay <= 0, true)")),
            check("named", "fail", RowTest("plane IS NOT NULL")),
        ]
        tried = session.try_rows(self.legs(session), FIELDS, checks, NOW)
        assert sorted(tried.kept["id"].to_pylist()) == [1, 3]
        assert tried.quarantined.select(["id", "_failed_rules"]).to_pylist() == [
            {"id": 2, "_failed_rules": ["sane"]}
        ]
        assert tried.dropped["id"].to_pylist() == [4]
        assert tried.failed == {"sane": 1, "known": 1, "late": 1, "named": 1}
        assert tried.kept.column_names == ["id", "plane", "delay"]

    def test_rows_are_tried_without_rules(self, session: Session, lake: Lake) -> None:
        tried = session.try_rows(self.legs(session), FIELDS, [], NOW)
        assert (tried.kept.num_rows, tried.quarantined.num_rows, tried.failed) == (4, 0, {})

    def test_a_catalog_that_ends_with_the_engine_is_refused(self, engine: Engine) -> None:
        with pytest.raises(LakewrightError) as caught:
            engine.catalog("spark_catalog")
        assert caught.value.code == ("LW634" if engine.capabilities.catalog else "LW633")

    def test_rows_are_counted_by_conditions_in_one_scan(self, session: Session) -> None:
        counted = session.count_rows(
            LEGS, {"late": "delay > 0", "unknown": "plane IS NULL", "all": "true", "none": "false"}
        )
        assert counted == {"late": 2, "unknown": 1, "all": 4, "none": 0}
