"""A Spark catalog through its public SQL: the Hive metastore, or another one that holds views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lakewright.engines.catalogs import (
    CatalogObject,
    CatalogTable,
    CatalogView,
    ObjectName,
)
from lakewright.errors import LakeError
from lakewright.graph import literal
from lakewright.names import quote

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_OURS = re.compile(r"[\[ ](lakewright\.\w+)=([^,\]]*)")
_LINE = re.compile(r"^(Type|Provider|Location): (.*)$", re.MULTILINE)
_UNREACHABLE = re.compile(
    r"CATALOG_NOT_FOUND|HiveMetaStoreClient|Another instance of Derby|Could not connect to meta"
    r"|Connection refused|UnknownHostException"
)
_CANNOT = re.compile(r"MISSING_CATALOG_ABILITY|NO_VIEW_SUPPORT|does not support views", re.I)
# A metastore keeps so much of a column's comment; longer ones cost it twenty seconds of retries.
_COMMENT = 255


class SparkCatalog:
    """Implements `Catalog` in a session of its own."""

    def __init__(self, spark: SparkSession, name: str) -> None:
        self._spark: Any = spark
        self._name = name
        self._refuse_memory()

    @property
    def name(self) -> str:
        return self._name

    def objects(self, schema: str) -> Mapping[ObjectName, CatalogObject]:
        if not self._run(f"SHOW NAMESPACES IN {quote(self._name)} LIKE {literal(schema)}"):
            return {}
        rows = self._run(f"SHOW TABLE EXTENDED IN {self._schema(schema)} LIKE '*'")
        found = [read_object(schema, row) for row in rows if not row["isTemporary"]]
        return {item.name: item for item in found}

    def make_schema(self, schema: str) -> None:
        if not self._run(f"SHOW NAMESPACES IN {quote(self._name)} LIKE {literal(schema)}"):
            self._run(f"CREATE SCHEMA IF NOT EXISTS {self._schema(schema)}")

    def put_view(self, view: CatalogView) -> None:
        columns = ", ".join(_column(field.name, field.comment) for field in view.fields)
        comment = f" COMMENT {literal(view.comment)}" if view.comment else ""
        properties = ", ".join(
            f"{literal(key)} = {literal(view.properties[key])}" for key in sorted(view.properties)
        )
        self._run(
            f"CREATE OR REPLACE VIEW {self._object(view.name)} ({columns}){comment}"
            f" TBLPROPERTIES ({properties}) AS {view.sql}"
        )

    def put_table(self, table: CatalogTable) -> None:
        name = self._object(table.name)
        self._run(f"CREATE TABLE {name} USING delta LOCATION {literal(table.location)}")

    def withdraw(self, found: CatalogObject) -> None:
        assert found.kind != "other", "what is not ours is never withdrawn"
        word = "VIEW" if found.kind == "view" else "TABLE"
        self._run(f"DROP {word} IF EXISTS {self._object(found.name)}")

    def grant(self, found: CatalogObject, reader: str) -> None:
        word = "VIEW" if found.kind == "view" else "TABLE"
        self._run(f"GRANT SELECT ON {word} {self._object(found.name)} TO {quote(reader)}")

    def _schema(self, schema: str) -> str:
        return f"{quote(self._name)}.{quote(schema)}"

    def _object(self, name: ObjectName) -> str:
        return f"{self._schema(name.schema)}.{quote(name.name)}"

    def _run(self, sql: str) -> list[Any]:
        try:
            rows: list[Any] = self._spark.sql(sql).collect()
        except Exception as error:  # py4j and PySpark throw several unrelated kinds
            raise explain_refusal(str(error), self._name) from error
        return rows

    def _refuse_memory(self) -> None:
        """LakeError LW634 for a catalog that ends with this process: nobody would see a view."""
        held = self._spark.conf.get("spark.sql.catalogImplementation", "in-memory")
        if self._name == "spark_catalog" and held == "in-memory":
            raise LakeError(
                "LW634",
                "spark_catalog of this session is kept in memory: nobody else sees what is in it",
                hint="set conf: {spark.sql.catalogImplementation: hive} in the target, and the"
                " address of the metastore",
            )


def read_object(schema: str, row: Any) -> CatalogObject:
    """A row of SHOW TABLE EXTENDED."""
    name, told = ObjectName(schema, row["tableName"].lower()), row["information"]
    # A comment or a query may hold such lines as well: they stand behind type and provider, and
    # before properties and location.
    lines = _LINE.findall(told)
    said = {**dict(lines[::-1]), **dict(pair for pair in lines if pair[0] == "Location")}
    if said.get("Type") == "VIEW":
        start = told.rfind("\nTable Properties: [")
        line = told[start + 1 :].partition("\n")[0] if start >= 0 else ""
        return CatalogObject(name, "view", dict(_OURS.findall(line)), text=_view_text(told))
    if said.get("Type") == "EXTERNAL" and said.get("Provider", "").lower() == "delta":
        return CatalogObject(name, "table", location=_plain_location(said.get("Location", "")))
    return CatalogObject(name, "other")


def _view_text(told: str) -> str | None:
    """The query of a view; None when its end cannot be told from what else is there."""
    before, after = "\nView Text: ", "\nView Original Text: "
    if told.count(before) != 1 or told.count(after) != 1:
        return None
    return told.partition(before)[2].partition(after)[0]


def _plain_location(uri: str) -> str:
    """A local place as its path, as the lake writes it; a URI stays."""
    if uri.startswith("file:"):
        return "/" + uri.removeprefix("file:").lstrip("/")
    return uri.rstrip("/")


def _column(name: str, comment: str) -> str:
    if not comment:
        return quote(name)
    short = comment if len(comment) <= _COMMENT else f"{comment[: _COMMENT - 3]}..."
    return f"{quote(name)} COMMENT {literal(short)}"


def explain_refusal(text: str, catalog: str) -> LakeError:
    """What a catalog answered, as an error of ours."""
    first = _first_line(text)
    if "clause: GRANT" in text:
        return LakeError("LW636", f"the catalog {catalog} knows no GRANT")
    # A name that is no catalog is taken for a schema of Spark's own.
    if f"The schema `spark_catalog`.`{catalog}` cannot be found" in text:
        return LakeError(
            "LW634",
            f"there is no catalog {catalog} in this session",
            hint=f"set spark.sql.catalog.{catalog} in the target's conf, or serve into another one",
        )
    if _UNREACHABLE.search(text):
        return LakeError(
            "LW634",
            f"the catalog {catalog} cannot be reached: {first}",
            hint="is its address in the target's conf, and does no other program hold it?",
        )
    if _CANNOT.search(text):
        return LakeError(
            "LW635",
            f"the catalog {catalog} holds no views: {first}",
            hint="`serve: {as: table, ...}` puts table entries instead",
        )
    return LakeError("LW637", f"the catalog {catalog} refused: {first}")


def _first_line(text: str) -> str:
    """The first line that says something, without the words around a Java exception."""
    lines = (line.strip().removeprefix(": ") for line in text.splitlines())
    told = (line for line in lines if line and not line.startswith("An error occurred while"))
    return re.split(r"\.? SQLSTATE: ", next(told, "no reason was told"))[0]
