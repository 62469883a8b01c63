"""Groups 2 and 3 of the fault matrix: what Lakewright stores beside the tables is torn or gone.

There is no journal. What could be torn are release records, control records, `lake.json`, the hint
`LATEST` and the code store. What is damaged is never believed and never built upon; nothing that is
whole becomes unreadable; and once the bytes are back, everything goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lakewright.errors import LakewrightError
from lakewright.errors.pages import read_page
from lakewright.lake import ControlRecord
from lakewright.lake.records import seal, unseal
from proof.histories.judging import compare
from proof.histories.market import MAIN, Market, name
from proof.histories.model import Released, expect_apply
from proof.histories.project import Code
from proof.histories.situations import GOOD, MORE, begun, first_release

HOME = f"_lakewright/env/{MAIN}"
LATEST = f"{HOME}/LATEST"
CODE = Code(factor=2)

Damage = Callable[[bytes], bytes | None]


def record(number: int) -> str:
    return f"{HOME}/releases/{number:020d}.json"


@pytest.fixture
def market() -> Market:
    """Release 2, a hold by a person, and a file that waits."""
    found = begun().copy()
    assert found.run(found.plan(MAIN, CODE), found.process()).ok
    found.lake().put_control(
        MAIN, ControlRecord("hold", "why", "ana", found.now, (name("gold.totals"),), 2)
    )
    found.deliver(MORE)
    return found


def second() -> Released:
    found = expect_apply(first_release(), CODE, begun().inputs).release
    assert found is not None
    return found


def damage(market: Market, path: str, harm: Damage) -> bytes:
    """Harm an object; returns what it was."""
    good, modified = market.world.objects[path]
    bad = harm(good)
    if bad is None:
        del market.world.objects[path]
    else:
        market.world.objects[path] = (bad, modified)
    return good


def mend(market: Market, path: str, good: bytes) -> None:
    market.world.objects[path] = (good, market.now)


def code_of(act: Callable[[], object]) -> str:
    """The code of the refusal, which has a page and names what to do; exit code 5."""
    with pytest.raises(LakewrightError) as caught:
        act()
    (problem,) = caught.value.problems
    assert caught.value.exit_code == 5
    assert problem.hint
    assert read_page(problem.code)
    return problem.code


def newer(data: bytes) -> bytes:
    return seal({**unseal(data, "record"), "format_version": 2})


def of_another(data: bytes) -> bytes:
    return seal({**unseal(data, "record"), "environment": "elsewhere"})


TORN: dict[str, tuple[Damage, str]] = {
    "cut": (lambda data: data[:-1], "LW513"),
    "half": (lambda data: data[: len(data) // 2], "LW513"),
    "NUL tail": (lambda data: data[:-20] + b"\0" * 20, "LW513"),
    "twice": (lambda data: data + data, "LW513"),
    "empty": (lambda data: b"", "LW513"),
    "wrong checksum": (lambda data: data.replace(b'"reason":""', b'"reason":"x"'), "LW513"),
    "newer": (newer, "LW511"),
    "of another": (of_another, "LW513"),
    "gone": (lambda data: None, "LW513"),
}


@pytest.mark.parametrize("kind", TORN)
def test_a_damaged_latest_release_is_neither_read_nor_built_upon(market: Market, kind: str) -> None:
    harm, code = TORN[kind]
    good = damage(market, record(2), harm)
    left = dict(market.world.objects)
    for act in (
        lambda: market.plan(MAIN, GOOD),
        lambda: market.plan_refresh(MAIN),
        lambda: market.lake().latest(MAIN),
    ):
        assert code_of(act) == code
    assert market.world.objects == left
    compare(market.rows(market.lake().release(MAIN, 1)), first_release(), "release 1")
    mend(market, record(2), good)
    goes_on(market)


@pytest.mark.parametrize("kind", TORN)
def test_a_damaged_older_release_harms_only_its_own_readers(market: Market, kind: str) -> None:
    harm, code = TORN[kind]
    good = damage(market, record(1), harm)
    wanted = "LW514" if kind == "gone" else code
    assert code_of(lambda: market.lake().release(MAIN, 1)) == wanted
    compare(market.rows(market.lake().release(MAIN, 2)), second(), "release 2")
    assert market.run(market.plan(MAIN, CODE), market.process()).release == 3
    mend(market, record(1), good)
    goes_on(market)


def test_a_control_record_cut_at_any_byte_is_not_believed(market: Market) -> None:
    path = f"{HOME}/control/{1:020d}.json"
    whole = market.world.objects[path][0]
    for length in range(len(whole)):
        damage(market, path, lambda _, length=length: whole[:length])
        assert code_of(lambda: market.lake().control(MAIN)) == "LW513"
    mend(market, path, whole)
    assert [hold.table for hold in market.plan_refresh(MAIN).held] == [name("gold.totals")]


@pytest.mark.parametrize("kind", [kind for kind in TORN if kind not in {"of another", "gone"}])
def test_a_damaged_control_record_stops_runs_and_no_reader(market: Market, kind: str) -> None:
    harm, code = TORN[kind]
    path = f"{HOME}/control/{1:020d}.json"
    if kind == "wrong checksum":
        harm = lambda data: data.replace(b'"reason":"why"', b'"reason":"not"')  # noqa: E731
    good = damage(market, path, harm)
    assert code_of(lambda: market.plan(MAIN, GOOD)) == code
    assert code_of(lambda: market.plan_refresh(MAIN)) == code
    compare(market.rows(market.release(MAIN, 2)), second(), "release 2")
    mend(market, path, good)
    goes_on(market)


def test_a_control_record_that_tears_during_a_run_stops_its_release(market: Market) -> None:
    plan = market.plan(MAIN, CODE)
    good = damage(market, f"{HOME}/control/{1:020d}.json", lambda data: data[:9])
    report = market.run(plan, market.process())
    assert (report.exit_code, report.release) == (5, None)
    assert {problem.code for problem in report.problems} == {"LW513"}
    mend(market, f"{HOME}/control/{1:020d}.json", good)
    goes_on(market)


@pytest.mark.parametrize("kind", [kind for kind in TORN if kind not in {"of another", "gone"}])
def test_a_damaged_lake_file_stops_every_run(market: Market, kind: str) -> None:
    harm, code = TORN[kind]
    if kind == "wrong checksum":
        harm = lambda data: data.replace(b'"shop"', b'"stop"')  # noqa: E731
    good = damage(market, "_lakewright/lake.json", harm)
    assert code_of(lambda: market.plan(MAIN, GOOD)) == code
    mend(market, "_lakewright/lake.json", good)
    goes_on(market)


@pytest.mark.parametrize("hint", [b"", b"\0\0\0", b"1\n", b"1", b"two", b"2\n2\n", None])
def test_a_damaged_hint_misleads_nobody(market: Market, hint: bytes | None) -> None:
    damage(market, LATEST, lambda _: hint)
    latest = market.lake().latest(MAIN)
    assert latest is not None
    assert latest.release == 2
    goes_on(market)


def test_a_lost_release_is_not_made_again_by_another_run(market: Market) -> None:
    """Two releases of one number would read as one to whoever knew the first."""
    damage(market, record(2), lambda data: None)
    assert code_of(lambda: market.plan(MAIN, GOOD)) == "LW513"
    damage(market, LATEST, lambda data: None)
    assert market.run(market.plan(MAIN, GOOD), market.process()).release == 2


def test_a_gap_in_the_numbers_loses_no_later_release(market: Market) -> None:
    assert market.run(market.plan(MAIN, CODE), market.process()).release == 3
    damage(market, record(2), lambda data: None)
    latest = market.lake().latest(MAIN)
    assert latest is not None
    assert latest.release == 3
    assert market.plan(MAIN, CODE).empty
    assert market.run(market.plan(MAIN, GOOD), market.process()).release == 4


def test_a_record_under_a_number_to_come_is_not_taken_for_a_release(market: Market) -> None:
    market.world.objects[record(3)] = market.world.objects[record(2)]
    assert code_of(lambda: market.plan(MAIN, GOOD)) == "LW513"
    assert code_of(lambda: market.lake().release(MAIN, 3)) == "LW513"
    damage(market, record(3), lambda data: None)
    goes_on(market)


def test_a_record_that_is_taken_by_torn_bytes_is_not_overwritten(market: Market) -> None:
    """What stands at the next number was put by somebody: the run stops, and says which file."""
    plan = market.plan(MAIN, CODE)
    market.world.objects[record(3)] = (b'{"format_version":1,', market.now)
    report = market.run(plan, market.process())
    assert (report.release, {problem.code for problem in report.problems}) == (None, {"LW513"})
    assert market.world.objects[record(3)][0] == b'{"format_version":1,'
    damage(market, record(3), lambda data: None)
    goes_on(market)


@pytest.mark.parametrize("victim", ["manifest", "source"])
@pytest.mark.parametrize("kind", ["cut", "empty", "gone"])
def test_damaged_code_is_not_run_and_an_apply_stores_it_again(
    market: Market, victim: str, kind: str
) -> None:
    release = market.release(MAIN, 2)
    folder = f"{HOME}/code/{release.tables[name('silver.orders')].code}"
    stored = [path for path in market.world.objects if path.startswith(folder)]
    path = next(p for p in stored if p.endswith("manifest.json") == (victim == "manifest"))
    damage(market, path, TORN[kind][0])
    assert code_of(lambda: market.plan_refresh(MAIN)) in {"LW513", "LW516"}
    compare(market.rows(release), second(), "release 2")
    assert market.run(market.plan(MAIN, CODE, full=True), market.process()).release == 3
    assert market.plan_refresh(MAIN).empty
    goes_on(market)


def goes_on(market: Market) -> None:
    """With whole bytes the next run publishes what it should, and the plan after it is empty."""
    expected = expect_apply(second(), CODE, market.inputs).release
    assert expected is not None
    assert market.run(market.plan(MAIN, CODE), market.process()).ok
    latest = market.lake().latest(MAIN)
    assert latest is not None
    compare(market.rows(latest), expected, "the next release")
    assert market.plan(MAIN, CODE).empty
    market.close()
