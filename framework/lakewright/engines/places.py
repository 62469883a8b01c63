"""From a position in an executed query back to the line the user wrote."""

from __future__ import annotations

import re
from itertools import pairwise

from lakewright.engines.port import Rows, SqlRows
from lakewright.engines.sail_messages import named_function, named_operator
from lakewright.errors import Place
from lakewright.graph import SqlTransform


def place_in(rows: Rows | None, text: str, error: Exception | None = None) -> Place | None:
    """The user's place of the position that an engine's message names, None when it names none."""
    if not isinstance(rows, SqlRows) or rows.transform is None:
        return None
    found = _context(error, rows.sql) or _position(text, rows.sql)
    if found is None:
        return None
    return rows.transform.source.place(source_offset(rows.transform, rows.sql, found[0]), found[1])


def place_of_name(rows: Rows | None, text: str) -> Place | None:
    """The first place of an identifier that a message without a position names."""
    if not isinstance(rows, SqlRows) or rows.transform is None:
        return None
    written = rows.transform.source.text
    names = re.findall(r'Identifier\("(\w+)"\)', text) or re.findall(
        r"(?:function|view not found|table): (\w+)", text
    )
    called = named_function(text)
    for name in (*reversed(names), *([called] if called else [])):
        if match := re.search(rf"\b{re.escape(name)}\b", written, re.IGNORECASE):
            return rows.transform.source.place(match.start(), len(name))
    return _place_of_operator(rows.transform, named_operator(text))


def _place_of_operator(transform: SqlTransform, operator: str | None) -> Place | None:
    """Where the operator stands, if it stands there only once."""
    if operator is None:
        return None
    edge = r"\b" if operator.isalpha() else ""
    pattern = rf"{edge}(?<![-+*/%<>=!]){re.escape(operator)}(?![-+*/%<>=!]){edge}"
    found = list(re.finditer(pattern, transform.source.text, re.IGNORECASE))
    return transform.source.place(found[0].start(), len(operator)) if len(found) == 1 else None


def source_offset(transform: SqlTransform, sql: str, offset: int) -> int:
    """Where in the rendered source the character at `offset` of the executed text stands.

    A position inside something spliced in is the start of what it stands for.
    """
    text, splices = transform.source.text, transform.splices
    ends = [0, *(splice.end for splice in splices)]
    starts = [*(splice.start for splice in splices), len(text)]
    pieces = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    match = re.fullmatch("(.*?)".join(re.escape(piece) for piece in pieces), sql, re.DOTALL)
    if match is None:
        return 0
    edges = [0, *(edge for at in range(len(splices)) for edge in match.span(at + 1)), len(sql)]
    for index, (start, end) in enumerate(pairwise(edges)):
        if start <= offset < end or (offset == end == len(sql)):
            kept = index % 2 == 0
            return ends[index // 2] + offset - start if kept else splices[index // 2].start
    return 0


def _context(error: Exception | None, sql: str) -> tuple[int, int] | None:
    """Offset and length from Spark's query context, where it speaks of this query."""
    try:
        contexts = error.getQueryContext() if error is not None else []  # type: ignore[attr-defined]
        spans = [(c.startIndex(), c.fragment()) for c in contexts]
    except Exception:  # noqa: BLE001 - without a context the message's own position is used
        return None
    for start, fragment in spans:
        if fragment and sql[start : start + len(fragment)] == fragment:
            return start, len(fragment.split("\n")[0])
    return None


def _position(text: str, sql: str) -> tuple[int, int] | None:
    """Offset and length from `line 2, pos 11` (Spark) or `at 21:22` (Sail)."""
    match = re.search(r"\(line (\d+), pos(?:ition)? (\d+)\)|line (\d+) pos (\d+)", text)
    if match:
        line, column = (int(number) for number in match.groups() if number is not None)
        before = sql.split("\n")[: line - 1]
        return sum(len(part) + 1 for part in before) + column, 1
    match = re.search(r"found .{0,40}? at (\d+):(\d+) expected", text)
    if match:
        start, end = int(match.group(1)), int(match.group(2))
        return start, max(end - start, 1)
    return None
