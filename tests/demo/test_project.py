"""What the demo's specs promise about each other."""

from __future__ import annotations

from demo.warehouses import ROOT
from lakewright.graph import compile_project
from lakewright.specs import Project, load_project


def demo() -> Project:
    return load_project(ROOT)


def test_every_table_has_a_description_an_owner_and_a_key() -> None:
    bare = [
        str(table.name)
        for table in demo().tables
        if not (table.description and table.owner and table.key)
    ]
    assert bare == []


def test_every_column_of_a_table_has_a_type_and_a_description() -> None:
    bare = [
        f"{table.name}.{column.name}"
        for table in demo().tables
        for column in table.columns
        if not (column.type and column.description)
    ]
    assert bare == []


def test_every_policy_is_used() -> None:
    graph = compile_project(demo())
    used = {check.on_fail for step in graph.steps.values() for check in step.checks}
    assert used == {"fail", "quarantine", "drop", "warn"}


def test_same_query_over_the_same_versions_gives_the_same_rows() -> None:
    graph = compile_project(demo())
    steps = [step for step in graph.steps.values() if step.kind == "table"]
    assert [str(step.name) for step in steps if not step.deterministic] == ["gold.delay_score"]
