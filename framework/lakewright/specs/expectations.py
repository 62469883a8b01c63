"""Rules as written: one rule an item, its options beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.specs.documents import Document, Node
from lakewright.specs.inline import inline_text
from lakewright.specs.models import RuleModel, keys_of
from lakewright.specs.texts import suggest
from lakewright.specs.validation import validate_model
from lakewright.specs.values import ExpectSpec, SqlText

OPTIONS = frozenset(keys_of(RuleModel))


def read_rules(
    document: Document, items: tuple[Mapping[str, Any], ...], problems: list[Problem]
) -> tuple[ExpectSpec, ...]:
    """The rules under `expect` of a document; whether a rule exists is the graph's to say."""
    found = (_read_rule(document, i, item, problems) for i, item in enumerate(items))
    return tuple(rule for rule in found if rule is not None)


def rule_places(document: Document, *, first: int) -> dict[str, Place]:
    """`expect.<i>…` to its place, counting a document's rules from `first`."""
    node = document.find(("expect",))
    if node is None or not isinstance(node.value, list):
        return {}
    places = {}
    for index, item in enumerate(node.children.values()):
        rule = next((key for key in item.keys if key not in OPTIONS), None)
        here = ("expect", index)
        places[f"expect.{first + index}"] = (
            document.key_place(*here, rule) if rule else document.place(*here)
        )
    for loc, place in document.places("expect"):
        if len(loc) > 2:
            rest = ".".join(str(part) for part in loc[2:])
            places[f"expect.{first + int(loc[1])}.{rest}"] = place
    return places


def _read_rule(
    document: Document, index: int, item: Mapping[str, Any], problems: list[Problem]
) -> ExpectSpec | None:
    at = ("expect", index)
    rules = [key for key in item if key not in OPTIONS]
    options = {key: value for key, value in item.items() if key in OPTIONS}
    model = validate_model(RuleModel, document, problems, at=at, value=options)
    if len(rules) != 1:
        problems.append(_not_one_rule(document, at, rules))
        return None
    if model is None:
        return None
    return ExpectSpec(
        rule=rules[0],
        argument=item[rules[0]],
        where=document.key_place(*at, rules[0]),
        on_fail=model.on_fail,
        only_where=model.where,
        name=model.name,
        tolerance=model.tolerance,
        nulls=model.nulls,
        keep=model.keep.order_by if model.keep else None,
        from_release=model.from_release,
        places=dict(_inner_places(document, at, rules[0])),
        texts=dict(_conditions(document, at)),
    )


def _inner_places(
    document: Document, at: tuple[str | int, ...], rule: str
) -> Iterator[tuple[str, Place]]:
    """Of what stands in the rule's argument, by dotted key; of the options, by their name."""
    node = document.find(at)
    stack: list[tuple[tuple[str | int, ...], Node]] = []
    stack += [((part,), child) for part, child in node.children.items()] if node else []
    while stack:
        loc, node = stack.pop()
        own = loc[1:] if loc[0] == rule else loc
        if own:
            yield ".".join(str(part) for part in own), document.place(*at, *loc)
            yield "key " + ".".join(str(part) for part in own), document.key_place(*at, *loc)
        stack.extend(((*loc, part), child) for part, child in node.children.items())


def _conditions(document: Document, at: tuple[str | int, ...]) -> Iterator[tuple[str, SqlText]]:
    """The SQL right under the item, with its places: its expression, its `where`."""
    for key in ("expression", "where"):
        node = document.find((*at, key))
        if node is not None and isinstance(node.value, str):
            yield key, inline_text(document, node)


def _not_one_rule(document: Document, at: tuple[str | int, ...], rules: list[str]) -> Problem:
    if not rules:
        message = "an item of `expect` needs a rule beside its options"
        return Problem("LW150", message, document.place(*at), hint="for example {not_null: [id]}")
    meant = {rule: suggest(rule, OPTIONS) for rule in rules}
    wrong = next((rule for rule in rules[1:] if meant[rule]), rules[1])
    message = f"`{wrong}` is neither an option nor the only rule of this item"
    hint = meant[wrong] or "one rule an item; start another item for it"
    return Problem("LW150", message, document.key_place(*at, wrong), hint=hint)
