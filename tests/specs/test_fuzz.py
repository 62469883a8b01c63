"""Whatever bytes a file holds, loading ends with a project and problems, or with a SpecError."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lakewright.errors import SpecError
from lakewright.specs import Project, load_project
from specs.builders import SETTINGS, project_of

SPEC = (
    "table: silver.t # all\nkind: table\nkey: [id]\nowner: &o 'ana'\ntags: [*o, \"b\"]\n"
    "columns:\n  id: {type: int, description: |\n  x}\n"
    "expect:\n  - {not_null: [id], on_fail: warn, tolerance: 1%}\n  - between: {min: 1.5}\n"
    "query: |\n  SELECT {{ m('a') }}\n  AS id\n"
)
QUERY = "SELECT {{ m('a') }} AS id, {# c #} {% raw %}x{% endraw %}\nFROM silver.t\n"
MACROS = (
    "{% macro m(x) -%}\n{% if x %}{{ x|upper }}{% endif %}"
    "{% for a in [x] %}{{ a }}{% endfor %}\n{%- endmacro %}\n"
)
MODULE = "from . import near\ndef build(inputs):\n    return inputs.vars['limit']\n"
WORDS = "{ } [ ] : :_ -_ ~ | > &a_ *a ! !!str_ % --- ... ?_ ' # {{ }} {% %} -%} {#_ 0 null ${ <<:_"
MORE = ["2013-13-45", "${env:X}", "é", "9" * 30, "\\", '"', "\n", "\t", "\r\n", "%YAML 9.9\n"]
ODD = ["\x00", "\ufeff", "\u2028", "\ue000"]
PIECES = st.sampled_from([*(word.replace("_", " ") for word in WORDS.split()), *MORE, *ODD])


def mutate(text: str) -> st.SearchStrategy[str]:
    """`text` with a few pieces put in and a few spans cut out."""
    edit = st.tuples(st.integers(0, len(text)), st.integers(0, 12), PIECES | st.text(max_size=3))

    def apply(edits: list[tuple[int, int, str]]) -> str:
        changed = text
        for at, cut, piece in edits:
            changed = changed[:at] + piece + changed[at + cut :]
        return changed

    return st.lists(edit, min_size=1, max_size=4).map(apply)


def is_sound(load: Callable[[], Project]) -> bool:
    try:
        project = load()
    except SpecError as error:
        return all(problem.code.startswith("LW1") for problem in error.problems)
    return all(p.code.startswith("LW1") and p.where for p in project.problems)


def with_file(path: str, text: str) -> Callable[[], Project]:
    files = {
        "pipelines/a/silver/t.yml": SPEC,
        "sql/a/silver/u.sql": QUERY,
        "sql/_macros/m.sql": MACROS,
        "pipelines/a/gold/p.yml": "table: gold.p\npython: 'p:build'\nreads: [silver.t]\n",
        "pipelines/a/gold/p.py": MODULE,
    }
    return lambda: project_of({**files, path: text})


def test_the_project_that_is_mutated_is_sound() -> None:
    text = SPEC.replace("description: |\n  x}", "description: x}")
    assert with_file("pipelines/a/silver/t.yml", text)().problems == ()


@settings(max_examples=150, deadline=None)
@given(mutate(SPEC))
def test_any_spec_is_read_or_reported(text: str) -> None:
    assert is_sound(with_file("pipelines/a/silver/t.yml", text))


@settings(max_examples=60, deadline=None)
@given(mutate("owner: a\ntags: [b]\nexpect: [{not_null: [id]}]\nretention: 3d\n"))
def test_any_defaults_are_read_or_reported(text: str) -> None:
    assert is_sound(with_file("pipelines/_defaults.yml", text))


@settings(max_examples=80, deadline=None)
@given(mutate(SETTINGS + "targets: {dev: {lake: '${env:A}', conf: {a: b}}}\nlayers: [a, b]\n"))
def test_any_settings_are_read_or_refused(text: str) -> None:
    assert is_sound(lambda: project_of({"sql/a/silver/t.sql": "SELECT 1"}, text))


@settings(max_examples=100, deadline=None)
@given(mutate(QUERY))
def test_any_query_is_rendered_or_reported(text: str) -> None:
    assert is_sound(with_file("sql/a/silver/u.sql", text))


@settings(max_examples=100, deadline=None)
@given(mutate(MACROS))
def test_any_macros_are_read_or_reported(text: str) -> None:
    assert is_sound(with_file("sql/_macros/m.sql", text))


@settings(max_examples=60, deadline=None)
@given(mutate(MODULE))
def test_any_module_is_read_or_reported(text: str) -> None:
    assert is_sound(with_file("pipelines/a/gold/p.py", text))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_on_disk_are_read_or_reported(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "lakewright.yml").write_text("name: shop\n")
        (root / "pipelines").mkdir()
        (root / "pipelines" / "t.yml").write_bytes(data)
        assert is_sound(lambda: load_project(root))


@settings(max_examples=60, deadline=None)
@given(mutate(QUERY))
def test_every_character_of_a_rendered_query_has_a_place_in_the_file(text: str) -> None:
    project = with_file("sql/a/silver/u.sql", text)()
    for spec in project.tables:
        query = spec.query
        for offset in range(len(query.text) if query else 0):
            assert query is not None
            place = query.place(offset)
            assert 1 <= place.column <= len(place.text) + 1
