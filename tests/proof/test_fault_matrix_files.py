"""Group 7 of the fault matrix: files of real Delta tables are missing, cut, altered or too many.

A reader by release gets exactly the released rows or an error with a code; a run publishes nothing
that it could not read; and once the file is as it was, the next run does what it should. A flipped
bit inside a page of values cannot be seen by anybody: Delta records no checksum of a data file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakewright.engines import Engine
from lakewright.errors import LakewrightError, Problem
from lakewright.errors.pages import read_page
from proof.shops import FEBRUARY, Rows, Shop

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)

TABLE = ".lake/prod/bronze/orders"


def data_file(table: Path) -> Path:
    (found,) = table.glob("*.parquet")
    return found


def entry(table: Path, version: int) -> Path:
    return table / f"_delta_log/{version:020d}.json"


def head(table: Path) -> int:
    return int(DeltaTable(str(table)).version())


def missing_data(table: Path) -> None:
    data_file(table).unlink()


def cut_data(table: Path) -> None:
    path = data_file(table)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped_footer(table: Path) -> None:
    path = data_file(table)
    data = bytearray(path.read_bytes())
    data[-40] ^= 0xFF
    path.write_bytes(bytes(data))


def empty_data(table: Path) -> None:
    data_file(table).write_bytes(b"")


def cut_commit(table: Path) -> None:
    path = entry(table, head(table))
    path.write_bytes(path.read_bytes()[:-40])


def empty_commit(table: Path) -> None:
    entry(table, head(table)).write_bytes(b"")


def no_commit(table: Path) -> None:
    entry(table, head(table)).unlink()


def empty_commit_behind(table: Path) -> None:
    entry(table, head(table) + 1).write_bytes(b"")


def half_commit_behind(table: Path) -> None:
    entry(table, head(table) + 1).write_bytes(b'{"commitInfo":{"timest')


def gap_in_commits(table: Path) -> None:
    entry(table, head(table) + 2).write_bytes(b'{"commitInfo":{"operation":"WRITE"}}\n')


def checkpoint_of(table: Path) -> Path:
    DeltaTable(str(table)).create_checkpoint()
    (found,) = (table / "_delta_log").glob("*.checkpoint.parquet")
    return found


def cut_checkpoint(table: Path) -> None:
    path = checkpoint_of(table)
    path.write_bytes(path.read_bytes()[:100])


def lost_checkpoint(table: Path) -> None:
    checkpoint_of(table).unlink()


def garbled_hint(table: Path) -> None:
    checkpoint_of(table)
    (table / "_delta_log/_last_checkpoint").write_bytes(b"\0\1\2 not json")


def hint_to_nowhere(table: Path) -> None:
    text = json.dumps({"version": 77, "size": 3})
    (table / "_delta_log/_last_checkpoint").write_text(text)


def stale_crc(table: Path) -> None:
    for path in (table / "_delta_log").glob("*.json"):
        path.with_suffix(".crc").write_text('{"tableSizeBytes":1,"numFiles":99}')


HARMS: tuple[Callable[[Path], None], ...] = (
    missing_data,
    cut_data,
    flipped_footer,
    empty_data,
    cut_commit,
    empty_commit,
    no_commit,
    empty_commit_behind,
    half_commit_behind,
    gap_in_commits,
    cut_checkpoint,
    lost_checkpoint,
    garbled_hint,
    hint_to_nowhere,
    stale_crc,
)
HARMLESS_TO_READERS = {empty_commit_behind, half_commit_behind, gap_in_commits, stale_crc}


def read_or_code(shop: Shop) -> Rows | str:
    """The rows of the harmed table in the latest release, or the code of the refusal."""
    try:
        return shop.rows()["bronze.orders"]
    except LakewrightError as error:
        return coded(error.exit_code, error.problems)


def apply_or_code(shop: Shop, engine: Engine) -> str:
    """The code of the refusal; nothing when it was published."""
    try:
        report = shop.apply(engine)
    except LakewrightError as error:
        return coded(error.exit_code, error.problems)
    return "" if report.ok else coded(report.exit_code, report.problems)


def coded(exit_code: int, problems: Sequence[Problem]) -> str:
    assert exit_code == 5, problems
    for problem in problems:
        assert problem.hint, problem
        assert read_page(problem.code)
    return problems[0].code


def state_of(table: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in table.rglob("*") if path.is_file()}


def put_back(table: Path, files: dict[Path, bytes]) -> None:
    for path in [path for path in table.rglob("*") if path.is_file() and path not in files]:
        path.unlink()
    for path, data in files.items():
        path.write_bytes(data)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_harmed_table_is_read_right_or_refused_and_never_built_upon(
    built: Shop, engine: Engine, harm: Callable[[Path], None]
) -> None:
    table = built.home / TABLE
    good, before = state_of(table), built.rows()["bronze.orders"]
    harm(table)
    found = read_or_code(built)
    assert found == before or isinstance(found, str), found
    assert harm not in HARMLESS_TO_READERS or found == before
    built.land("2024_02", FEBRUARY)
    code = apply_or_code(built, engine)
    assert (code == "") == (built.number == 2)
    if code:
        put_back(table, good)
        assert built.rows()["bronze.orders"] == before
        assert built.apply(engine).ok
    ids = sorted(row["id"] for row in built.rows()["bronze.orders"])
    assert ids == [1, 2, 3, 4, 6, 7, 8]
    assert built.plan().empty
