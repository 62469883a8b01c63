"""All kinds of tables. A kind is one file here, one line below, and its tests."""

from __future__ import annotations

from lakewright.specs.kinds.ingest import INGEST
from lakewright.specs.kinds.kind import TableKind
from lakewright.specs.kinds.seed import SEED
from lakewright.specs.kinds.source import SOURCE
from lakewright.specs.kinds.table import TABLE
from lakewright.specs.kinds.view import VIEW
from lakewright.specs.models import AnyTableModel

KINDS: dict[str, TableKind] = {kind.name: kind for kind in (SOURCE, INGEST, SEED, TABLE, VIEW)}
MODELS: dict[str, type[AnyTableModel]] = {name: kind.model for name, kind in KINDS.items()}


def writes(kind: str) -> bool:
    """Whether Lakewright writes the rows of tables of this kind."""
    return KINDS[kind].writes
