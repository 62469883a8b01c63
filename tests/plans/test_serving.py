"""What a plan says of a catalog, from the release and a note alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakewright.errors import Place, RefusedError
from lakewright.lake import ServedNote
from lakewright.names import TableName
from lakewright.plans import RestoreTable, count_behind, make_serving, served_marks, served_names
from lakewright.specs import ServeSpec
from runtime.shop import DAY_TWO, ENVIRONMENT, Shop

SPEC = ServeSpec("spark_catalog", "{schema}", Place("lakewright.yml", 5))


def note_of(shop: Shop, spec: ServeSpec = SPEC) -> ServedNote:
    """As serving leaves it for the latest release."""
    release = shop.latest()
    marks = served_marks(spec, release.tables.values(), ENVIRONMENT)
    return ServedNote(release.release, True, tables={str(name): marks[name] for name in marks})


@pytest.fixture
def built() -> Shop:
    shop = Shop.open()
    assert shop.apply().ok
    return shop


def test_a_first_plan_serves_what_it_creates_and_nothing_is_behind() -> None:
    serving = make_serving(SPEC, Shop.open().plan(), None)
    assert (serving.objects, serving.behind, serving.release) == (4, 0, None)
    assert serving.schemas == ("gold", "silver")


def test_a_release_that_was_never_served_is_behind_whole(built: Shop) -> None:
    serving = make_serving(SPEC, built.plan(), None)
    assert (serving.objects, serving.behind, serving.release) == (4, 4, 1)


def test_what_was_served_is_not_behind(built: Shop) -> None:
    assert make_serving(SPEC, built.plan(), note_of(built)).behind == 0


def test_only_what_moved_since_is_behind(built: Shop) -> None:
    note = note_of(built)
    built.orders(DAY_TWO)
    assert built.apply().ok
    assert make_serving(SPEC, built.plan(), note).behind == 3


def test_what_left_the_release_is_behind_until_it_is_withdrawn(built: Shop) -> None:
    note = note_of(built)
    extra = replace(note, tables={**note.tables, "gold.gone": "x"})
    assert make_serving(SPEC, built.plan(), extra).behind == 1


def test_a_serving_that_did_not_end_is_behind(built: Shop) -> None:
    assert make_serving(SPEC, built.plan(), replace(note_of(built), done=False)).behind == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, mode="table"),
        replace(SPEC, pattern="marts"),
        replace(SPEC, readers=("analysts",)),
    ],
)
def test_another_way_of_serving_is_behind_whole(built: Shop, other: ServeSpec) -> None:
    assert make_serving(other, built.plan(), note_of(built)).behind == 4


def test_a_drop_is_not_counted_any_more(built: Shop) -> None:
    for path in ("pipelines/gold/large.yml", "sql/gold/large.sql"):
        built.files.pop(path)
    plan = built.plan(allow_destructive=frozenset({TableName("gold", "large")}))
    assert make_serving(SPEC, plan, None).objects == 3
    assert make_serving(SPEC, built.plan(), None).objects == 4


def test_a_restore_counts_what_is_there_afterwards(built: Shop) -> None:
    entry = built.latest().tables[TableName("gold", "large")]
    gone, back = RestoreTable(entry.table, "view", entry, None, ()), TableName("gold", "was")
    new = RestoreTable(back, "view", None, replace(entry, table=back), ())
    plan = built.plan()
    assert make_serving(SPEC, replace(plan, changes=(gone,)), None).objects == 3
    assert make_serving(SPEC, replace(plan, changes=(gone, new)), None).objects == 4


def test_two_tables_of_one_name_are_refused() -> None:
    kinds = {TableName("a", "b_c"): "table", TableName("a_b", "c"): "table"}
    assert len(served_names(SPEC, kinds, "prod")) == 2
    with pytest.raises(RefusedError) as caught:
        served_names(replace(SPEC, pattern="marts"), kinds, "prod")
    assert (caught.value.code, caught.value.problems[0].where) == ("LW392", SPEC.where)


def test_without_a_note_everything_is_behind() -> None:
    assert count_behind({TableName("gold", "a"): "x"}, None) == 1
    assert count_behind({}, None) == 0
