"""Whatever a full recompute changes after an edit is in the plan of the edit.

The projects and edits of `make check` are always the same ones; with `HISTORIES` set, as in
`make soak`, they are more, and others each time.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from random import Random

import duckdb
import pytest

from lakewright.errors import SpecError
from lakewright.graph import compile_project
from lakewright.plans import make_plan
from proof.edits.projects import draw_edit, draw_project, files_of
from proof.edits.worlds import NOW, contents_of, fill_sources, loaded, released

PROJECTS = int(os.environ.get("HISTORIES", "25"))
EDITS = 8  # of each project
FIRST = random.SystemRandom().randrange(10**9) if "HISTORIES" in os.environ else 0


def test_whatever_a_full_recompute_changes_was_in_the_plan() -> None:
    seen: Counter[str] = Counter()
    with duckdb.connect(":memory:") as duck:
        fill_sources(duck)
        for seed in range(FIRST, FIRST + PROJECTS):
            seen += _try_project(Random(seed), duck, seed)
    # A plan that spares nobody, or edits that change nothing, would prove nothing.
    assert seen["spared"] > PROJECTS // 3, seen
    assert seen["changed"] > PROJECTS, seen


def _try_project(draw: Random, duck: duckdb.DuckDBPyConnection, seed: int) -> Counter[str]:
    """What was seen; edits that do not compile, or that the engine refuses, are left out."""
    seen: Counter[str] = Counter()
    written = draw_project(draw)
    try:
        project = loaded(files_of(written))
        old = compile_project(project)
        then = contents_of(old, duck)
    except (SpecError, duckdb.Error):
        return Counter(refused=1)
    state = released(old)
    for at in range(EDITS):
        files = files_of(written, draw_edit(draw, written))
        try:
            new = compile_project(loaded(files, project))
            now = contents_of(new, duck)
        except (SpecError, duckdb.Error):
            seen["refused"] += 1
            continue
        plan = make_plan(new, state, NOW)
        changed = {name for name in now if now[name] != then[name]}
        missed = changed - {change.table for change in plan.changes}
        if missed:
            pytest.fail(f"seed {seed}, edit {at}: {sorted(missed)} of {files_of(written)}: {files}")
        seen.update(edits=1, changed=len(changed), spared=len(plan.spared))
    return seen
