"""Fingerprints: what makes a table's rows, as hashes. An algorithm has a number and never changes.

A description, an owner, a tag, a `fail` or `warn` rule is metadata: it re-checks or re-describes.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, assert_never

from lakewright.graph.values import (
    Check,
    KeepTest,
    ReferenceTest,
    RowTest,
    SeedTransform,
    TableTest,
    Test,
    Transform,
)
from lakewright.names import TableName
from lakewright.specs import DeltaInput, FilesInput, Input, PythonRef, TableSpec

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

CURRENT = 1
_EXACT = frozenset(
    {
        "STRING",
        "RAW_STRING",
        "NATIONAL_STRING",
        "HEX_STRING",
        "BIT_STRING",
        "BYTE_STRING",
        "UNICODE_STRING",
    }
)


@dataclass(frozen=True, slots=True)
class Material:
    """All that decides a table's rows, in plain values, before any hash."""

    table: str
    kind: str
    tokens: tuple[tuple[str, str], ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Any, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)
    python: tuple[tuple[str, str], ...] = ()
    input: Mapping[str, Any] = field(default_factory=dict)


_MATERIAL = ("table", "kind", "tokens", "types", "rules", "vars", "python", "input")

Algorithm = Callable[[Material], str]


def own_1(material: Material) -> str:
    """SHA-256 of the material's canonical JSON."""
    return digest({name: getattr(material, name) for name in _MATERIAL})


ALGORITHMS: Mapping[int, Algorithm] = {1: own_1}


def full_print(own: str, upstream: Mapping[TableName, str]) -> str:
    """The print of a table with all it reads, from its own and theirs."""
    return digest([own, sorted((str(name), full) for name, full in upstream.items())])


def digest(value: object) -> str:
    """Hex SHA-256 of the canonical JSON; values JSON does not know go in by their type and text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def token_stream(tokens: Iterable[Token]) -> tuple[tuple[str, str], ...]:
    """Tokens without position, comments and case; strings keep theirs."""
    return tuple(
        (token.token_type.name, token.text)
        if token.token_type.name in _EXACT
        else ("", token.text.lower())
        for token in tokens
    )


def acting_rules(checks: Sequence[Check]) -> tuple[Any, ...]:
    """The rules that decide which rows are kept, as plain values."""
    return tuple(
        [check.name, check.on_fail, *test_values(check.test)]
        for check in checks
        if check.on_fail in ("quarantine", "drop")
    )


def test_values(test: Test) -> tuple[Any, ...]:
    """A test in plain values, which algorithms hash: they never change their order."""
    match test:
        case RowTest():
            return ("row", test.ok)
        case ReferenceTest():
            return ("reference", test.columns, str(test.to), test.to_columns, test.only_where)
        case KeepTest():
            return ("keep", test.columns, test.order_by, test.only_where)
        case TableTest():
            return ("table", test.failed, test.rows)
        case _ as never:
            assert_never(never)


def python_stream(ref: PythonRef) -> tuple[tuple[str, str], ...]:
    """The closure as syntax trees without docstrings; text where a file does not parse."""
    name = ("", f"{ref.module}:{ref.function}")
    return (name, *((file.path, _syntax(file.text)) for file in ref.closure))


def input_options(source: Input | None, transform: Transform) -> Mapping[str, Any]:
    """What of an input decides its rows; places and secrets' values are not part of it."""
    if isinstance(transform, SeedTransform):
        columns = [column.name for column in transform.columns]
        return {"columns": columns, "rows": digest(transform.rows)}
    match source:
        case None:
            return {}
        case DeltaInput():
            return {"location": source.location}
        case FilesInput():
            names = ("pattern", "format", "header", "delimiter", "encoding", "null_values")
            options = {name: getattr(source, name) for name in names}
            return {**options, "on_change": source.on_change, "on_new_column": source.on_new_column}


def metadata_digest(spec: TableSpec, checks: Sequence[Check]) -> str:
    """Descriptions, owner, tags, layout, fail and warn rules, constraints."""
    measured = [
        [check.name, check.on_fail, check.tolerance, check.constraint, *test_values(check.test)]
        for check in checks
        if check.on_fail in ("fail", "warn")
    ]
    columns = [[column.name, column.description, column.pii] for column in spec.columns]
    own = [spec.description, spec.owner, sorted(spec.tags), spec.system, list(spec.cluster_by)]
    together = [sorted(map(str, spec.publish_with)), spec.retention_days, spec.snapshot]
    return digest([own, together, columns, measured, *_promised(spec)])


def _promised(spec: TableSpec) -> list[Any]:
    """The contract; nothing where there is none, so that older digests stay what they are."""
    if spec.contract is None and spec.on_schema_change is None:
        return []
    contract = spec.contract and asdict(spec.contract)
    return [{"contract": contract, "on_schema_change": spec.on_schema_change}]


def _syntax(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = _without_docstring(node.body)
    return ast.dump(tree)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_text = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if is_text else body


def _plain(value: object) -> str:
    return f"{type(value).__name__}:{value}"
