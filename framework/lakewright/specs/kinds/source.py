"""`kind: source`: a Delta table that somebody else writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewright.names import TableName
from lakewright.specs.kinds.kind import Making, TableKind
from lakewright.specs.models import SourceModel
from lakewright.specs.secrets import check_secrets
from lakewright.specs.values import DeltaInput


def _input(
    name: TableName, making: Making, model: SourceModel, values: Mapping[str, Any]
) -> DeltaInput:
    del values
    where = making.document.place("location")
    making.problems.extend(check_secrets(model.location, where))
    return DeltaInput(name, model.location, where)


SOURCE = TableKind("source", SourceModel, writes=False, input=_input)
