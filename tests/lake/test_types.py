"""Types go from text to Delta, Arrow and back without loss."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewright.errors import LakeError
from lakewright.lake import (
    Field,
    arrow_schema,
    fit_rows,
    from_arrow,
    normal_type,
    parse_type,
    to_arrow,
    widens,
)
from lakewright.lake.types import Array, Decimal, Map, Primitive, Struct, Type, from_delta, to_delta

PRIMITIVES = (
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
)
decimals = st.integers(1, 38).flatmap(
    lambda precision: st.builds(Decimal, st.just(precision), st.integers(0, precision))
)
leaves = st.sampled_from(PRIMITIVES).map(Primitive) | decimals
labels = st.text(min_size=1, max_size=6).filter(lambda text: text.isprintable())


def nested(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    fields = st.lists(st.tuples(labels, inner), min_size=1, max_size=3, unique_by=lambda it: it[0])
    return (
        st.builds(Array, inner)
        | st.builds(Map, inner, inner)
        | st.builds(lambda found: Struct(tuple(found)), fields)
    )


types = st.recursive(leaves, nested, max_leaves=5)


@given(types)
def test_text_is_read_back(type_: Type) -> None:
    assert parse_type(str(type_)) == type_


@given(types)
def test_delta_is_read_back(type_: Type) -> None:
    assert from_delta(to_delta(type_)) == type_


@given(types)
def test_arrow_is_read_back(type_: Type) -> None:
    assert from_arrow(to_arrow(type_)) == type_


@given(types)
def test_every_type_widens_to_itself(type_: Type) -> None:
    assert widens(str(type_), str(type_))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("LONG", "bigint"),
        (" integer ", "int"),
        ("decimal", "decimal(10,0)"),
        ("Decimal( 10 , 2 )", "decimal(10,2)"),
        ("array< int >", "array<int>"),
        (
            "struct<A: int, `b c`: map<string, decimal(5)>>",
            "struct<A:int,`b c`:map<string,decimal(5,0)>>",
        ),
        ("struct<>", "struct<>"),
    ],
)
def test_other_spellings_are_the_same_type(written: str, normal: str) -> None:
    assert normal_type(written) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "interval",
        "varchar(3)",
        "array<int",
        "array<>",
        "map<int>",
        "decimal(39,1)",
        "int int",
        "decimal(5,6)",
        "struct<a>",
        "struct<a:int",
        "decimal(a)",
        "int;",
        "void",
    ],
)
def test_what_a_table_cannot_hold_is_an_error(text: str) -> None:
    with pytest.raises(LakeError) as error:
        parse_type(text)
    assert error.value.code == "LW534"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("int", "bigint"),
        ("tinyint", "smallint"),
        ("int", "double"),
        ("float", "double"),
        ("int", "decimal(12,2)"),
        ("bigint", "decimal(20,0)"),
        ("decimal(10,2)", "decimal(12,3)"),
        ("date", "timestamp_ntz"),
        ("array<int>", "array<bigint>"),
        ("map<int,float>", "map<bigint,double>"),
        ("struct<a:int>", "struct<a:bigint,b:string>"),
    ],
)
def test_wider_types_lose_nothing_and_narrower_ones_do(before: str, after: str) -> None:
    assert widens(before, after)
    assert not widens(after, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("bigint", "double"),
        ("int", "float"),
        ("int", "decimal(10,2)"),
        ("bigint", "decimal(19,0)"),
        ("decimal(10,2)", "decimal(11,4)"),
        ("int", "string"),
        ("timestamp", "timestamp_ntz"),
        ("string", "int"),
        ("array<int>", "int"),
    ],
)
def test_lossy_changes_do_not_widen(before: str, after: str) -> None:
    assert not widens(before, after)


@pytest.mark.parametrize(
    ("arrow", "spark"),
    [
        (pa.large_string(), "string"),
        (pa.uint32(), "bigint"),
        (pa.timestamp("ns", tz="Europe/Paris"), "timestamp"),
        (pa.timestamp("s"), "timestamp_ntz"),
        (pa.dictionary(pa.int32(), pa.string()), "string"),
        (pa.null(), "string"),
        (pa.decimal256(30, 2), "decimal(30,2)"),
    ],
    ids=str,
)
def test_arrow_types_find_a_column_type(arrow: pa.DataType, spark: str) -> None:
    assert str(from_arrow(arrow)) == spark


@pytest.mark.parametrize("arrow", [pa.duration("s"), pa.time64("us"), pa.uint64()], ids=str)
def test_arrow_types_without_a_column_type_are_errors(arrow: pa.DataType) -> None:
    with pytest.raises(LakeError) as error:
        from_arrow(arrow)
    assert error.value.code == "LW534"


def test_rows_are_fitted_by_name_and_missing_columns_are_null() -> None:
    schema = arrow_schema((Field("a", "bigint"), Field("b", "string")))
    fitted = fit_rows(pa.table({"a": pa.array([1], pa.int8())}), schema)
    assert fitted.schema == schema
    assert fitted.to_pylist() == [{"a": 1, "b": None}]


def test_types_of_newer_delta_features_are_errors() -> None:
    with pytest.raises(LakeError) as error:
        from_delta("variant")
    assert error.value.code == "LW534"
