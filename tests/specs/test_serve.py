"""What a target says of serving."""

from __future__ import annotations

import pytest

from lakewright.names import TableName
from lakewright.specs import Project, ServeSpec, resolve_target
from specs.builders import found_in, project_of

TOTALS = TableName("gold", "totals")


def project(serve: str) -> Project:
    return project_of(
        {}, f"name: shop\ntargets:\n  prod:\n    lake: x\n    engine: spark\n    serve: {serve}\n"
    )


def spec(serve: str) -> ServeSpec:
    found = project(serve)
    assert found.problems == ()
    served = resolve_target(found, "prod", {}, "ana").serve
    assert served is not None
    return served


def test_a_target_serves_nothing_unless_it_says_so() -> None:
    plain = project_of({}, "name: shop\ntargets: {prod: {lake: x}}\n")
    assert resolve_target(plain, "prod", {}, "ana").serve is None


def test_an_empty_mapping_is_views_under_the_tables_own_names() -> None:
    served = spec("{}")
    assert (served.mode, served.catalog) == ("view", "spark_catalog")
    assert served.name_of(TOTALS, "prod") == ("gold", "totals")


@pytest.mark.parametrize("mode", ["view", "table"])
def test_a_word_alone_says_how(mode: str) -> None:
    assert spec(mode).mode == spec(f"{{as: {mode}}}").mode == mode


@pytest.mark.parametrize(
    ("pattern", "served"),
    [
        ("{schema}", ("gold", "totals")),
        ("{environment}_{schema}", ("prod_gold", "totals")),
        ("marts", ("marts", "gold_totals")),
        ("{environment}", ("prod", "gold_totals")),
    ],
)
def test_a_pattern_places_a_table(pattern: str, served: tuple[str, str]) -> None:
    assert spec(f'{{schema: "{pattern}"}}').name_of(TOTALS, "prod") == served


def test_layers_choose_schemas() -> None:
    served = spec("{layers: [silver, gold]}")
    assert served.schemas == ("gold", "silver")
    assert served.serves(TOTALS, "table")
    assert not served.serves(TableName("bronze", "orders"), "ingest")


def test_a_layer_without_a_schema_serves_nothing() -> None:
    found = project_of(
        {},
        "name: shop\nschemas: {raw: bronze}\ntargets: {prod: {lake: x, serve: {layers: [gold]}}}\n",
    )
    served = resolve_target(found, "prod", {}, "ana").serve
    assert served is not None
    assert not served.serves(TableName("raw", "orders"), "table")


def test_sources_and_companions_are_never_served() -> None:
    served = spec("view")
    assert not served.serves(TOTALS, "source")
    assert not served.serves(TOTALS.quarantine, "quarantine")


def test_readers_are_named_once() -> None:
    served = spec("{grants: {select: [analysts, data team, analysts]}}")
    assert served.readers == ("analysts", "data team")


@pytest.mark.parametrize(
    ("serve", "code", "column"),
    [
        ('{schema: "{layer}"}', "LW390", 21),
        ("{schema: Marts}", "LW390", 21),
        ("{schema: a.b}", "LW390", 21),
        ("{catalog: a-b}", "LW126", 22),
        ("{as: clone}", "LW125", 17),
        ("clone", "LW125", 12),
        ("{schemata: x}", "LW120", 13),
        ("{layers: [platinum]}", "LW132", 22),
        ('{grants: {select: ["a\\nb"]}}', "LW122", 31),
        ('{grants: {select: [" "]}}', "LW122", 31),
        ("{grants: {insert: [a]}}", "LW120", 22),
    ],
)
def test_what_is_wrong_is_told_at_its_place(serve: str, code: str, column: int) -> None:
    assert found_in(project(serve)) == [(code, 6, column)]
