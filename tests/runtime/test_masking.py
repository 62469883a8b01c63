"""Stand-ins: nothing of the value, all of its type."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from lakewright.runtime.masking import Masks


@pytest.mark.parametrize(
    "value",
    [
        7,
        7.5,
        Decimal("7.50"),
        True,
        "Ada",
        b"Ada",
        date(1815, 12, 10),
        datetime(1815, 12, 10, 3, tzinfo=UTC),
    ],
)
def test_a_stand_in_has_the_type_and_nothing_else_of_the_value(value: Any) -> None:
    masks = Masks()
    found = masks.mask(value)
    assert type(found) is type(value)
    assert "Ada" not in str(found)
    assert found == masks.mask(value)
    assert isinstance(value, bool) or found != value


def test_equal_values_keep_equal_stand_ins_in_whatever_order_they_come() -> None:
    masks = Masks()
    first = [masks.mask(value) for value in ("Ada", "Bob", "Ada", None)]
    assert first == ["masked_1", "masked_2", "masked_1", None]
    assert masks.mask("Bob") == "masked_2"


def test_different_values_stay_apart() -> None:
    masks = Masks()
    days = [date(2020, 1, day) for day in range(1, 31)]
    assert len({masks.mask(day) for day in days}) == 30
    assert len({masks.mask(number) for number in range(30)}) == 30


def test_nested_values_are_masked_inside() -> None:
    found = Masks().mask({"name": "Ada", "tags": ["x", None]})
    assert found == {"name": "masked_1", "tags": ["masked_2", None]}


def test_a_moment_keeps_its_zone() -> None:
    assert Masks().mask(datetime(1815, 12, 10, tzinfo=UTC)) == datetime(2000, 1, 2, tzinfo=UTC)
