"""Small projects of four tables over two sources, and edits of them, drawn from a seeded generator.

All columns are numbers and names are few, so that aliases, inputs and outer columns meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

SOURCES: Mapping[str, tuple[str, ...]] = {"raw.s": ("a", "b", "k"), "raw.u": ("k", "c")}
ROWS: Mapping[str, list[tuple[int | None, ...]]] = {
    "raw.s": [(1, 5, 1), (2, None, 1), (2, 3, 2), (-4, 3, 2), (None, 0, 3), (7, 7, None)],
    "raw.u": [(1, 10), (2, None), (2, 4), (4, 1)],
}
NAMES = ("a", "b", "c", "d", "k", "e", "f", "g", "h")
TABLES = ("silver.t0", "silver.t1", "gold.t2", "gold.t3")
_EXPRESSIONS = (
    *("{x}",) * 5,
    "{x} + 1",
    "{x} * 2",
    "coalesce({x}, 0)",
    "{x} + {y}",
    "CASE WHEN {x} > 2 THEN {y} ELSE 0 END",
    "rank() OVER (ORDER BY {x})",
    "7",
)
_CONDITIONS = (*("",) * 6, "{x} > 1", "{x} IS NOT NULL", "{x} IN (SELECT {z} FROM raw.u)")
_AGGREGATES = ("count(*)", "max({x})", "min({x})", "count({x})", "max({x}) + min({y})")
_FORMS = (*("plain",) * 6, "star", "cte", "cte star", "group", "all", "union", "join", "renamed")
_RULES = (*("",) * 6, "{x} > 0", "{x} <> 3")


@dataclass(frozen=True, slots=True)
class Item:
    """A projection: a template of an expression over two inputs, by their positions."""

    name: str
    template: str
    x: int
    y: int

    def text(self, columns: Sequence[str]) -> str:
        names = {"x": columns[self.x % len(columns)], "y": columns[self.y % len(columns)]}
        return f"{self.template.format(**names)} AS {self.name}"


@dataclass(frozen=True, slots=True)
class Table:
    """How one table is written. `base`: which of the tables before it, or a source, it reads."""

    form: str
    base: int
    items: tuple[Item, ...]
    condition: str
    rule: str
    distinct: bool
    kind: str
    at: int  # the column that condition, group and rule are about

    def columns(self, base: Sequence[str]) -> tuple[str, ...]:
        """Its columns, in their order, where it compiles."""
        own = tuple(item.name for item in self.items)
        if self.form in {"star", "cte star"}:
            return (*base, *(name for name in own if name not in base))
        return (self.key(base), *own) if self.form == "group" else own

    def key(self, base: Sequence[str]) -> str:
        return base[self.at % len(base)]

    def query(self, name: str, base: Sequence[str]) -> str:
        key, other = self.key(base), NAMES[self.at % 2 + 2]
        where = self.condition.format(x=key, z="k" if other == "d" else other)
        where = f" WHERE {where}" if where else ""
        distinct = "DISTINCT " if self.distinct else ""
        written = ", ".join(item.text(base) for item in self.items)
        added = "".join(f", {it.text(base)}" for it in self.items if it.name not in base)
        names = ", ".join(item.name for item in self.items)
        match self.form:
            case "star":
                return f"SELECT {distinct}*{added} FROM {name}{where}"
            case "cte":
                return f"WITH q AS (SELECT {written} FROM {name}{where}) SELECT {names} FROM q"
            case "cte star":
                return f"WITH q AS (SELECT *{added} FROM {name}) SELECT * FROM q{where}"
            case "group":
                rest = f" FROM {name}{where} GROUP BY {key}"
                return f"SELECT {key}, {self._aggregates(base)}{rest}"
            case "all":
                return f"SELECT {self._aggregates(base)} FROM {name}{where}"
            case "union":
                more = ", ".join(item.text(base[::-1]) for item in self.items)
                return f"SELECT {written} FROM {name}{where} UNION ALL SELECT {more} FROM {name}"
            case "renamed":
                others = [f"r{at}" for at, _ in enumerate(base)]
                renamed = ", ".join(item.text(others) for item in self.items)
                return f"SELECT {renamed} FROM {name} AS t({', '.join(others)})"
            case "join":
                return f"SELECT {distinct}{written} FROM {name} JOIN raw.u AS u ON u.k = {key}"
        return f"SELECT {distinct}{written} FROM {name}{where}"

    def _aggregates(self, base: Sequence[str]) -> str:
        made = []
        for at, item in enumerate(self.items):
            template = _AGGREGATES[(item.x + len(item.template) + at) % len(_AGGREGATES)]
            made.append(replace(item, template=template).text(base))
        return ", ".join(made)


Drawn = tuple[Table, ...]


def draw_project(random: Random) -> Drawn:
    """The first tables are wide, and who reads them reads little of them."""
    return tuple(_table(random, width) for width in (5, 4, 2, 2))


def draw_edit(random: Random, project: Drawn) -> Drawn:
    """One or two tables written otherwise; most edits are of one projection."""
    edited = list(project)
    for _ in range(random.choice([1, 1, 1, 2])):
        at = random.choice([0, 0, 0, 1, 1, 2, 3])
        edited[at] = _edited(random, edited[at])
    return tuple(edited)


def _table(random: Random, width: int) -> Table:
    names = random.sample(NAMES, width)
    return Table(
        form=random.choice(_FORMS),
        base=random.choice([0, 0, 0, 1, 1, 2, 4]),
        items=tuple(_item(random, name) for name in names),
        condition=random.choice(_CONDITIONS),
        rule=random.choice(_RULES),
        distinct=random.random() < 0.1,
        kind=random.choice(["table", "table", "view"]),
        at=random.randrange(5),
    )


def _item(random: Random, name: str) -> Item:
    return Item(name, random.choice(_EXPRESSIONS), random.randrange(5), random.randrange(5))


def _edited(random: Random, table: Table) -> Table:
    items = list(table.items)
    at = random.randrange(len(items))
    match random.choice(["value", "value", "value", "add", "leave", "move", "whole"]):
        case "value":
            items[at] = _item(random, items[at].name)
        case "add":
            free = [name for name in NAMES if name not in {item.name for item in items}]
            items.append(_item(random, random.choice(free)))
        case "leave":
            del items[at]
        case "move":
            items.reverse()
        case "whole":
            return replace(_table(random, 2), items=table.items)
    return replace(table, items=tuple(items))


def files_of(project: Drawn, edited: Drawn | None = None) -> dict[str, str]:
    """The project as files; `edited` tables are written over the columns that there were before.

    What reads an edited table keeps its text, whatever columns the edit leaves it.
    """
    files = {"lakewright.yml": "name: p\nschemas: {raw: bronze, silver: silver, gold: gold}\n"}
    for name, columns in SOURCES.items():
        typed = "".join(f"  {column}: {{type: bigint}}\n" for column in columns)
        text = f"table: {name}\nkind: source\nlocation: /{name}\ncolumns:\n{typed}"
        files[f"pipelines/{name.replace('.', '/')}.yml"] = text
    known = dict(SOURCES)
    for name, before, table in zip(TABLES, project, edited or project, strict=True):
        base = list(known)[-1 - table.base % len(known)]
        files |= _files(name, table, base, known[base])
        old = list(known)[-1 - before.base % len(known)]
        known[name] = before.columns(known[old])
    return files


def _files(name: str, table: Table, base: str, columns: Sequence[str]) -> dict[str, str]:
    own = table.columns(columns)
    spec = f"table: {name}\nkind: {table.kind}\n"
    if table.rule and table.kind == "table":
        rule = table.rule.format(x=own[table.at % len(own)])
        spec += f'expect:\n  - {{expression: "{rule}", on_fail: quarantine}}\n'
    path = name.replace(".", "/")
    return {f"pipelines/{path}.yml": spec, f"sql/{path}.sql": table.query(base, columns)}
