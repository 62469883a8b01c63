"""The SQL that compares two relations: the same text, with equal results, on every engine.

Only standard operators are used. Floats are compared exactly, after NaN and the two zeros are made
one each, which engines would not agree on. NULL equals NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakewright.lake import Field
from lakewright.names import quote

BUCKETS = 65_536  # as many as four hexadecimal digits tell apart
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double")
_PLAIN = (*_INTEGERS, *_FLOATS, "boolean", "string", "date", "timestamp", "timestamp_ntz")
_UNCOMPARED = ("map<", "variant", "interval", "void")


@dataclass(frozen=True, slots=True)
class Compared:
    """A column of both sides, as what it is compared (a type; "" as it is). `hidden`: no values."""

    left: Field
    right: Field
    cast: str = ""
    hidden: bool = False

    @property
    def name(self) -> str:
        return self.right.name

    @property
    def hashable(self) -> bool:
        """Whether equal values have equal text on both sides."""
        if self.cast:
            return True
        same = self.left.type == self.right.type
        return same and (self.left.type in _PLAIN or self.left.type.startswith("decimal"))

    @property
    def ordered(self) -> bool:
        return not self.left.type.startswith(("array<", "struct<"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two relations, the columns to compare, and how many of them, from the first, are the key.

    Below BUCKETS only rows are read whose key, or whole row without one, hashes to fewer than that
    many of all buckets: the same on both sides.
    """

    left: str
    right: str
    columns: tuple[Compared, ...]
    keys: int = 0
    buckets: int = BUCKETS

    @property
    def hashed(self) -> tuple[int, ...]:
        """The columns that decide whether a row is in the sample."""
        asked = range(self.keys or len(self.columns))
        return tuple(at for at in asked if self.columns[at].hashable)

    @property
    def share(self) -> float:
        """The share of the keys that is compared."""
        return min(self.buckets, BUCKETS) / BUCKETS

    def flaws(self) -> dict[str, str]:
        """Scalar queries that count keys with a NULL, and keys that stand there more than once."""
        found = {}
        names = [f"c{at}" for at in range(self.keys)]
        absent = " OR ".join(f"{name} IS NULL" for name in names)
        for side in ("left", "right"):
            rows = self._rows(side)
            twice = f"SELECT 1 AS one FROM ({rows}) AS t GROUP BY {', '.join(names)}"
            found[f"{side}_null"] = f"SELECT count(*) FROM ({rows}) AS t WHERE {absent}"
            found[f"{side}_twice"] = f"SELECT count(*) FROM ({twice} HAVING count(*) > 1) AS d"
        return found

    def counts(self) -> str:
        """One row: left_only, right_only, same, and with a key changed and each column's d<n>."""
        if not self.keys:
            sums = {
                "left_only": "CASE WHEN nl > nr THEN nl - nr ELSE 0 END",
                "right_only": "CASE WHEN nr > nl THEN nr - nl ELSE 0 END",
                "same": "CASE WHEN nl < nr THEN nl ELSE nr END",
            }
            return f"SELECT {_sums(sums)} FROM ({self._grouped()}) AS g"
        some = " OR ".join(self._differs(at) for at in self._values()) or "false"
        sums = {
            "left_only": _one("r.c0 IS NULL"),
            "right_only": _one("l.c0 IS NULL"),
            "same": _one(f"{_BOTH} AND NOT ({some})"),
            "changed": _one(f"{_BOTH} AND ({some})"),
        }
        sums |= {f"d{at}": _one(f"{_BOTH} AND {self._differs(at)}") for at in self._values()}
        return f"SELECT {_sums(sums)} FROM {self._joined()}"

    def only(self, side: str, limit: int) -> str:
        """Rows of one side only, columns c<n> without the hidden ones, and how often: `times`."""
        shown = [at for at in range(len(self.columns)) if not self.columns[at].hidden]
        if not self.keys:
            more, less = ("nl", "nr") if side == "left" else ("nr", "nl")
            columns = ", ".join([*(f"c{at}" for at in shown), f"{more} - {less} AS times"])
            order = self._order("", range(len(self.columns)))
            where = f"FROM ({self._grouped()}) AS g WHERE {more} > {less}"
            return f"SELECT {columns} {where}{order} LIMIT {limit}"
        here, there = ("l", "r") if side == "left" else ("r", "l")
        columns = ", ".join([*(f"{here}.c{at} AS c{at}" for at in shown), "1 AS times"])
        order = self._order(f"{here}.", range(self.keys))
        return (
            f"SELECT {columns} FROM {self._joined()} WHERE {there}.c0 IS NULL{order} LIMIT {limit}"
        )

    def changed(self, limit: int) -> str:
        """Keys c<n> with both values a<n> and b<n> of each column, and whether they differ: d<n>.

        Of hidden columns only whether they differ is asked.
        """
        keys = [at for at in range(self.keys) if not self.columns[at].hidden]
        shown = [f"l.c{at} AS c{at}" for at in keys]
        for at in self._values():
            if not self.columns[at].hidden:
                shown += [f"l.c{at} AS a{at}", f"r.c{at} AS b{at}"]
            shown.append(f"{self._differs(at)} AS d{at}")
        some = " OR ".join(self._differs(at) for at in self._values())
        order = self._order("l.", range(self.keys))
        where = f"WHERE {_BOTH} AND ({some}){order} LIMIT {limit}"
        return f"SELECT {', '.join(shown)} FROM {self._joined()} {where}"

    def _values(self) -> range:
        return range(self.keys, len(self.columns))

    def _differs(self, at: int) -> str:
        return f"NOT (l.c{at} <=> r.c{at})"

    def _joined(self) -> str:
        on = " AND ".join(f"l.c{at} = r.c{at}" for at in range(self.keys))
        return f"({self._rows('left')}) AS l FULL OUTER JOIN ({self._rows('right')}) AS r ON {on}"

    def _grouped(self) -> str:
        """Every distinct row with how often it stands on the left, nl, and on the right, nr."""
        names = ", ".join(f"c{at}" for at in range(len(self.columns)))
        left = f"SELECT {names}, 1 AS nl, 0 AS nr FROM ({self._rows('left')}) AS l"
        right = f"SELECT {names}, 0 AS nl, 1 AS nr FROM ({self._rows('right')}) AS r"
        return (
            f"SELECT {names}, sum(nl) AS nl, sum(nr) AS nr"
            f" FROM ({left} UNION ALL {right}) AS u GROUP BY {names}"
        )

    def _rows(self, side: str) -> str:
        """The compared columns of a side, as c0, c1, …, of the rows in the sample."""
        relation = self.left if side == "left" else self.right
        columns = [_expression(column, side) for column in self.columns]
        listed = ", ".join(f"{text} AS c{at}" for at, text in enumerate(columns))
        if self.buckets >= BUCKETS:
            return f"SELECT {listed} FROM {relation}"
        texts = ", ".join(f"coalesce(cast({columns[at]} AS string), '~')" for at in self.hashed)
        # Digits compare like the numbers they write: all have the same length.
        chosen = f"substring(md5(concat_ws('|', {texts})), 1, 4) < '{self.buckets:04x}'"
        return f"SELECT {listed} FROM {relation} WHERE {chosen}"

    def _order(self, prefix: str, columns: range) -> str:
        names = [f"{prefix}c{at}" for at in columns if self.columns[at].ordered]
        return f" ORDER BY {', '.join(names)}" if names else ""


_BOTH = "l.c0 IS NOT NULL AND r.c0 IS NOT NULL"


def compared(left: Field, right: Field, *, hidden: bool) -> Compared | None:
    """How a column is compared; None when its types cannot be on every engine."""
    if any(word in field.type for field in (left, right) for word in _UNCOMPARED):
        return None
    if left.type == right.type:
        return Compared(left, right, "", hidden)
    kinds = (left.type, right.type)
    if all(kind in _INTEGERS for kind in kinds):
        return Compared(left, right, "bigint", hidden)
    if all(kind in (*_INTEGERS, *_FLOATS) for kind in kinds):
        return Compared(left, right, "double", hidden)
    if all(kind in _INTEGERS or kind.startswith("decimal") for kind in kinds):
        return Compared(left, right, "", hidden)
    return None


def buckets_for(rows: int, most: int) -> int:
    """How many buckets hold about `most` of that many rows; all of them when they are not more."""
    return BUCKETS if rows <= most else max(1, BUCKETS * most // rows)


def _expression(column: Compared, side: str) -> str:
    field = column.left if side == "left" else column.right
    text, kind = quote(field.name), column.cast or field.type
    if column.cast:
        text = f"cast({text} AS {column.cast})"
    if kind not in _FLOATS:
        return text
    nan = f"cast('NaN' AS {kind})"
    return f"CASE WHEN isnan({text}) THEN {nan} ELSE {text} + cast(0 AS {kind}) END"


def _one(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def _sums(sums: dict[str, str]) -> str:
    return ", ".join(f"coalesce(sum({text}), 0) AS {name}" for name, text in sums.items())


def split_columns(
    left: Sequence[Field], right: Sequence[Field]
) -> tuple[list[tuple[Field, Field]], list[Field], list[Field]]:
    """Columns of both sides in the order of the right, those only right, those only left."""
    before = {field.name.lower(): field for field in left}
    after = {field.name.lower() for field in right}
    both = [(before[it.name.lower()], it) for it in right if it.name.lower() in before]
    added = [field for field in right if field.name.lower() not in before]
    removed = [field for field in left if field.name.lower() not in after]
    return both, added, removed
