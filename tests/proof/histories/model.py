"""What a history should lead to, worked out in plain Python; it knows nothing of Lakewright.

A release is the rows of every table, the code that made them and the files that were loaded. An
operation yields the release that it would add. Refreshing leaves what fails, and what is below it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from proof.histories.project import OWNERS, Code

Row = dict[str, Any]
Rows = tuple[Row, ...]

READS = {
    "bronze.clicks": (),
    "silver.orders": (),
    "silver.customers": (),
    "gold.totals": ("silver.orders", "silver.customers"),
    "gold.large": ("silver.orders",),
    "gold.clicked": ("bronze.clicks",),
    "gold.dated": ("silver.orders",),
    "gold.extra": ("silver.orders",),
}  # in build order; sources are not released by us
INGEST = "bronze.clicks"


@dataclass(frozen=True, slots=True)
class File:
    """A landed file: (customer, n) records, where an n that is no number makes a bad record."""

    records: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        return "customer,n\n" + "".join(f"{customer},{n}\n" for customer, n in self.records)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was delivered by now."""

    orders: Rows = ()
    customers: Rows = ()
    files: Mapping[str, File] = field(default_factory=dict)  # path -> content
    today: date = date(2026, 1, 2)


@dataclass(frozen=True, slots=True)
class Released:
    """One release as its readers must see it."""

    tables: Mapping[str, Rows] = field(default_factory=dict)
    code: Code = field(default_factory=Code)
    loaded: Mapping[str, File] = field(default_factory=dict)
    failed: frozenset[str] = frozenset()  # held because a check fails, or because a person said so

    def has(self, table: str) -> bool:
        return table in self.tables


class BrokenRuleError(Exception):
    """A rule with `on_fail: fail` does not hold, or a load cannot be done."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Expected:
    """The release that an operation adds when it succeeds; without one: codes of its refusal."""

    release: Released | None
    refusals: frozenset[str] = frozenset()


def expect_apply(
    before: Released, code: Code, inputs: Inputs, *, drop: bool = True, select: str = ""
) -> Expected:
    """All tables from the written code, or only `select`; a single failure refuses everything.

    Without `drop` a table whose spec is gone stays as it was released.
    """
    stays = set[str]()
    if select:
        code = replace(before.code, **code.of(select))  # type: ignore[arg-type]
    elif not code.extra and not drop:
        code = replace(code, extra=before.code.extra)
        stays = {"gold.extra"} & before.tables.keys()
    chosen = {select} if select else tables_of(code) - stays
    made = _Making(before, code, inputs)
    for table in READS:
        if table in chosen:
            made.make(table)
        elif before.has(table) and table in tables_of(code):
            made.keep(table)
    if made.broken:
        return Expected(None, frozenset(made.broken.values()))
    failed = before.failed - chosen if select else frozenset[str]()
    return Expected(made.released(failed))


def expect_adoption(before: Released, row: Row) -> Expected:
    """The ingest has a row more; what reads it hears of that in the next run."""
    adopted = {**row, "note": None} if before.code.clicks_note else row
    return Expected(
        replace(before, tables={**before.tables, INGEST: (*before.tables[INGEST], adopted)})
    )


def expect_taking(before: Released, code: Code) -> Expected:
    """gold.extra is there: it was built outside, from the same rows."""
    extra = _Making(before, replace(before.code, extra=code.extra), Inputs())
    rows = extra.extra_of(before.tables["silver.orders"])
    tables = {**before.tables, "gold.extra": rows}
    return Expected(replace(before, tables=tables, code=replace(before.code, extra=code.extra)))


def expect_refresh(before: Released, inputs: Inputs, said: Collection[str] = ()) -> Expected:
    """All tables from the released code; what fails, or a person holds, stays with all below it."""
    made = _Making(before, before.code, inputs)
    held: set[str] = set()
    for table, reads in READS.items():
        if not before.has(table):
            continue
        if table in said or held.intersection(reads):
            held.add(table)
            made.keep(table)
            continue
        if not made.make(table):
            held.add(table)
            made.keep(table)
    failed = frozenset(made.broken) | (frozenset(said) & before.tables.keys())
    return Expected(made.released(failed))


def expect_rollback(
    now: Released, then: Released, *, select: str = "", keep_ingest: bool = False
) -> Expected:
    """The rows, code and loaded files of then; of `select` and all that reads it, or of all."""
    going = descendants({select}) if select else set(READS)
    if keep_ingest:
        going -= {INGEST}
    code = replace(now.code, **_choices(then.code, going))  # type: ignore[arg-type]
    tables = {name: rows for name, rows in now.tables.items() if _group(name) not in going}
    tables |= {name: rows for name, rows in then.tables.items() if _group(name) in going}
    loaded = then.loaded if INGEST in going else now.loaded
    return Expected(Released(tables, code, loaded))


def descendants(tables: Collection[str]) -> set[str]:
    """`tables` and all that read them, directly or not."""
    found = set(tables)
    for table, reads in READS.items():
        if found.intersection(reads):
            found.add(table)
    return found


def tables_of(code: Code) -> set[str]:
    return set(READS) - (set() if code.extra else {"gold.extra"})


def _choices(code: Code, tables: Collection[str]) -> dict[str, object]:
    return {name: choice for table in tables for name, choice in code.of(table).items()}


def _group(table: str) -> str:
    return table.removesuffix("__quarantine").removesuffix("__ledger")


class _Making:
    """A release while it is made, table by table in build order."""

    def __init__(self, before: Released, code: Code, inputs: Inputs) -> None:
        self._before = before
        self._code = code
        self._inputs = inputs
        self._tables: dict[str, Rows] = {}
        self._loaded: Mapping[str, File] = before.loaded
        self._kept_code: dict[str, object] = {}
        self.broken: dict[str, str] = {}

    def make(self, table: str) -> bool:
        if any(name in self.broken for name in READS[table]):
            return False
        try:
            self._tables |= self._load() if table == INGEST else _MAKERS[table](self)
        except BrokenRuleError as broken:
            self.broken[table] = broken.code
            return False
        return True

    def keep(self, table: str) -> None:
        for name in (table, f"{table}__quarantine", f"{table}__ledger"):
            if self._before.has(name):
                self._tables[name] = self._before.tables[name]
        self._kept_code |= self._before.code.of(table)

    def released(self, failed: frozenset[str]) -> Released:
        code = replace(self._code, **self._kept_code)  # type: ignore[arg-type]
        if "gold.extra" not in self._tables:
            code = replace(code, extra="")
        return Released(self._tables, code, self._loaded, failed)

    def rows(self, table: str) -> Rows:
        return self._tables[table]

    def _load(self) -> dict[str, Rows]:
        """Each file once. Another column means all files again, and they must be there."""
        files, before = self._inputs.files, self._before
        again = before.has(INGEST) and before.code.clicks_note != self._code.clicks_note
        known = before.loaded
        if any(path in files and files[path] != known[path] for path in known):
            raise BrokenRuleError("LW751")
        if again and any(path not in files for path in known):
            raise BrokenRuleError("LW752")
        fresh = {path: file for path, file in files.items() if again or path not in known}
        old = {} if again else {name: before.tables.get(name, ()) for name in _ingested()}
        good = [_record(r, self._code) for path in sorted(fresh) for r in _good(fresh[path])]
        bad = [row for path in sorted(fresh) for row in _bad(path, fresh[path])]
        self._loaded = dict(fresh) if again else {**known, **fresh}
        return {
            INGEST: (*old.get(INGEST, ()), *good),
            f"{INGEST}__quarantine": (*old.get(f"{INGEST}__quarantine", ()), *bad),
            f"{INGEST}__ledger": tuple({"path": path} for path in sorted(self._loaded)),
        }

    def orders(self) -> dict[str, Rows]:
        code, kept, apart = self._code, [], []
        for given in self._inputs.orders:
            row = {**given, "amount": given["amount"] * code.factor}
            if code.shown:
                row["shown"] = str(given["amount"])
            if row["amount"] < code.least:
                apart.append({**row, "_failed_rules": ["enough"]})
            elif row["amount"] != 999:
                kept.append(row)
        if any(row["customer"] is None for row in kept):
            raise BrokenRuleError("LW401")
        _refuse_twice(row["id"] for row in kept)
        return {"silver.orders": tuple(kept), "silver.orders__quarantine": tuple(apart)}

    def customers(self) -> dict[str, Rows]:
        shout = str.upper if self._code.upper else str
        rows = tuple(
            {"customer": row["customer"], "region": shout(row["region"])}
            for row in self._inputs.customers
        )
        _refuse_twice(row["customer"] for row in rows)
        return {"silver.customers": rows}

    def totals(self) -> dict[str, Rows]:
        regions = {row["customer"]: row["region"] for row in self.rows("silver.customers")}
        sums: Counter[str] = Counter()
        found = set()
        for row in self.rows("silver.orders"):
            if row["customer"] in regions:
                found.add(regions[row["customer"]])
                sums[regions[row["customer"]]] += row["amount"]
        if self._code.some and not found:
            raise BrokenRuleError("LW431")
        bonus = self._code.bonus
        rows = ({"region": region, "amount": sums[region] + bonus} for region in sorted(found))
        return {"gold.totals": tuple(rows)}

    def large(self) -> dict[str, Rows]:
        orders, least = self.rows("silver.orders"), self._code.threshold
        chosen = (row for row in orders if row["amount"] >= least)
        return {"gold.large": tuple({"id": row["id"], "amount": row["amount"]} for row in chosen)}

    def clicked(self) -> dict[str, Rows]:
        sums: Counter[str] = Counter()
        for row in self.rows(INGEST):
            sums[row["customer"]] += row["n"]
        return {"gold.clicked": tuple({"customer": c, "n": sums[c]} for c in sorted(sums))}

    def dated(self) -> dict[str, Rows]:
        day, orders = self._inputs.today, self.rows("silver.orders")
        return {"gold.dated": tuple({"id": row["id"], "day": day} for row in orders)}

    def extra(self) -> dict[str, Rows]:
        return {"gold.extra": self.extra_of(self.rows("silver.orders"))}

    def extra_of(self, orders: Rows) -> Rows:
        shape = str if self._code.extra == "text" else int
        return tuple({"id": row["id"], "value": shape(row["amount"])} for row in orders)


_MAKERS: Mapping[str, Callable[[_Making], dict[str, Rows]]] = {
    "silver.orders": _Making.orders,
    "silver.customers": _Making.customers,
    "gold.totals": _Making.totals,
    "gold.large": _Making.large,
    "gold.clicked": _Making.clicked,
    "gold.dated": _Making.dated,
    "gold.extra": _Making.extra,
}
assert set(OWNERS.values()) <= set(READS)


def _ingested() -> tuple[str, str]:
    return INGEST, f"{INGEST}__quarantine"


def _record(record: tuple[str, str], code: Code) -> Row:
    row: Row = {"customer": record[0], "n": int(record[1])}
    return {**row, "note": None} if code.clicks_note else row


def _good(file: File) -> list[tuple[str, str]]:
    return [record for record in file.records if record[1].isdigit()]


def _bad(path: str, file: File) -> list[Row]:
    return [
        {"_source_file": path, "_source_line": line, "_raw": f"{customer},{n}"}
        for line, (customer, n) in enumerate(file.records, start=2)
        if not n.isdigit()
    ]


def _refuse_twice(keys: Any) -> None:
    found = list(keys)
    if None in found or len(set(found)) < len(found):
        raise BrokenRuleError("LW431")
