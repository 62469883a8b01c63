"""Seeds, lists and the project's own rules, mutated: read or reported, and stored as they are."""

from __future__ import annotations

from hypothesis import given, settings

from lakewright.errors import Problem
from lakewright.graph import compile_project
from lakewright.specs import SourceFile, load_released, read_csv
from specs.builders import project_of
from specs.test_fuzz import is_sound, mutate

EACH = (
    "table: gold.t_${each.r}\n# of each\nfor_each:  # rows\n"
    '  - {r: a, n: 1, day: 2013-01-31, text: "it\'s ${x"}\n  - r: b\n    n: -2.5\n'
    "    day: 2013-02-01\n    text: 'b: c'\n\nowner: ${each.text}\n"
    'expect: [{at_least: {column: id, limit: "${each.n}"}, where: "id > ${each.r}"}]\n'
)
RULE = (
    "rule: at_least\nparameters: {column: column, limit: {type: number, default: 0}}\n"
    "expression: \":column >= :limit OR ':x' = 'y'\"\n"
)
CSV = 'id,name,day\n1,"a ""b""",2013-01-31\n2,,\n'
FILES = {
    "pipelines/gold/t.yml": EACH.replace("${x", "x").replace("id > ${each.r}", "id > 0"),
    "sql/gold/t.sql": "SELECT {{ each.r }}.id, :each.text AS x FROM silver.s AS {{ each.r }}\n",
    "pipelines/silver/s.yml": "table: silver.s\nkind: seed\nfile: s.csv\n",
    "pipelines/silver/s.csv": CSV,
    "rules/at_least.yml": RULE,
}


def test_the_project_that_is_mutated_is_sound() -> None:
    project = project_of(FILES)
    assert project.problems == ()
    assert len(compile_project(project).steps) == 3


@settings(max_examples=60, deadline=None)
@given(mutate(EACH))
def test_any_list_is_read_or_reported_and_reads_the_same_when_it_is_stored(text: str) -> None:
    files = {**FILES, "pipelines/gold/t.yml": text}
    assert is_sound(lambda: project_of(files))
    project = project_of(files)
    for spec in project.tables:
        (again,) = load_released([spec.files]).tables
        assert (again.name, again.code, again.each) == (spec.name, spec.code, spec.each)
        assert [(rule.argument, rule.only_where) for rule in again.expect] == [
            (rule.argument, rule.only_where) for rule in spec.expect
        ]


@settings(max_examples=40, deadline=None)
@given(mutate(RULE))
def test_any_rule_is_read_or_reported(text: str) -> None:
    assert is_sound(lambda: project_of({**FILES, "rules/at_least.yml": text}))


@settings(max_examples=40, deadline=None)
@given(mutate(CSV))
def test_any_csv_is_read_or_reported(text: str) -> None:
    problems: list[Problem] = []
    csv = read_csv(SourceFile("a.csv", text), problems)
    assert (csv is None) is bool(problems)
    if csv is not None:
        assert csv.values(list(csv.types().values()), problems) is not None
        assert problems == []
