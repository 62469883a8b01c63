"""The type of an expression where it is certain on every engine; None everywhere else."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from lakewright.graph.types import parse_type

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_ALWAYS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((exp.Count,), "bigint"),
    ((exp.RowNumber,), "int"),
    ((exp.Boolean, exp.Predicate, exp.Connector, exp.Not), "boolean"),
    ((exp.Lower, exp.Upper, exp.Trim, exp.ConcatWs, exp.RegexpReplace), "string"),
)
_SAME = (exp.Paren, exp.Alias, exp.Min, exp.Max, exp.Filter, exp.Window)


def infer_type(node: exp.Expr, column: Callable[[exp.Column], str | None]) -> str | None:
    """Spark's simple string. `column` gives the type of a column reference."""
    match node:
        case exp.Column():
            return column(node)
        case exp.Cast():  # TryCast as well
            return parse_type(node.to.sql(dialect="spark"))
        case exp.Literal():
            return _literal_type(node)
        case exp.Sum():
            inner = infer_type(node.this, column)
            return "bigint" if inner in _INTEGERS else "double" if inner == "double" else None
        case exp.Coalesce() | exp.If() | exp.Case():
            return _common_type(node, column)
    if isinstance(node, _SAME):
        return infer_type(node.this, column)
    return next((kind for nodes, kind in _ALWAYS if isinstance(node, nodes)), None)


def _literal_type(node: exp.Literal) -> str | None:
    if node.is_string:
        return "string"
    text = str(node.this)
    if not text.isdigit():
        return None
    return "int" if int(text) < 2**31 else "bigint" if int(text) < 2**63 else None


def _common_type(node: exp.Expr, column: Callable[[exp.Column], str | None]) -> str | None:
    match node:
        case exp.Coalesce():
            branches = [node.this, *node.expressions]
        case exp.If():
            branches = [node.args["true"], node.args.get("false")]
        case _:
            branches = [found.args["true"] for found in node.args.get("ifs") or ()]
            branches.append(node.args.get("default"))
    known = [
        branch for branch in branches if branch is not None and not isinstance(branch, exp.Null)
    ]
    types = {infer_type(branch, column) for branch in known}
    return types.pop() if len(types) == 1 else None
