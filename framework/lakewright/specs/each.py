"""`for_each`: one spec, many tables. A row's values stand in YAML as `${each.name}`.

In a query they are parameters, `:each.name`. What is stored with a table is the spec with its own
row only, so that another row makes another table and touches no other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.names import is_column_name
from lakewright.specs.csv_files import read_csv
from lakewright.specs.data_files import LISTS, candidates, find_data
from lakewright.specs.documents import Document, Node, parse_document
from lakewright.specs.flow import write_flow
from lakewright.specs.plain_words import is_plain_word, told_of_row
from lakewright.specs.queries import is_inline
from lakewright.specs.texts import suggest
from lakewright.specs.values import SourceFile

KEY = "for_each"
MAX_TABLES = 1_000

_REFERENCE = re.compile(r"\$\{each\.([A-Za-z_][A-Za-z0-9_]*)\}")
_SQL_KEYS = frozenset({"where", "expression", "order_by"})


@dataclass(frozen=True, slots=True)
class Produced:
    """A table that a spec makes: the document with its row filled in, and the file to store."""

    document: Document
    file: SourceFile
    each: Mapping[str, Any] = field(default_factory=dict)
    row: Place | None = None

    def told(self, problem: Problem) -> Problem:
        """A problem of this table, with the row that makes it."""
        return told_of_row(problem, self.row)


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the list: its values, and where it and each of them stands."""

    values: Mapping[str, Any]
    where: Place
    places: Mapping[str, Place]


def expand_spec(
    document: Document,
    files: Mapping[str, SourceFile],
    unreadable: AbstractSet[str],
    problems: list[Problem],
) -> tuple[Produced, ...]:
    """The tables of a spec: itself, or one for each row; none with the problems of its rows."""
    file = files[document.path]
    node = document.find((KEY,))
    if node is None:
        return (Produced(document, file),)
    before = len(problems)
    rows = list(_rows(_Reading(document, files, unreadable, problems), node))
    problems.extend(_row_problems(rows))
    if len(problems) > before or not rows:
        return ()
    if not _stands_alone(document, rows[0]):
        hint = "write the values out: a table is stored with its own row only"
        message = "anchors and aliases cannot reach into or out of `for_each`"
        problems.append(Problem("LW155", message, document.key_place(KEY), hint=hint))
        return ()
    made = []
    for row in rows:
        found: list[Problem] = []
        root = _fill(_Filling(document, row, found), document.root, ())
        problems.extend(told_of_row(problem, row.where) for problem in found)
        if not found:
            stored = SourceFile(file.path, _reduce(document, row))
            filled = replace(document, root=root)
            made.append(Produced(filled, stored, dict(row.values), row.where))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Reading:
    document: Document
    files: Mapping[str, SourceFile]
    unreadable: AbstractSet[str]
    problems: list[Problem]


def _rows(reading: _Reading, node: Node) -> Iterator[Row]:
    """The rows as written beside `for_each`, or those of the file that it names."""
    document, problems = reading.document, reading.problems
    if isinstance(node.value, list):
        yield from _listed(document, node, (KEY,), problems)
        return
    path = node.value.get("file") if isinstance(node.value, dict) else None
    if not isinstance(path, str) or set(node.value) != {"file"}:
        hint = "write for_each: [{region: emea}, ...] or for_each: {file: regions.csv}"
        where = document.place(KEY)
        problems.append(Problem("LW152", "`for_each` is not a list", where, hint=hint))
        return
    if not any(place in reading.unreadable for place in candidates(document.path, path)):
        yield from _rows_of_file(reading, path)  # why others are unreadable was reported


def _rows_of_file(reading: _Reading, path: str) -> Iterator[Row]:
    document, files, problems = reading.document, reading.files, reading.problems
    where = document.place(KEY, "file")
    if not path.endswith(LISTS):
        hint = "a list is a .csv or .yml file"
        problems.append(Problem("LW134", f"`{path}` is no list", where, hint=hint))
        return
    found = find_data(document.path, path, where, files, problems=problems)
    if found is not None and found.endswith(".csv"):
        yield from _csv_rows(files[found], problems)
    elif found is not None:
        listed = parse_document(found, files[found].text, problems, root=list)
        if listed is not None:
            yield from _listed(listed, listed.root, (), problems)


def _listed(
    document: Document, node: Node, at: tuple[str | int, ...], problems: list[Problem]
) -> Iterator[Row]:
    if not node.value:
        where = document.place(*at)
        problems.append(Problem("LW152", "the list is empty", where, hint="give it a row"))
    for index, item in enumerate(node.value):
        if not isinstance(item, dict):
            where = document.place(*at, index)
            hint = "write {name: value}"
            problems.append(Problem("LW152", "this row is not a mapping", where, hint=hint))
            continue
        places = {str(name): document.place(*at, index, name) for name in item}
        yield Row(
            {str(name): value for name, value in item.items()}, _item(document, at, index), places
        )


def _item(document: Document, at: tuple[str | int, ...], index: int) -> Place:
    node = document.find((*at, index))
    assert node is not None, "the row was read"
    return document.source.place(node.start, node.end)


def _csv_rows(file: SourceFile, problems: list[Problem]) -> Iterator[Row]:
    csv = read_csv(file, problems)
    if csv is None:
        return
    if not csv.rows:
        where = csv.source.line(1)
        problems.append(Problem("LW152", "the list is empty", where, hint="give it a row"))
    types = list(csv.types().values())
    for fields, values in zip(csv.rows, csv.values(types, problems), strict=False):
        places = [csv.source.place(item.start, item.end) for item in fields]
        where = csv.source.place(fields[0].start, fields[-1].end)
        yield Row(
            dict(zip(csv.names, values, strict=True)),
            where,
            dict(zip(csv.names, places, strict=True)),
        )


def _row_problems(rows: list[Row]) -> Iterator[Problem]:
    if len(rows) > MAX_TABLES:
        message = f"{len(rows):,} rows; one spec makes at most {MAX_TABLES:,} tables"
        yield Problem("LW152", message, rows[MAX_TABLES].where, hint="keep the rows in a table")
    names = dict.fromkeys(name for row in rows for name in row.values)
    for row in rows:
        for name in names:
            if name not in row.values:
                message = f"this row has no `{name}`, which others have"
                yield Problem("LW152", message, row.where, hint="rows have the same names")
        for name, value in row.values.items():
            yield from _value_problems(name, value, row)


def _value_problems(name: str, value: Any, row: Row) -> Iterator[Problem]:
    where = row.places[name]
    if not is_column_name(name) or name.startswith("_"):
        hint = "start with a letter, then letters, digits and underscores"
        yield Problem("LW126", f"`{name}` cannot be used as a name", where, hint=hint)
    plain = isinstance(value, str | int | float | date)
    if not plain or (isinstance(value, float) and not math.isfinite(value)):
        message = f"`{name}` is not a text, a number, true, false or a date"
        yield Problem("LW152", message, where, hint="every row says every value")
    elif isinstance(value, str) and "${" in value:
        message = f"`{name}` holds `${{`, and what is filled in is not filled in again"
        yield Problem("LW152", message, where, hint="write the reference where it is used")


@dataclass(frozen=True, slots=True)
class _Filling:
    document: Document
    row: Row
    problems: list[Problem]


def _fill(filling: _Filling, node: Node, loc: tuple[str | int, ...]) -> Node:
    """The tree with the row's values in its texts; places stay where the texts stand."""
    if loc == (KEY,):  # of the whole list nothing but its own row concerns a table
        return replace(node, value=[dict(filling.row.values)], children={}, keys={})
    if loc == ("query",) and isinstance(node.value, str) and is_inline(node.value):
        return node  # in SQL a value is a parameter
    if isinstance(node.value, str) and "${each" in node.value:
        return replace(node, value=_text(filling, node.value, loc))
    if node.is_scalar or not node.children:
        return node
    children = {part: _fill(filling, child, (*loc, part)) for part, child in node.children.items()}
    values = {part: child.value for part, child in children.items()}
    value = values if isinstance(node.value, dict) else list(values.values())
    return replace(node, value=value, children=children)


def _text(filling: _Filling, text: str, loc: tuple[str | int, ...]) -> Any:
    where, row = filling.document.place(*loc), filling.row
    rest = _REFERENCE.sub("", text)
    unknown = [name for name in _REFERENCE.findall(text) if name not in row.values]
    if "${each" in rest or unknown:
        message = f"`{unknown[0]}` is not in the rows" if unknown else f"`{text}` is not closed"
        hint = suggest(unknown[0], row.values) if unknown else ""
        hint = hint or f"write ${{each.name}}; rows have {', '.join(row.values)}"
        filling.problems.append(Problem("LW153", message, where, hint=hint))
        return text
    in_rule = loc[0] == "expect"
    if in_rule and _SQL_KEYS.intersection(map(str, loc[2:])):
        for name in _REFERENCE.findall(text):
            if not is_plain_word(row.values[name]):
                hint = "in SQL of YAML a row gives names and whole numbers; compare with a rule"
                message = f"`{_plain(row.values[name])[:80]}` cannot stand in SQL as it is"
                filling.problems.append(Problem("LW154", message, row.places[name], hint=hint))
    whole = _REFERENCE.fullmatch(text)
    if in_rule and whole is not None:
        return row.values[whole[1]]  # an operand keeps its type
    return _REFERENCE.sub(lambda match: _plain(row.values[match[1]]), text)


def _plain(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _reduce(document: Document, row: Row) -> str:
    """The spec's text with this row only. What is reduced already stays as it is."""
    text, node = document.source.text, document.find((KEY,))
    assert node is not None, "the spec has rows"
    after = document.root.keys[KEY][1]
    end = after + len(text[after : node.end].rstrip())
    kept = write_flow([dict(row.values)])
    return f"{text[:after]}: {kept}\n{text[end:].lstrip(chr(10))}"


def _stands_alone(document: Document, row: Row) -> bool:
    """Whether the reduced text says the same as the whole one."""
    node = document.find((KEY,))
    if node is None or node.start < document.root.keys[KEY][1]:
        return False  # an alias: its value stands elsewhere
    again = parse_document(document.path, _reduce(document, row), [])
    if again is None or again.root.value.get(KEY) != [dict(row.values)]:
        return False
    return {**again.root.value, KEY: None} == {**document.root.value, KEY: None}
