"""Sail's messages in the words of SQL, and what they are about."""

from __future__ import annotations

import pytest

from lakewright.engines.sail_messages import named_function, named_operator, plain_message

SUM = (
    "Internal error: Function 'sum' failed to match any signature, errors: Error during planning:"
    " Function 'sum' requires Decimal, but received Date (DataType: Date32).,Error during planning:"
    " Function 'sum' requires UInt64, but received Date (DataType: Date32).."
)
YEAR = (
    "Execution error: Function 'spark_year' user-defined coercion failed with: Error during"
    " planning: The argument of the Spark `year` function can only be a date, but got List(Int32)."
    " No function matches the given name and argument types 'spark_year(List(Int32))'. You might"
)
COMPARED = "Cannot infer common argument type for comparison operation Decimal128(10, 2) > Date32"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SUM, "no function sum(date)"),
        (YEAR, "no function year(array<int>)"),
        (
            COMPARED,
            "Cannot infer common argument type for comparison operation decimal(10,2) > date",
        ),
        ("size expects List or Map as argument, got Int64", None),
        ("unknown function: nosuch", "unknown function: nosuch"),
        ("[UNRESOLVED_COLUMN] a Spark message", "[UNRESOLVED_COLUMN] a Spark message"),
    ],
)
def test_types_are_spelt_as_in_sql_and_one_cause_is_named(text: str, message: str | None) -> None:
    assert plain_message(text) == (message or "size expects List or Map as argument, got bigint")


@pytest.mark.parametrize(
    ("text", "name"),
    [(SUM, "sum"), (YEAR, "year"), ("unknown function: nosuch", "nosuch"), (COMPARED, None)],
)
def test_the_function_a_message_is_about(text: str, name: str | None) -> None:
    assert named_function(text) == name


def test_the_operator_a_message_is_about() -> None:
    assert named_operator(COMPARED) == ">"
    assert named_operator("Cannot coerce arithmetic expression Date32 + Utf8 to valid types") == "+"
    assert named_operator(SUM) is None
