"""YAML as people write it: one key a line, rules and columns in one line each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lakewright.specs.documents import read_scalar

# Texts that need no quotes wherever they stand.
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*(?: [A-Za-z0-9_./+-]+)*\Z")
_BLOCKS = ("columns", "expect", "targets", "schemas", "vars", "given", "tests", "expect_quarantine")


def write_yaml(document: Mapping[str, Any], *, blocks: Sequence[str] = _BLOCKS) -> str:
    """A mapping as a document; keys whose value is empty are left out."""
    lines: list[str] = []
    for key, value in document.items():
        if value is None or value in ("", {}, [], ()):
            continue
        lines += _entry(key, value, "", blocks)
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any, indent: str, blocks: Sequence[str]) -> list[str]:
    if key in blocks and isinstance(value, Mapping) and value:
        lines = [f"{indent}{flow(key)}:"]
        for name, inner in value.items():
            lines += _entry(name, inner, indent + "  ", blocks if key == "given" else ())
        return lines
    if isinstance(value, list | tuple) and value and (key in blocks or "." in key):
        lines = [f"{indent}{flow(key)}:"]
        for item in value:
            lines += _item(item, indent + "  ", blocks if key == "tests" else ())
        return lines
    return [f"{indent}{flow(key)}: {flow(value)}"]


def _item(item: Any, indent: str, blocks: Sequence[str]) -> list[str]:
    if not blocks or not isinstance(item, Mapping):
        return [f"{indent}- {flow(item)}"]
    lines: list[str] = []
    for key, value in item.items():
        lines += _entry(key, value, indent + "  ", blocks)
    lines[0] = f"{indent}- {lines[0].lstrip()}"
    return lines


def flow(value: Any) -> str:
    """A value in one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case date():
            return value.isoformat()
        case Mapping():
            return "{" + ", ".join(f"{flow(k)}: {flow(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case _:
            return _text(str(value))


def _text(text: str) -> str:
    if _PLAIN.match(text) and read_scalar(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)
