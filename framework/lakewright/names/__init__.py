"""Names of tables, columns and environments: one parser, one quoting function, no case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakewright.errors import Place, SpecError

QUARANTINE = "__quarantine"
LEDGER = "__ledger"
RESERVED_SUFFIXES = (QUARANTINE, LEDGER)

_PART = re.compile(r"[a-z_][a-z0-9_]{0,126}\Z")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")


@dataclass(frozen=True, slots=True, order=True)
class TableName:
    """`schema.table`, lower case."""

    schema: str
    table: str

    @classmethod
    def parse(cls, text: str, where: Place | None = None) -> TableName:
        """Read `schema.table`; SpecError LW101 for anything else, LW102 for a reserved suffix."""
        parts = text.strip().lower().split(".")
        if len(parts) != 2 or not all(_PART.match(part) for part in parts):
            raise SpecError(
                "LW101",
                f"`{text}` is not a table name",
                where,
                hint="write schema.table with letters, digits and underscores",
            )
        name = cls(*parts)
        if name.table.endswith(RESERVED_SUFFIXES):
            raise SpecError(
                "LW102",
                f"`{text}` ends with a suffix that Lakewright keeps for its own tables",
                where,
                hint=f"rename the table; reserved are {' and '.join(RESERVED_SUFFIXES)}",
            )
        return name

    @classmethod
    def of(cls, text: str) -> TableName:
        """A name of ours (companions included) as records hold it: trusted, only split."""
        schema, _, table = text.partition(".")
        return cls(schema, table)

    @property
    def quarantine(self) -> TableName:
        return TableName(self.schema, self.table + QUARANTINE)

    @property
    def ledger(self) -> TableName:
        return TableName(self.schema, self.table + LEDGER)

    @property
    def group(self) -> TableName:
        """The table this one is a companion of; itself when it is not."""
        for suffix in RESERVED_SUFFIXES:
            if self.table.endswith(suffix):
                return TableName(self.schema, self.table.removesuffix(suffix))
        return self

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"


def is_column_name(text: str) -> bool:
    """Whether `text` may name a column: one regex for every name that reaches SQL."""
    return bool(_PART.match(text.lower()))


def parse_environment(text: str, where: Place | None = None) -> str:
    """The environment's name in lower case; raises SpecError LW103."""
    name = text.strip().lower()
    if not _ENVIRONMENT.match(name):
        raise SpecError(
            "LW103",
            f"`{text}` is not an environment name",
            where,
            hint="start with a letter, then letters, digits and underscores, at most 63",
        )
    return name


def quote(identifier: str) -> str:
    """`identifier` between backticks: the only way a name gets into SQL."""
    return "`" + identifier.replace("`", "``") + "`"
