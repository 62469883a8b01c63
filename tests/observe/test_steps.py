"""One table in words."""

from __future__ import annotations

from dataclasses import replace

from goldens import Golden
from lakewright.observe import render_json
from lakewright.observe.steps import (
    list_document,
    readers_of,
    render_list,
    render_step,
    step_document,
)
from lakewright.specs import TableSpec
from observe.builders import check, graph, ingest_step, place, sql_step

FLIGHTS = sql_step(
    "silver.flights",
    "-- typed\nSELECT id\nFROM bronze.flights\n",
    "bronze.flights",
    description="One row per scheduled departure.",
    owner="ops@example.com",
    tags=("daily",),
    checks=(
        check("known_dest", "warn", ("dest",), "dest is a known airport"),
        replace(check("sane", "quarantine", ("delay",), "delay > -120"), tolerance=0.01),
    ),
)
SPEC = TableSpec(
    FLIGHTS.name,
    "table",
    "silver",
    FLIGHTS.where,
    owner="ops@example.com",
    tags=("daily", "ops"),
    key=("id",),
    places={
        "key": place("pipelines/flights/silver/flights.yml", 4),
        "tags": place("pipelines/flights/silver/flights.yml", 5),
    },
    provenance={"owner": "pipelines/_defaults.yml:1", "tags.daily": "pipelines/_defaults.yml:2"},
)
GRAPH = graph(ingest_step("bronze.flights"), FLIGHTS, sql_step("gold.a", "", "silver.flights"))


def test_show_says_everything_and_where_each_setting_came_from(golden: Golden) -> None:
    golden("observe/show.txt", render_step(FLIGHTS, SPEC, GRAPH))


def test_the_document_of_a_table(golden: Golden) -> None:
    golden("observe/show.json", render_json(step_document(FLIGHTS, SPEC, GRAPH)))


def test_an_ingest_shows_its_files(golden: Golden) -> None:
    golden("observe/show_ingest.txt", render_step(ingest_step("bronze.flights"), None, GRAPH))


def test_unknown_columns_are_said_to_be_unknown() -> None:
    text = render_step(replace(FLIGHTS, columns=None), SPEC, GRAPH)
    assert "known only when an engine has analysed it" in text


def test_the_list_is_in_build_order(golden: Golden) -> None:
    golden("observe/list.txt", render_list(list(GRAPH.steps.values())))


def test_the_list_document_names_every_table() -> None:
    tables = [item["table"] for item in list_document(list(GRAPH.steps.values()))["tables"]]
    assert tables == ["bronze.flights", "silver.flights", "gold.a"]


def test_readers_are_those_that_read_the_table_themselves() -> None:
    assert [str(name) for name in readers_of(FLIGHTS.name, GRAPH)] == ["gold.a"]
