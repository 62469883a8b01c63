"""The past of one table as text and JSON."""

from __future__ import annotations

from dataclasses import replace

from goldens import Golden
from lakewright.lake import Commit, Span
from lakewright.observe import render_json
from lakewright.observe.pasts import past_document, render_past
from lakewright.runtime.past import Past, PastVersion
from observe.builders import NOW, RUN, entry, name, release, result, used

TABLE = "silver.orders"
PLACE = f"prod/{TABLE.replace('.', '/')}"


def commit(version: int, operation: str = "WRITE", token: str | None = f"lw:{RUN}:t") -> Commit:
    changes = operation == "WRITE"
    return Commit(version, operation, token, changes, 5, 10, NOW.replace(hour=version))


NEWER = entry(TABLE, 4, inputs={name("bronze.orders"): used(7), name("bronze.more"): used(1)})
OLDER = entry(TABLE, 1, checks=(result("fits", "warn", "warn", 7),))
SPANS = (
    Span(release(41, by="ana@laptop"), 42, NEWER),
    Span(release(3), 40, OLDER),
    Span(release(2), 2, None),
    Span(release(1), 1, OLDER),
)
PAST = Past(
    name(TABLE),
    (
        PastVersion(PLACE, 6, commit(6, token=None), (), restorable=False),
        PastVersion(PLACE, 5, commit(5, "OPTIMIZE", None), (), restorable=False),
        PastVersion(PLACE, 4, commit(4), SPANS[:1], restorable=True),
        PastVersion(PLACE, 1, commit(1), (SPANS[1], SPANS[3]), restorable=False),
        PastVersion(PLACE, 0, commit(0, "CREATE TABLE"), (), restorable=False),
    ),
    SPANS,
    walked_to=1,
)


def test_the_past_of_a_table(golden: Golden) -> None:
    golden("observe/past.txt", render_past(PAST))
    golden("observe/past_verbose.txt", render_past(PAST, verbose=True))


def test_the_document_of_a_past(golden: Golden) -> None:
    golden("observe/past.json", render_json(past_document(PAST, "prod")))


def test_a_walk_that_stopped_says_where() -> None:
    text = render_past(replace(PAST, complete=False, walked_to=41))
    assert text.splitlines()[-1] == "Looked back to release 41; --limit shows more."


def test_what_is_not_known_to_be_first_is_not_called_created() -> None:
    whole = past_document(PAST, "prod")["changes"]
    assert [(it["release"], it["did"]) for it in whole] == [
        (41, "refreshed"),
        (3, "created"),
        (2, "dropped"),
        (1, "created"),
    ]
    stopped = past_document(replace(PAST, spans=SPANS[:2], complete=False), "prod")["changes"]
    assert [it["release"] for it in stopped] == [41]
