"""`matches: {column: c, pattern: '...'}`: the pattern is found in the text; anchor it with ^ and $.

Only what the regular expressions of Java, Rust and Python read alike is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakewright.graph.literals import literal
from lakewright.graph.rules.rule import (
    Draft,
    RowDraft,
    Rule,
    WrittenRule,
    read_column,
    read_mapping,
)
from lakewright.names import quote

_NOT_PORTABLE = (
    (re.compile(r"\(\?(?!:)"), "lookaround, named groups and inline flags"),
    (re.compile(r"\\[1-9]"), "references back to a group"),
    (re.compile(r"\\[kKgGQERXhHvVcCZNzpPuUxAoN0]"), "this escape"),
    (re.compile(r"[*+?}]\+"), "possessive quantifiers"),
    (re.compile(r"\[[^\]]*(?:&&|\[)"), "sets inside of sets"),
)
_ESCAPED_PAIR = re.compile(r"\\\\")


def _draft(written: WrittenRule) -> Sequence[Draft]:
    given = read_mapping(written, ("column", "pattern"))
    column = read_column(written, given["column"])
    pattern = given["pattern"]
    if not isinstance(pattern, str) or not pattern:
        raise written.fail("`pattern` needs a text", at="pattern")
    _check(written, pattern)
    passes = f"{quote(column)} RLIKE {literal(pattern)}"
    return [RowDraft((column,), passes, f"{column} matches {pattern}")]


def _check(written: WrittenRule, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise written.fail(
            f"`{pattern}` is no pattern: {error}", code="LW235", at="pattern"
        ) from error
    bare = _ESCAPED_PAIR.sub("", pattern)
    for forbidden, what in _NOT_PORTABLE:
        found = forbidden.search(bare)
        if found:
            raise written.fail(
                f"`{found.group()}` in the pattern: engines differ in {what}",
                "use groups, classes, ranges, quantifiers and anchors only",
                code="LW235",
                at="pattern",
            )


MATCHES = Rule("matches", "row", _draft, nulls=True)
