"""What counts as the same answer of two engines."""

from __future__ import annotations

import pytest
from infra.conformance.cases import Case, Shape
from infra.conformance.comparing import compare, same
from infra.conformance.measuring import Outcome


def case(shape: Shape = "row") -> Case:
    return Case("Area", "name", shape, "x")


def classed(spark: Outcome, sail: Outcome, shape: Shape = "row") -> str | None:
    found = compare(case(shape), spark, sail)
    return None if found is None else found[0]


def test_floats_are_the_same_within_a_billionth() -> None:
    assert same(1.0, 1.0 + 1e-12)
    assert not same(1.0, 1.0 + 1e-6)


def test_nan_is_the_same_as_nan_only() -> None:
    assert same({"float": "nan"}, {"float": "nan"})
    assert not same({"float": "nan"}, {"float": "inf"})


def test_a_longer_decimal_is_rounded_as_the_cast_on_write_does() -> None:
    assert same({"decimal": "0.67"}, {"decimal": "0.6650"})
    assert not same({"decimal": "0.6650"}, {"decimal": "0.67"})


def test_an_instant_without_zone_is_one_in_utc() -> None:
    assert same({"instant": "2024-01-01T00:00:00+00:00"}, {"instant": "2024-01-01T00:00:00"})


@pytest.mark.parametrize(("left", "right"), [(None, False), (1, True), ("1", 1), ([1], [1, 2])])
def test_values_of_other_kinds_differ(left: object, right: object) -> None:
    assert not same(left, right)


def test_equal_rows_of_another_type_are_different() -> None:
    assert classed(Outcome("int", ((1,),)), Outcome("bigint", ((1,),))) == "different"


def test_other_values_are_refused() -> None:
    assert classed(Outcome("int", ((1,),)), Outcome("int", ((2,),))) == "refused"


def test_a_missing_row_is_refused() -> None:
    assert classed(Outcome("int", ((1,), (2,))), Outcome("int", ((1,),))) == "refused"


def test_an_error_on_sail_alone_is_refused() -> None:
    assert classed(Outcome("int", ((1,),)), Outcome(error="boom")) == "refused"


def test_what_spark_refuses_is_left_out() -> None:
    assert classed(Outcome(error="[X]"), Outcome("int", ((1,),))) is None


def test_an_edge_where_both_fail_is_equal() -> None:
    assert classed(Outcome(error="[X]"), Outcome(error="overflow"), "edge") == "equal"


def test_an_edge_that_sail_fails_for_lack_of_the_function_is_refused() -> None:
    sail = Outcome(error="unknown function: nosuch")
    assert classed(Outcome(error="[X]"), sail, "edge") == "refused"


def test_an_edge_that_sail_lets_pass_is_refused() -> None:
    assert classed(Outcome(error="[X]"), Outcome("int", ((1,),)), "edge") == "refused"
