"""One writer per group: in memory, by OS locks, and by numbered objects with an expiry."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import obstore.store
import pytest

from fakes.lake import MemoryClaims, MemoryStore, World
from lake.samples import NOW, TABLE
from lakewright.errors import RefusedError
from lakewright.lake import Claims, LocalClaims, ObjectStore, StoreClaims
from lakewright.lake.cloud import CloudStore
from lakewright.names import TableName

OTHER = TableName("gold", "month")
HOLD = """
import sys, os, datetime as dt
from lakewright.lake import LocalClaims
from lakewright.names import TableName
claim = LocalClaims(sys.argv[1]).claim(
    "prod", TableName("silver", "flights"), "theirs", dt.datetime.now(dt.UTC))
if len(sys.argv) > 2:
    claim.record_jvm(int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
print("held", flush=True)
sys.stdin.readline()
os._exit(9)
"""


@pytest.fixture(params=["memory", "local", "store", "cloud"])
def claims(request: pytest.FixtureRequest, tmp_path: Path) -> Claims:
    match request.param:
        case "memory":
            return MemoryClaims(World())
        case "local":
            return LocalClaims(str(tmp_path))
        case "store":
            return StoreClaims(MemoryStore(), clock=lambda: NOW)
        case _:
            return StoreClaims(CloudStore(obstore.store.MemoryStore()), clock=lambda: NOW)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as error:
        call()
    return error.value.code


def test_group_is_claimed_by_one(claims: Claims) -> None:
    held = claims.claim("prod", TABLE, "r1", NOW)
    assert refused(lambda: claims.claim("prod", TABLE, "r2", NOW)) == "LW520"
    held.verify()
    assert (held.group, held.run_id) == (TABLE, "r1")


def test_groups_and_environments_are_apart(claims: Claims) -> None:
    claims.claim("prod", TABLE, "r1", NOW)
    claims.claim("prod", OTHER, "r2", NOW).verify()
    claims.claim("dev_ana", TABLE, "r3", NOW).verify()


def test_released_claim_is_free_again(claims: Claims) -> None:
    held = claims.claim("prod", TABLE, "r1", NOW)
    held.release()
    held.release()
    claims.claim("prod", TABLE, "r2", NOW).verify()


def test_released_claim_is_no_longer_ours(claims: Claims) -> None:
    held = claims.claim("prod", TABLE, "r1", NOW)
    held.release()
    assert refused(held.verify) == "LW521"


def test_renewed_claim_is_still_ours(claims: Claims) -> None:
    held = claims.claim("prod", TABLE, "r1", NOW)
    held.renew(NOW + timedelta(minutes=1))
    held.verify()


def test_many_turns_leave_no_heap_of_objects(claims: Claims) -> None:
    for turn in range(5):
        claims.claim("prod", TABLE, f"r{turn}", NOW).release()
    claims.claim("prod", TABLE, "last", NOW).verify()
    if isinstance(claims, StoreClaims):
        assert len(list(claims.store.list("_lakewright"))) <= 4


def test_claim_of_a_killed_process_is_free_in_the_fake() -> None:
    world = World()
    lost = world.lake("first").claim("prod", TABLE, "r1", NOW)
    world.kill("first")
    world.lake("second").claim("prod", TABLE, "r2", NOW).verify()
    assert refused(lost.verify) == "LW521"


def other_process(root: Path, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")


def test_live_process_keeps_its_claim_and_a_dead_one_loses_it(tmp_path: Path) -> None:
    process = other_process(tmp_path)
    claims = LocalClaims(str(tmp_path))
    try:
        with pytest.raises(RefusedError) as error:
            claims.claim("prod", TABLE, "mine", NOW)
        assert "theirs" in str(error.value)
        assert str(process.pid) in str(error.value)
    finally:
        end(process)
    claims.claim("prod", TABLE, "mine", NOW).release()


def test_claim_is_kept_while_the_dead_runs_jvm_lives(tmp_path: Path) -> None:
    jvm = subprocess.Popen(["sleep", "60"])
    claims = LocalClaims(str(tmp_path))
    try:
        end(other_process(tmp_path, str(jvm.pid)))
        assert refused(lambda: claims.claim("prod", TABLE, "mine", NOW)) == "LW520"
    finally:
        jvm.kill()
        jvm.wait()
    claims.claim("prod", TABLE, "mine", NOW).release()


@pytest.mark.parametrize("ended", [True, False])
def test_claim_in_a_jvm_that_lives_on_is_free_when_the_dead_runs_work_has_ended(
    tmp_path: Path, ended: bool
) -> None:
    asked: list[str] = []

    def has_ended(work: str) -> bool:
        asked.append(work)
        return ended

    end(other_process(tmp_path, str(os.getpid()), "their work"))
    claims = LocalClaims(str(tmp_path), has_ended)
    if ended:
        claims.claim("prod", TABLE, "mine", NOW).release()
    else:
        assert refused(lambda: claims.claim("prod", TABLE, "mine", NOW)) == "LW520"
    assert asked == ["their work"]


def test_work_in_a_jvm_is_not_asked_about_while_its_process_lives(tmp_path: Path) -> None:
    process = other_process(tmp_path, str(os.getpid()), "their work")
    try:
        claims = LocalClaims(str(tmp_path), lambda _work: True)
        assert refused(lambda: claims.claim("prod", TABLE, "mine", NOW)) == "LW520"
    finally:
        end(process)


def test_number_of_a_dead_jvm_that_another_process_got_holds_nothing(tmp_path: Path) -> None:
    claims = LocalClaims(str(tmp_path))
    held = claims.claim("prod", TABLE, "r1", NOW)
    held.record_jvm(os.getpid())
    held.path.write_text(held.path.read_text().replace('"jvm_started": "', '"jvm_started": "9'))
    os.close(held.handle)
    claims.claim("prod", TABLE, "r2", NOW).release()


def test_claim_whose_file_was_removed_is_lost(tmp_path: Path) -> None:
    held = LocalClaims(str(tmp_path)).claim("prod", TABLE, "r1", NOW)
    held.path.unlink()
    assert refused(held.verify) == "LW521"
    held.release()


@pytest.fixture(params=["memory", "cloud"])
def objects(request: pytest.FixtureRequest) -> ObjectStore:
    cloud = request.param == "cloud"
    return CloudStore(obstore.store.MemoryStore()) if cloud else MemoryStore()


def test_expired_claim_is_taken_over_and_noticed(objects: ObjectStore) -> None:
    later = NOW + timedelta(minutes=6)
    first = StoreClaims(objects, clock=lambda: NOW).claim("prod", TABLE, "r1", NOW)
    second = StoreClaims(objects, clock=lambda: later).claim("prod", TABLE, "r2", later)
    second.verify()
    assert refused(first.verify) == "LW521"
    assert refused(lambda: first.renew(later)) == "LW521"
    second.verify()


def test_renewed_claim_does_not_expire_at_its_first_time(objects: ObjectStore) -> None:
    held = StoreClaims(objects, clock=lambda: NOW).claim("prod", TABLE, "r1", NOW)
    held.renew(NOW + timedelta(minutes=4))
    later = StoreClaims(objects, clock=lambda: NOW + timedelta(minutes=6))
    at = NOW + timedelta(minutes=6)
    assert refused(lambda: later.claim("prod", TABLE, "r2", at)) == "LW520"


def test_claim_past_its_time_is_no_longer_ours_even_if_nobody_took_it(objects: ObjectStore) -> None:
    now = [NOW]
    held = StoreClaims(objects, clock=lambda: now[0]).claim("prod", TABLE, "r1", NOW)
    now[0] = NOW + timedelta(minutes=6)
    assert refused(held.verify) == "LW521"
