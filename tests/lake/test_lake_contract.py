"""What a lake promises: in memory and on disk."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from fakes.lake import MemoryStore, MemoryTables, World
from lake.samples import FIELDS, NOW, TABLE, define, entry, release
from lakewright.errors import LakeError, RefusedError
from lakewright.lake import (
    AlreadyExistsError,
    ControlRecord,
    Lake,
    NotFoundError,
    ObjectStore,
    open_lake,
    paths,
)
from lakewright.names import TableName
from lakewright.specs import SourceFile, digest_files

FILES = (SourceFile("sql/a.sql", "SELECT 1"), SourceFile("pipelines/a.yml", "table: s.a\n"))


def test_there_is_no_lake_before_it_is_made(lake: Lake) -> None:
    assert not lake.exists()
    with pytest.raises(LakeError) as error:
        lake.info()
    assert (error.value.code, error.value.exit_code) == ("LW510", 5)


def test_lake_is_made_once_and_keeps_its_id(lake: Lake) -> None:
    lake.create("flights", "id-1", NOW)
    assert lake.create("flights", "id-2", NOW).lake_id == "id-1"
    assert lake.info().lake_id == "id-1"


def test_lake_of_another_project_is_refused(lake: Lake) -> None:
    lake.create("flights", "id-1", NOW)
    with pytest.raises(RefusedError) as error:
        lake.create("sales", "id-2", NOW)
    assert error.value.code == "LW512"


def test_protection_is_kept_in_the_lake(lake: Lake) -> None:
    lake.create("flights", "id-1", NOW)
    lake.protect("prod")
    lake.protect("prod")
    assert lake.info().protected == ("prod",)
    assert lake.state("prod", ()).protected
    assert not lake.state("dev_ana", ()).protected


def test_there_is_no_release_at_first(lake: Lake) -> None:
    assert lake.latest("prod") is None
    assert lake.releases("prod") == ()
    assert lake.environments() == ()


def test_latest_is_the_last_that_was_put(lake: Lake) -> None:
    for number in (1, 2, 3):
        assert lake.put_release(release(number)) == "stored"
    assert lake.latest("prod") == release(3)
    assert lake.releases("prod") == (release(1), release(2), release(3))
    assert list(lake.numbers("prod")) == [1, 2, 3]


def test_same_bytes_are_stored_twice_as_once(lake: Lake) -> None:
    lake.put_release(release(1))
    assert lake.put_release(release(1)) == "stored"


def test_number_that_another_run_took_is_taken(lake: Lake) -> None:
    lake.put_release(release(1, run_id="r1"))
    assert lake.put_release(release(1, run_id="r2")) == "taken"
    assert lake.release("prod", 1).run_id == "r1"


def test_release_that_is_not_there_is_told(lake: Lake) -> None:
    lake.put_release(release(1))
    with pytest.raises(LakeError) as error:
        lake.release("prod", 2)
    assert (error.value.code, error.value.exit_code) == ("LW514", 5)


@pytest.mark.parametrize("hint", [b"", b"gar", b"1", b"\xff\xfe"])
def test_latest_is_found_whatever_the_hint_says(lake: Lake, hint: bytes) -> None:
    for number in (1, 2, 3):
        lake.put_release(release(number))
    lake.store.put(paths.latest_hint("prod"), hint)
    assert lake.latest("prod") == release(3)


def test_broken_latest_record_stops_all_but_reads_of_earlier_releases(lake: Lake) -> None:
    lake.put_release(release(1))
    lake.put_release(release(2))
    path = paths.release("prod", 2)
    lake.store.put(path, lake.store.get(path)[:40])
    with pytest.raises(LakeError) as error:
        lake.latest("prod")
    assert error.value.code == "LW513"
    assert lake.release("prod", 1) == release(1)


def test_record_under_another_number_is_broken(lake: Lake) -> None:
    lake.put_release(release(1))
    lake.store.put(paths.release("prod", 2), lake.store.get(paths.release("prod", 1)))
    with pytest.raises(LakeError) as error:
        lake.latest("prod")
    assert error.value.code == "LW513"


def test_environments_are_those_with_a_release(lake: Lake) -> None:
    lake.put_release(release(1))
    lake.put_release(replace(release(1), environment="dev_ana"))
    lake.put_code("empty", FILES)
    assert lake.environments() == ("dev_ana", "prod")


def test_code_is_stored_under_its_digest(lake: Lake) -> None:
    digest = lake.put_code("prod", FILES)
    assert digest == digest_files(FILES)
    assert lake.put_code("prod", FILES) == digest
    assert lake.code("prod", digest) == tuple(sorted(FILES, key=lambda file: file.path))


@pytest.mark.parametrize("spoil", ["text", "manifest", "gone"])
def test_code_that_was_touched_is_refused(lake: Lake, spoil: str) -> None:
    digest = lake.put_code("prod", FILES)
    stored = [item.path for item in lake.store.list(paths.code("prod", digest))]
    if spoil == "manifest":
        lake.store.delete(next(path for path in stored if path.endswith("manifest.json")))
    else:
        victim = next(path for path in stored if not path.endswith("manifest.json"))
        lake.store.put(victim, b"DROP TABLE x") if spoil == "text" else lake.store.delete(victim)
    with pytest.raises(LakeError) as error:
        lake.code("prod", digest)
    assert error.value.code == "LW516"


@pytest.mark.parametrize("spoil", ["text", "manifest"])
def test_code_that_was_touched_is_put_right_by_the_next_put(lake: Lake, spoil: str) -> None:
    digest = lake.put_code("prod", FILES)
    stored = [item.path for item in lake.store.list(paths.code("prod", digest))]
    victim = next(p for p in stored if p.endswith("manifest.json") == (spoil == "manifest"))
    lake.store.put(victim, b"DROP TABLE x")
    lake.put_code("prod", FILES)
    assert len(lake.code("prod", digest)) == 2


def test_code_of_an_interrupted_put_is_completed(lake: Lake) -> None:
    digest = lake.put_code("prod", FILES)
    folder = paths.code("prod", digest)
    victims = [item.path for item in lake.store.list(folder)]
    lake.store.delete(f"{folder}/manifest.json")
    lake.store.put(victims[0], b"torn")
    lake.put_code("prod", FILES)
    assert len(lake.code("prod", digest)) == 2


def test_control_records_are_numbered_in_order(lake: Lake) -> None:
    for reason in ("first", "second"):
        lake.put_control("prod", ControlRecord("pin", reason, "ana", NOW, release=1))
    assert [(it.number, it.reason) for it in lake.control("prod")] == [(1, "first"), (2, "second")]


def test_hold_lasts_until_resumed(lake: Lake) -> None:
    lake.create("flights", "id", NOW)
    lake.put_control("prod", ControlRecord("hold", "look", "ana", NOW, (TABLE,), release=4))
    (held,) = lake.state("prod", ()).holds
    assert (held.table, held.by, held.since_release, held.reason) == (TABLE, "person", 4, "look")
    lake.put_control("prod", ControlRecord("resume", "", "ana", NOW, (TABLE,)))
    assert lake.state("prod", ()).holds == ()


def test_stop_lasts_until_cleared(lake: Lake) -> None:
    lake.create("flights", "id", NOW)
    lake.put_control("prod", ControlRecord("stop", "bad source", "ana", NOW))
    assert lake.state("prod", ()).stopped == "bad source"
    lake.put_control("prod", ControlRecord("clear", "", "ana", NOW))
    assert lake.state("prod", ()).stopped == ""


def test_runs_keep_what_was_put(lake: Lake) -> None:
    lake.put_run("r1", "report.json", b"{}")
    assert lake.get_run("r1", "report.json") == b"{}"
    with pytest.raises(NotFoundError):
        lake.get_run("r2", "report.json")


def test_first_location_is_plain_and_the_next_has_a_suffix(lake: Lake) -> None:
    assert lake.new_location("prod", TABLE, "r1") == "prod/silver/flights"
    define(lake)
    second = lake.new_location("prod", TABLE, "r2")
    assert second.startswith("prod/silver/flights-")
    define(lake, second)
    assert lake.new_location("prod", TABLE, "r2") not in {"prod/silver/flights", second}


def test_location_never_leaves_the_lake(lake: Lake) -> None:
    assert lake.location_uri("prod/s/t") == f"{lake.uri}/prod/s/t"
    with pytest.raises(LakeError) as error:
        lake.location_uri("../other/t")
    assert error.value.code == "LW504"


def test_pin_of_what_was_released_holds(lake: Lake) -> None:
    uri = define(lake)
    pin = lake.verify_pin(entry())
    assert (pin.location, pin.version) == (uri, 0)


@pytest.mark.parametrize(
    "changes", [{"token": "lw:other"}, {"table_id": "other"}, {"version": 9}], ids=str
)
def test_pin_of_another_table_is_refused(lake: Lake, changes: dict[str, Any]) -> None:
    define(lake)
    with pytest.raises(LakeError) as error:
        lake.verify_pin(replace(entry(), **changes))
    assert error.value.code == "LW533"


def test_rows_are_read_without_an_engine(lake: Lake) -> None:
    uri = define(lake)
    lake.tables.append(uri, pa.table({"n": pa.array([1, 2], pa.int32())}), "lw:r1:silver.flights")
    rows = lake.read_table(lake.pin(entry(1)), ["n"])
    assert sorted(rows["n"].to_pylist()) == [1, 2]


def test_history_grows_in_rows_and_columns(lake: Lake) -> None:
    lake.append_history("runs", pa.table({"run": ["r1"]}), now=NOW)
    lake.append_history("runs", pa.table({"run": ["r2"], "rows": [7]}), now=NOW)
    uri = lake.location_uri(paths.history("runs"))
    head = lake.tables.head(uri)
    assert head is not None
    rows = lake.tables.rows(uri, head.version).sort_by("run").to_pylist()
    assert rows == [{"run": "r1", "rows": None}, {"run": "r2", "rows": 7}]


def test_groups_are_claimed_all_or_none(lake: Lake) -> None:
    other = TableName("gold", "month")
    held = lake.claim("prod", TABLE, "r1", NOW)
    with pytest.raises(RefusedError):
        lake.claim_all("prod", [TABLE, other], "r2", NOW)
    held.release()
    assert [claim.group for claim in lake.claim_all("prod", [TABLE, other], "r3", NOW)] == [
        other,
        TABLE,
    ]


@dataclass
class Moody:
    """A store whose `put_new` fails as told: before or after it has stored."""

    inner: ObjectStore
    moods: list[str] = field(default_factory=list)

    def put_new(self, path: str, data: bytes) -> None:
        mood = self.moods.pop(0) if self.moods else "well"
        if mood != "lost":
            self.inner.put_new(path, data)
        if mood != "well":
            raise LakeError("LW501", "no answer")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def moody(*moods: str) -> Lake:
    world = World()
    store = Moody(MemoryStore(world), list(moods))
    return Lake("memory://x", store, MemoryTables(world), patience=(0.0, 0.0))


@pytest.mark.parametrize("moods", [["lost"], ["stored"], ["lost", "stored"], ["lost", "lost"]])
def test_put_is_repeated_until_storage_answers(moods: list[str]) -> None:
    lake = moody(*moods)
    assert lake.put_release(release(1)) == "stored"
    assert lake.latest("prod") == release(1)


def test_put_without_any_answer_is_unknown() -> None:
    lake = moody("lost", "lost", "lost")
    with pytest.raises(LakeError) as error:
        lake.put_release(release(1))
    assert (error.value.code, error.value.exit_code) == ("LW515", 5)


def test_unanswered_put_of_anothers_number_is_taken() -> None:
    lake = moody("well", "lost")
    lake.put_release(release(1, run_id="r1"))
    assert lake.put_release(release(1, run_id="r2")) == "taken"


def test_open_lake_makes_a_folder_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lake = open_lake(".lake")
    assert lake.uri == str(tmp_path / ".lake")
    assert not (tmp_path / ".lake").exists()


def test_newest_of_many_releases_is_found_without_reading_all() -> None:
    world = World()
    lake = world.lake()
    for number in range(1, 200):
        lake.put_release(release(number))
    seen: list[str] = []
    world.hook = lambda operation, path, moment: seen.append(operation)
    found = lake.latest("prod")
    assert found is not None
    assert found.release == 199
    assert seen == ["get", "get", "get"]


def test_state_of_a_missing_lake_is_empty_and_nothing_is_written(lake: Lake) -> None:
    state = lake.state("prod", ())
    assert (state.lake_id, state.release, state.restorable_from) == ("", None, None)
    assert not lake.exists()
    with pytest.raises(StopIteration):
        next(lake.store.list("_lakewright"))


def test_state_reads_released_sources_when_they_are_asked_for(lake: Lake) -> None:
    lake.create("flights", "id", NOW)
    define(lake)
    digest = lake.put_code("prod", FILES)
    lake.put_release(release(1, entry(code=digest)))
    state = lake.state("prod", ())
    assert state.release is not None
    assert state.release.tables[TABLE].schema == FIELDS
    assert state.restorable_from == 1
    assert [file.path for file in state.code[digest]] == ["pipelines/a.yml", "sql/a.sql"]
    assert list(state.code) == [digest]
    assert "another digest" not in state.code


def test_put_new_of_taken_name_raises_through(lake: Lake) -> None:
    lake.create("flights", "id", NOW)
    with pytest.raises(AlreadyExistsError):
        lake.store.put_new(paths.INFO, b"other")
