"""A seed's rows, as an engine takes them."""

from __future__ import annotations

from lakewright.engines.port import ValueRows
from lakewright.errors import Place
from lakewright.graph import SeedTransform, Step
from lakewright.lake import Field


def seed_rows(step: Step) -> ValueRows:
    """The rows of the file that came with the code: no storage is asked for them."""
    transform = step.transform
    assert isinstance(transform, SeedTransform)
    fields = tuple(Field(it.name, it.type or "string", it.description) for it in transform.columns)
    return ValueRows(fields, transform.rows, Place(transform.path, 1))
