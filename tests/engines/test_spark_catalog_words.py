"""What a catalog answers, read without one: the answers were recorded from Spark 4.2."""

from __future__ import annotations

import pytest

from lakewright.engines import CatalogObject, ObjectName
from lakewright.engines.spark_catalog import explain_refusal, read_object

VIEW = """Catalog: spark_catalog
Database: gold
Table: t
Created By: Spark 4.2.0
Type: VIEW
Comment: A desc
View Text: SELECT `id`
FROM delta.`/lake/t` VERSION AS OF 1
View Original Text: SELECT `id`
FROM delta.`/lake/t` VERSION AS OF 1
Table Properties: [lakewright.lake=abc, lakewright.release=1, transient_lastDdlTime=1795533587]
Serde Library: org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe
Storage Properties: [serialization.format=1]
Schema: root
 |-- id: long (nullable = true)

"""
ENTRY = """Catalog: spark_catalog
Table: ext
Type: EXTERNAL
Provider: delta
Location: file:/lake/a table
Partition Provider: Catalog
"""


def read(information: str) -> CatalogObject:
    return read_object("gold", {"tableName": "T", "information": information})


def test_a_view_is_read_with_properties_of_ours_alone() -> None:
    expected = {"lakewright.lake": "abc", "lakewright.release": "1"}
    text = "SELECT `id`\nFROM delta.`/lake/t` VERSION AS OF 1"
    assert read(VIEW) == CatalogObject(ObjectName("gold", "t"), "view", expected, text=text)


def test_a_query_whose_end_cannot_be_told_is_not_known() -> None:
    assert read(VIEW.replace("A desc", "A\nView Text: desc")).text is None


def test_a_view_without_properties_is_nobodys() -> None:
    told = VIEW.replace("Table Properties", "Other").replace(": A desc", ": lakewright.lake=abc")
    assert read(told).properties == {}


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("file:/lake/a table", "/lake/a table"),
        ("file:///lake/t", "/lake/t"),
        ("s3://bucket/lake/t/", "s3://bucket/lake/t"),
    ],
)
def test_a_place_is_read_as_the_lake_writes_it(written: str, plain: str) -> None:
    found = read(ENTRY.replace("file:/lake/a table", written))
    assert (found.kind, found.location) == ("table", plain)


@pytest.mark.parametrize(
    "told",
    [
        ENTRY.replace("EXTERNAL", "MANAGED"),
        ENTRY.replace("delta", "parquet"),
        ENTRY.replace("Provider: delta", "Provider: hive\nComment: x\nProvider: delta"),
    ],
)
def test_anything_else_is_other(told: str) -> None:
    assert read(told).kind == "other"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("[INVALID_STATEMENT_OR_CLAUSE] The statement or clause: GRANT is not valid.", "LW636"),
        ("[SCHEMA_NOT_FOUND] The schema `spark_catalog`.`main` cannot be found.", "LW634"),
        ("[SCHEMA_NOT_FOUND] The schema `main`.`gold` cannot be found.", "LW637"),
        ("Unable to instantiate org.apache.x.SessionHiveMetaStoreClient", "LW634"),
        ("[UNSUPPORTED_FEATURE] Catalog main does not support views.", "LW635"),
        ("[EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE] The table x does not support", "LW637"),
        ("", "LW637"),
    ],
)
def test_a_refusal_has_a_code(answer: str, code: str) -> None:
    assert explain_refusal(answer, "main").code == code


def test_a_java_exception_is_told_in_its_own_words() -> None:
    answer = "An error occurred while calling o1.sql.\n: java.X: no room\n\tat org.x.Y"
    assert explain_refusal(answer, "main").problems[0].message.endswith("refused: java.X: no room")
