"""Jinja in queries: macros are called by name, and places survive."""

from __future__ import annotations

import pytest

from lakewright.errors import Problem
from lakewright.specs import SourceFile, SqlText, load_files
from lakewright.specs.macros import read_macros
from lakewright.specs.templates import render_query
from specs.builders import project_of, table_of

MACROS = (
    "{# Money. #}\n"
    "{% macro cents(x) -%}\nCAST({{ x }} * 100 AS INT)\n{%- endmacro %}\n"
    "{% macro pick(names) %}{% for n in names %}{{ n }}{% if not loop.last %}, {% endif %}"
    "{% endfor %}{% endmacro %}\n"
)


def render(query: str, macros: str = MACROS) -> SqlText:
    found: list[Problem] = []
    known = read_macros([SourceFile("sql/_macros/m.sql", macros)], found)
    rendered = render_query("q.sql", query, known, found)
    assert rendered is not None, found
    return rendered.text


def refused(query: str, macros: str = MACROS) -> list[tuple[str, int, int]]:
    found: list[Problem] = []
    known = read_macros([SourceFile("sql/_macros/m.sql", macros)], found)
    assert render_query("q.sql", query, known, found) is None
    return [(p.code, p.where.line, p.where.column) for p in found if p.where]


def test_without_a_template_the_text_is_the_file() -> None:
    text = render("SELECT 1\n")
    assert (text.text, text.raw, len(text.segments)) == ("SELECT 1\n", "SELECT 1\n", 1)


def test_a_macro_is_called_by_its_name() -> None:
    assert render("SELECT {{ cents('a') }} AS c\n").text == "SELECT CAST(a * 100 AS INT) AS c\n"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT\n  {{ cents('a') }} AS c,\n  here\n",
        "SELECT {# a\ncomment #} {{ cents('a') }}\n  AS c, here",
        "SELECT {{- cents('a') -}}   \n\n AS c, here",
        "{{ cents('a') }}{{ cents('b') }}here",
        "SELECT {% raw %}{{ }}{% endraw %} {{ cents('a') }} here\n\n",
    ],
)
def test_text_after_a_template_keeps_its_place(query: str) -> None:
    text = render(query)
    place = text.place(text.text.index("here"))
    lines = query.split("\n")
    at = next(i for i, line in enumerate(lines) if "here" in line)
    assert (place.line, place.column) == (at + 1, lines[at].index("here") + 1)


def test_rendered_text_of_a_macro_has_the_place_of_its_call() -> None:
    text = render("SELECT 1,\n  {{ cents('a') }} AS c")
    place = text.place(text.text.index("100"))
    assert (place.line, place.column) == (2, 3)


def test_a_rendered_template_keeps_the_last_line_end() -> None:
    assert render("{{ cents('a') }}\n").text.endswith(")\n")


def test_macros_of_different_files_call_each_other() -> None:
    files = {
        "sql/_macros/a.sql": "{% macro twice(x) %}{{ once(x) }} + {{ once(x) }}{% endmacro %}",
        "sql/_macros/b.sql": "{% macro once(x) %}({{ x }}){% endmacro %}",
        "sql/_macros/c.sql": "{% macro other(x) %}{{ x }}{% endmacro %}",
        "sql/shop/silver/t.sql": "SELECT {{ twice('a') }} AS b",
    }
    spec = table_of(project_of(files), "silver.t")
    assert spec.query is not None
    assert spec.query.text == "SELECT (a) + (a) AS b"
    used = [file.path for file in spec.files if file.path.startswith("sql/_macros")]
    assert used == ["sql/_macros/a.sql", "sql/_macros/b.sql"]


def test_an_unknown_macro_is_reported_at_its_name_with_near_names() -> None:
    found: list[Problem] = []
    known = read_macros([SourceFile("sql/_macros/m.sql", MACROS)], found)
    render_query("q.sql", "SELECT\n  {{ cent('a') }}", known, found)
    assert found[0].hint == "did you mean `cents`?"
    assert refused("SELECT\n  {{ cent('a') }}") == [("LW161", 2, 6)]


def test_an_argument_without_quotes_is_reported_at_its_name() -> None:
    assert refused("SELECT {{ cents(amount) }}") == [("LW161", 1, 17)]


def test_a_template_that_does_not_parse_is_reported_at_its_line() -> None:
    assert refused("SELECT 1,\n  {{ cents('a' }}")[0][:2] == ("LW160", 2)


@pytest.mark.parametrize(
    "query",
    [
        "{% if true %}a{% endif %}",
        "{% for i in [1] %}a{% endfor %}",
        "{% set a = 1 %}",
        "{% import 'm.sql' as m %}",
        "{% include '/etc/passwd' %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 100000 }}",
        "{{ 'a'|center(1000000000) }}",
        "{{ cents.__globals__ }}",
        "{{ self }}",
    ],
)
def test_a_query_can_only_call_macros(query: str) -> None:
    assert refused(query)[0][0] in ("LW160", "LW161", "LW162")


@pytest.mark.parametrize(
    "body",
    [
        "{{ x.__class__ }}",
        "{{ x * 1000000000 }}",
        "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ m(x) }}",
        "{% include x %}",
        "{{ x|attr('__class__') }}",
    ],
)
def test_a_macro_is_cut_down_to_what_it_needs(body: str) -> None:
    macros = f"{{% macro m(x) %}}{body}{{% endmacro %}}"
    assert refused("{{ m('a') }}", macros)[0][0] in ("LW160", "LW162")


def test_two_macros_that_call_each_other_end_with_an_error() -> None:
    macros = "{% macro a(x) %}{{ b(x) }}{% endmacro %}{% macro b(x) %}{{ a(x) }}{% endmacro %}"
    assert [code for code, _, _ in refused("{{ a('x') }}", macros)] == ["LW165"]


def test_macros_that_double_their_text_end_with_an_error() -> None:
    doubling = "".join(
        f"{{% macro m{i}() %}}{{{{ m{i - 1}() }}}}{{{{ m{i - 1}() }}}}{{% endmacro %}}"
        for i in range(1, 60)
    )
    macros = "{% macro m0() %}" + "x" * 1000 + "{% endmacro %}" + doubling
    assert [code for code, _, _ in refused("{{ m59() }}", macros)] == ["LW165"]


def test_the_length_of_a_rendered_query_is_limited() -> None:
    macros = "{% macro m() %}" + "x" * 600_000 + "{% endmacro %}"
    assert [code for code, _, _ in refused("{{ m() }}{{ m() }}", macros)] == ["LW163"]


@pytest.mark.parametrize("call", ["cents()", "cents('a', 'b')", "cents(y='a')", "pick(1)"])
def test_a_call_that_fails_is_reported_at_its_expression(call: str) -> None:
    assert refused("SELECT 1,\n  {{ " + call + " }}") == [("LW165", 2, 3)]


def test_a_broken_macro_file_is_reported_once() -> None:
    files = {
        "sql/_macros/m.sql": "\n{% macro m( %}",
        "sql/a/silver/t.sql": "SELECT {{ m() }}",
        "sql/a/silver/u.sql": "SELECT {{ m() }}",
        "sql/a/silver/v.sql": "SELECT 1 AS id",
    }
    project = project_of(files)
    assert [problem.code for problem in project.problems] == ["LW160"]
    assert [str(spec.name) for spec in project.tables] == ["silver.v"]


def test_a_macro_defined_twice_is_reported() -> None:
    text = "{% macro m() %}1{% endmacro %}"
    project = project_of({"sql/_macros/a.sql": text, "sql/_macros/b.sql": text})
    assert [(p.code, p.where.path) for p in project.problems if p.where] == [
        ("LW164", "sql/_macros/b.sql")
    ]


def test_private_characters_in_a_template_are_refused() -> None:
    assert refused("SELECT '\ue0005c\ue001' {{ cents('a') }}")[0][0] == "LW160"


def test_rendering_is_the_same_for_a_released_table() -> None:
    files = {"sql/_macros/m.sql": MACROS, "sql/a/silver/t.sql": "SELECT {{ cents('a') }} AS c"}
    spec = table_of(project_of(files), "silver.t")
    assert load_files(spec.files).tables == (spec,)
