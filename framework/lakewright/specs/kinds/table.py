"""`kind: table`: equals its query, or its Python function, over its inputs."""

from __future__ import annotations

from lakewright.errors import Problem
from lakewright.specs.kinds.kind import Making, TableKind, Transform
from lakewright.specs.kinds.view import read_sql
from lakewright.specs.models import TableModel
from lakewright.specs.queries import query_paths
from lakewright.specs.transforms import read_transform


def _transform(making: Making, model: TableModel) -> Transform:
    if model.python is not None:
        return _read_python(making, model, model.python)
    if model.reads:
        message = "`reads` belongs to a Python transform; what a query reads is found in it"
        where = making.document.place("reads")
        making.problems.append(Problem("LW174", message, where, hint="leave it out"))
    return read_sql(making, model)


def _read_python(making: Making, model: TableModel, python: str) -> Transform:
    path, where = making.document.path, making.document.place("python")
    others = [*query_paths(path, making.files), *(["`query`"] if model.query else [])]
    if others:
        message = f"this table has a Python transform and a query: {' and '.join(others)}"
        making.problems.append(Problem("LW141", message, where, hint="keep one of them"))
    if not model.reads:
        message = "a Python transform needs `reads`: only declared inputs are handed in"
        making.problems.append(Problem("LW174", message, where, hint="reads: [schema.table]"))
    return Transform(python=read_transform(python, where, path, making.files, making.problems))


TABLE = TableKind("table", TableModel, writes=True, transform=_transform)
