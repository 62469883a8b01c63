"""`kind: view`: a query that is run when it is read."""

from __future__ import annotations

from lakewright.specs.kinds.kind import Making, TableKind, Transform
from lakewright.specs.models import ViewModel
from lakewright.specs.queries import read_query


def read_sql(making: Making, model: ViewModel) -> Transform:
    """The query that the spec names or has beside it."""
    query = read_query(
        making.document, model.query, making.files, making.macros, making.problems, each=making.each
    )
    return Transform(query)


VIEW = TableKind("view", ViewModel, writes=False, transform=read_sql)
