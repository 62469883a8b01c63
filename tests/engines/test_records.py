"""Files become records: each exactly once, bad ones apart, in equal form on every engine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakewright.engines.records import Reading, RecordFileError, read_header, read_records

TEXTS = (("a", "string"), ("b", "string"))


def reading(tmp_path: Path, content: bytes, format_: str = "csv", **options: Any) -> Reading:
    path = tmp_path / "file"
    path.write_bytes(content)
    settings = {"fields": TEXTS, "digest": hashlib.sha256(content).hexdigest(), **options}
    return Reading(path="file", uri=str(path), format=format_, **settings)


def records(given: Reading) -> list[tuple[Any, ...]]:
    names = [name for name, _ in given.fields]
    rows = [row for batch in read_records(given) for row in batch.to_pylist()]
    return [
        (row["_source_line"], row["_raw"]) if row["_lw_bad"] else tuple(row[name] for name in names)
        for row in rows
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,x\n", [("1", "x")]),
        (b"a,b\r\n1,x\r\n\r\n2,\r\n", [("1", "x"), ("2", None)]),
        (b'a,b\n1,"x\ny"\n', [("1", "x\ny")]),
        (b'a,b\n1,"say ""hi"", you"\n', [("1", 'say "hi", you')]),
        (b"\xef\xbb\xbfa,b\n1,x", [("1", "x")]),
        (b"b,more,a\nx,y,1\n", [("1", "x")]),
        (b"a,b\n1\n2,y\n", [(2, "1"), ("2", "y")]),
        (b"a,b\n1,x,z\n", [(2, "1,x,z")]),
        (b'a,b\n1,5" pipe\n', [("1", '5" pipe')]),
        (b'a,b\n1,"x\ny"\n2\n', [("1", "x\ny"), (4, "2")]),
        (b"a,b\n1,\xff\n2,y\n", [(2, "1,\\xff"), ("2", "y")]),
    ],
)
def test_csv_is_read_as_rfc_4180_has_it(
    tmp_path: Path, content: bytes, expected: list[tuple[Any, ...]]
) -> None:
    assert records(reading(tmp_path, content)) == expected


def test_a_value_that_does_not_fit_its_type_makes_a_bad_record(tmp_path: Path) -> None:
    given = reading(tmp_path, b"a,b\n1,x\ntwo,y\n", fields=(("a", "int"), ("b", "string")))
    assert records(given) == [(1, "x"), (3, "two,y")]


def test_json_numbers_keep_their_text_and_other_lines_are_bad(tmp_path: Path) -> None:
    content = b'{"a": 1.50, "b": {"c": [1]}}\n[1]\n{"a": true}\n'
    expected = [("1.50", '{"c":[1]}'), (2, "[1]"), ("true", None)]
    assert records(reading(tmp_path, content, "json")) == expected


def test_parquet_keeps_its_types_and_marks_what_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "made"
    pq.write_table(pa.table({"a": [1, 300]}), path)
    given = reading(tmp_path, path.read_bytes(), "parquet", fields=(("a", "tinyint"),))
    assert read_header(given) == (("a", "bigint"),)
    assert records(given) == [(1,), (None, None)]


@pytest.mark.parametrize(
    ("content", "format_", "options", "code"),
    [
        (b"a,b\n1,x\n", "csv", {"digest": "0" * 64}, "LW701"),
        (b"", "csv", {}, "LW703"),
        (b"", "json", {}, "LW703"),
        (b"no parquet", "parquet", {}, "LW703"),
        (b"a,b\n", "csv", {"encoding": "none-such"}, "LW704"),
        (b"a,A\n1,2\n", "csv", {}, "LW706"),
        (b'{"a": 1, "new": 2}\n', "json", {}, "LW707"),
    ],
)
def test_a_file_that_cannot_be_loaded_says_why(
    tmp_path: Path, content: bytes, format_: str, options: dict[str, Any], code: str
) -> None:
    with pytest.raises(RecordFileError) as caught:
        records(reading(tmp_path, content, format_, **options))
    assert str(caught.value).startswith(f"{code} {{file}} ")


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    given = reading(tmp_path, b"a,b\n")
    (tmp_path / "file").unlink()
    with pytest.raises(RecordFileError) as caught:
        records(given)
    assert str(caught.value).startswith("LW702 ")


def test_a_file_is_held_in_memory_by_parts(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,0123456789\n" * 2_000_000
    before, most, rows = pa.total_allocated_bytes(), 0, 0
    for batch in read_records(reading(tmp_path, content, fields=(("a", "int"), ("b", "string")))):
        rows += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == 2_000_000
    assert most < len(content)
