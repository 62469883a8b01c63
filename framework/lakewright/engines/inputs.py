"""What a Python transform is handed: its declared inputs and the run's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from lakewright.errors import SpecError
from lakewright.names import TableName

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Inputs(Mapping[str, "DataFrame"]):
    """`inputs["silver.flights"]` is that table as a DataFrame, at the version this run reads.

    `vars`, `each`, `now` and `today` are what SQL calls `:vars.x`, `:each.x`, `:now` and `:today`;
    `spark` is the session, for building frames from values. Only tables that the spec lists in
    `reads:` are here: any other name is SpecError LW616.
    """

    def __init__(
        self,
        *,
        spark: SparkSession,
        tables: Mapping[TableName, DataFrame],
        vars: Mapping[str, Any],  # noqa: A002 - the word that users write in YAML and SQL
        now: datetime,
        today: date,
        each: Mapping[str, Any] | None = None,
    ) -> None:
        self.spark = spark
        self.vars = vars
        self.now = now
        self.today = today
        self.each = dict(each or {})
        self._tables = {str(name): frame for name, frame in tables.items()}

    def __getitem__(self, name: str) -> DataFrame:
        try:
            return self._tables[name.strip().lower()]
        except KeyError:
            declared = ", ".join(sorted(self._tables)) or "nothing"
            raise SpecError(
                "LW616",
                f"the transform asks for `{name}`, which its spec does not read",
                hint=f"add it to `reads:`; declared is {declared}",
            ) from None

    def table(self, name: str) -> DataFrame:
        """The same as `inputs[name]`."""
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._tables))

    def __len__(self) -> int:
        return len(self._tables)
