"""Joins what a model refuses to the place where it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lakewright.errors import Problem
from lakewright.specs.documents import Document
from lakewright.specs.kinds import MODELS
from lakewright.specs.models import Model, keys_of
from lakewright.specs.texts import suggest

M = TypeVar("M", bound=Model)
Loc = tuple[str | int, ...]

# What the design names and this version does not read yet.
LATER_KINDS = ("append", "changes")
LATER_KEYS = {
    "delete_when": "kind: changes",
    "history": "kind: changes",
    "new": "kind: append",
    "project": "reading another project's tables",
    "sequence_by": "kind: changes",
}

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "float_type": "a number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


def validate_model(
    model: type[M],
    document: Document,
    problems: list[Problem],
    *,
    at: Loc = (),
    value: Mapping[str, Any] | None = None,
    kind: str = "",
) -> M | None:
    """`value` (else the whole document) as a `model`.

    What is wrong is added to `problems` and read as if it had not been written, so that more can be
    found in one pass; None when a key that must be there is missing or wrong. `at` is where `value`
    stands in the document; `kind` names the kind of table in messages.
    """
    data = document.root.value if value is None else dict(value)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems.extend(_problem(detail, model, document, at, kind) for detail in details)
        return _salvage(model, data, [detail["loc"] for detail in details])


def _salvage(model: type[M], data: dict[str, Any], wrong: list[Loc]) -> M | None:
    """`data` without the entries that are wrong, else without the keys that hold them."""
    inner = {loc[:2] for loc in wrong if len(loc) > 1 and isinstance(data.get(str(loc[0])), dict)}
    without_entries = {
        key: {k: v for k, v in value.items() if (key, k) not in inner}
        if isinstance(value, dict)
        else value
        for key, value in data.items()
    }
    outer = {loc[0] for loc in wrong}
    single = outer - {loc[0] for loc in inner}
    for dropped in (single, outer):
        kept = {key: value for key, value in without_entries.items() if key not in dropped}
        try:
            return model.model_validate(kept)
        except ValidationError:
            continue  # reported already; what is left is tried next
    return None


def _problem(
    detail: ErrorDetails, model: type[Model], document: Document, at: Loc, kind: str
) -> Problem:
    loc, error = detail["loc"], detail["type"]
    dotted = ".".join(str(part) for part in loc)
    match error:
        case "extra_forbidden":
            return _unknown_key(loc, model, document, at, kind)
        case "missing":
            owner = f" of a {kind}" if kind and len(loc) == 1 else ""
            where = document.place(*at, *loc[:-1])
            hint = _meaning(model, loc)
            return Problem("LW121", f"the key `{dotted}`{owner} is missing", where, hint=hint)
        case "literal_error":
            allowed = detail.get("ctx", {}).get("expected", "")
            message = f"`{dotted}` cannot be {_describe(detail['input'])}"
            words = re.split(r", | or ", allowed.replace("'", ""))
            hint = suggest(str(detail["input"]), words)
            hint = hint or f"write {allowed}".replace("'", "")
            return Problem("LW125", message, document.place(*at, *loc), hint=hint)
        case _ if error.startswith("LW"):
            hint = str(detail.get("ctx", {}).get("hint", ""))
            return Problem(error, detail["msg"], document.place(*at, *loc), hint=hint)
        case _:
            return _wrong_type(detail, dotted, document, at)


def _meaning(model: type[Model], loc: Loc) -> str:
    """What a key says, from its model."""
    holder = _model_at(model, loc[:-1])
    fields = holder.model_fields if holder else {}
    named = {field.alias or name: field for name, field in fields.items()}
    said = named[str(loc[-1])].description if str(loc[-1]) in named else None
    return f"{loc[-1]}: {said[0].lower()}{said[1:]}".removesuffix(".") if said else ""


def _unknown_key(loc: Loc, model: type[Model], document: Document, at: Loc, kind: str) -> Problem:
    key, where = str(loc[-1]), document.key_place(*at, *loc)
    holder = _model_at(model, loc[:-1])
    known = keys_of(holder) if holder else ()
    if key in LATER_KEYS:
        message = f"`{key}` ({LATER_KEYS[key]}) is not available in this version"
        return Problem("LW124", message, where, hint="leave it out")
    kinds = [name for name, other in MODELS.items() if key in keys_of(other)]
    if kind and len(loc) == 1 and kinds:
        message = f"`{key}` does not belong to a {kind}"
        return Problem("LW123", message, where, hint=f"it is a key of {' and '.join(kinds)}")
    inside = f" in `{'.'.join(str(part) for part in loc[:-1])}`" if len(loc) > 1 else ""
    hint = suggest(key, known) or f"known here: {', '.join(known)}"
    return Problem("LW120", f"`{key}` is not a known key{inside}", where, hint=hint)


def _model_at(model: type[Model], loc: Loc) -> type[Model] | None:
    """The model of the mapping at `loc`, found through the fields' annotations."""
    found: type[Model] | None = model
    for part in loc:
        fields = found.model_fields if found else {}
        named = {field.alias or name: field for name, field in fields.items()}
        if part in named:
            found = _inner_model(named[str(part)].annotation)
    return found


def _inner_model(annotation: Any) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    inner = (_inner_model(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model), None)


def _wrong_type(detail: ErrorDetails, dotted: str, document: Document, at: Loc) -> Problem:
    value, error = detail["input"], detail["type"]
    where = document.place(*at, *detail["loc"])
    expected = _EXPECTED.get(error)
    if expected is None:
        return Problem("LW122", f"`{dotted}`: {detail['msg'].lower()}", where)
    hint = ""
    match error, value:
        case "string_type", bool() | int() | float():
            hint = "write it in quotes"
        case "tuple_type", str():
            hint = f"write [{value}]"
        case "bool_type", str():
            hint = "write true or false, without quotes"
        case _:
            pass
    return Problem(
        "LW122", f"`{dotted}` must be {expected}, not {_describe(value)}", where, hint=hint
    )


def _describe(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"`{str(value)[:80]}`"
