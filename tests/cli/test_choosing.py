"""Which release a reader means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli.programs import Cli
from fakes.lake import World
from lake.samples import NOW, TABLE, entry, release
from lakewright.cli.choosing import choose_release, read_moment, refuse_collected
from lakewright.cli.workspace import Workspace
from lakewright.errors import LakewrightError, RefusedError, UsageError
from lakewright.lake import ControlRecord, InputVersion, Lake
from lakewright.names import TableName

BERLIN = ZoneInfo("Europe/Berlin")
VIEW = TableName("gold", "v")
SPACE = Workspace(None, None, "memory://lake", "sail", "prod", False, False, (), {})


@pytest.fixture
def lake() -> Lake:
    """Three releases, an hour apart."""
    lake = World().lake()
    lake.create("shop", "0" * 32, NOW)
    view = entry(0, VIEW, kind="view", location="", inputs={TABLE: InputVersion("id", 0)})
    for number in (1, 2, 3):
        made = release(number, entry(number), view)
        lake.put_release(replace(made, created_at=NOW + timedelta(hours=number)))
    return lake


def code(error: pytest.ExceptionInfo[LakewrightError]) -> str:
    return error.value.code


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-07-01T10:30", datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
        ("2026-07-01 10:30:05", datetime(2026, 7, 1, 8, 30, 5, tzinfo=UTC)),
        ("2026-07-01T10:30:00Z", datetime(2026, 7, 1, 10, 30, tzinfo=UTC)),
        ("2026-07-01T10:30:00+05:00", datetime(2026, 7, 1, 5, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 10, 30, tzinfo=UTC), datetime(2026, 7, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_in_that_of_the_project(
    written: str | datetime, moment: datetime
) -> None:
    assert read_moment(written, BERLIN) == moment


@pytest.mark.parametrize("written", ["", "yesterday", "2026-13-01", "12", "2026-07-01T25:00"])
def test_what_is_no_time_is_told(written: str) -> None:
    with pytest.raises(UsageError) as error:
        read_moment(written, BERLIN)
    assert code(error) == "LW370"


def test_the_release_of_a_time_is_what_readers_saw(lake: Lake) -> None:
    seen = (NOW + timedelta(hours=2, minutes=59)).isoformat()
    assert choose_release(SPACE, lake, as_of=seen).release == 2
    assert choose_release(SPACE, lake).release == 3
    assert choose_release(SPACE, lake, 1).release == 1


def test_a_number_and_a_time_are_not_said_together(lake: Lake) -> None:
    with pytest.raises(UsageError) as error:
        choose_release(SPACE, lake, 1, "2026-07-01")
    assert code(error) == "LW371"


def test_a_time_before_the_first_release_names_the_earliest(lake: Lake) -> None:
    with pytest.raises(LakewrightError) as error:
        choose_release(SPACE, lake, as_of=NOW)
    assert (code(error), error.value.exit_code) == ("LW372", 5)
    assert "release 1" in error.value.problems[0].hint


def test_a_collected_release_is_refused_with_what_is_restorable(lake: Lake) -> None:
    lake.put_control("prod", ControlRecord("expire", "", "gc", NOW, release=2))
    refuse_collected(lake, lake.release("prod", 3), [TABLE], NOW)
    with pytest.raises(RefusedError) as error:
        refuse_collected(lake, lake.release("prod", 2), [TABLE], NOW)
    assert code(error) == "LW373"
    assert error.value.problems[0].hint == "restorable is what was released from 3 on"


def test_a_view_is_refused_with_what_lies_below_it(lake: Lake) -> None:
    lake.put_control("prod", ControlRecord("expire", "", "gc", NOW, (TABLE,), release=1))
    refuse_collected(lake, lake.release("prod", 2), [VIEW], NOW)
    with pytest.raises(RefusedError):
        refuse_collected(lake, lake.release("prod", 1), [VIEW], NOW)


def test_a_pinned_release_is_read(lake: Lake) -> None:
    lake.put_control("prod", ControlRecord("pin", "", "ana", NOW, release=1, name="audit"))
    lake.put_control("prod", ControlRecord("expire", "", "gc", NOW, release=2))
    refuse_collected(lake, lake.release("prod", 1), [TABLE], NOW)
    with pytest.raises(RefusedError) as error:
        refuse_collected(lake, lake.release("prod", 2), [TABLE], NOW)
    assert "pinned: 1" in error.value.problems[0].hint


def test_sql_takes_a_time(built: Cli) -> None:
    early = built("sql", "SELECT 1 AS one", "--as-of", "2020-01-01")
    assert (early.code, "LW372" in early.err) == (5, True)
    both = built("sql", "SELECT 1 AS one", "--as-of", "2020-01-01", "--release", "1")
    assert (both.code, "LW371" in both.err) == (2, True)
