"""Values to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from lakewright.graph import Graph, compile_project
from lakewright.graph.codec import CodecError, decode, encode
from lakewright.names import TableName
from lakewright.specs import Project, load_project

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Leaf:
    word: Literal["a", "b"]
    any: Any = None


@dataclass(frozen=True, slots=True)
class Twig:
    number: float


@dataclass(frozen=True, slots=True)
class Tree:
    either: Leaf | Twig | None
    only: Leaf | None
    row: tuple[tuple[str, int | None], ...]
    named: Mapping[TableName, tuple[Twig, ...] | None]


EAST = timezone(timedelta(hours=2))
LOCAL = datetime.fromisoformat("2013-01-01T05:00:00.000001")
MOMENTS = [LOCAL, datetime(2013, 1, 1, tzinfo=UTC), date(2013, 1, 1)]
NUMBERS = [1, 2.5, float("nan"), float("-inf"), Decimal("1.50"), 10**30, True, None]
LEAF = Leaf("a", {"k": [*MOMENTS, *NUMBERS, b"x", ("x", ["y"])], 3: "n"})


def through_json(kind: Any, value: Any) -> Any:
    return decode(kind, json.loads(json.dumps(encode(kind, value))))


def test_the_demo_project_comes_back_equal() -> None:
    project = load_project(ROOT)
    graph = compile_project(project)
    assert repr(through_json(Graph, graph)) == repr(graph)
    assert repr(through_json(Project, project)) == repr(project)


@pytest.mark.parametrize(
    "tree",
    [
        Tree(LEAF, LEAF, (("a", 1), ("b", None)), {TableName("s", "t"): (Twig(1.5),)}),
        Tree(Twig(0.1), None, (), {TableName("s", "t"): None}),
        Tree(None, None, (), {}),
    ],
)
def test_what_comes_back_is_equal(tree: Tree) -> None:
    assert repr(through_json(Tree, tree)) == repr(tree)


@pytest.mark.parametrize("value", [datetime(2013, 1, 1, tzinfo=EAST), {1, 2}, object()])
def test_what_has_no_form_is_refused(value: object) -> None:
    with pytest.raises(CodecError):
        encode(Leaf, Leaf("a", value))


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(CodecError):
        encode(Leaf, Twig(1.0))


@pytest.mark.parametrize(
    "form",
    [[], ["a"], None, "ab", ["a", ["call", "x"]], ["a", ["date", 1]], ["a", ["decimal", "x"]]],
)
def test_a_form_that_does_not_fit_is_refused(form: Any) -> None:
    with pytest.raises(CodecError):
        decode(Leaf, form)
