"""One grammar for every verb that takes `-s`."""

from __future__ import annotations

import inspect
import json

import pytest

from cli.programs import Cli
from lakewright.cli import commands
from lakewright.cli.verbs import VERBS

ARGUMENTS = {
    "apply": ("--yes",),
    "diff": ("1..1",),
    "rollback": ("--to", "1", "--reason", "a test", "--plan"),
}
SELECTING = [
    verb.name
    for verb in VERBS
    if "select" in inspect.signature(getattr(commands, verb.name)).parameters
]


def test_these_verbs_select() -> None:
    expected = {"apply", "diff", "ls", "plan", "refresh", "rollback", "test"}
    assert expected <= set(SELECTING)


@pytest.mark.parametrize("verb", SELECTING)
def test_selecting_nothing_is_exit_2_with_near_names_on_every_verb(built: Cli, verb: str) -> None:
    done = built(verb, *ARGUMENTS.get(verb, ()), "-s", "silver.ordrs+")
    assert (done.code, done.out) == (2, "")
    assert "LW301" in done.err
    assert "silver.orders" in done.err


@pytest.mark.parametrize("verb", SELECTING)
def test_an_unknown_method_is_exit_2_on_every_verb(built: Cli, verb: str) -> None:
    done = built(verb, *ARGUMENTS.get(verb, ()), "-s", "tga:daily")
    assert done.code == 2
    assert "did you mean `tag`?" in done.err


@pytest.mark.parametrize("verb", SELECTING)
def test_state_is_read_by_every_verb(built: Cli, verb: str) -> None:
    done = built(verb, *ARGUMENTS.get(verb, ()), "-s", "state:modified+")
    assert done.code == 2
    assert "nothing is selected by `state:modified+`" in done.err


@pytest.mark.parametrize(
    ("expression", "tables"),
    [
        ("gold.customer_totals", "customer_totals"),
        ("+customer_totals", "orders orders customer_totals"),
        ("1+customer_totals", "orders customer_totals"),
        ("silver.orders+", "orders customer_totals"),
        ("layer:silver,path:pipelines/shop", "orders"),
        ("schema:g* layer:silver", "orders customer_totals"),
        ("source:orders+1", "orders orders"),
    ],
)
def test_a_form_selects_the_same_for_listing_and_planning(
    built: Cli, expression: str, tables: str
) -> None:
    listed = json.loads(built("ls", "-s", expression, "--json").out)["tables"]
    planned = json.loads(built("plan", "--full", "-s", expression, "--json").out)["changes"]
    names = [table["table"] for table in listed]
    assert [name.partition(".")[2] for name in names] == tables.split()
    assert [change["table"] for change in planned] == names


def test_before_the_first_release_every_table_is_modified(cli: Cli) -> None:
    listed = json.loads(cli("ls", "-s", "state:modified", "--json").out)["tables"]
    assert len(listed) == 3
