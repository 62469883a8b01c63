"""`kind: seed`: the rows of a small CSV file that is part of the code."""

from __future__ import annotations

from pydantic import Field

from lakewright.errors import Problem
from lakewright.specs.csv_files import read_csv
from lakewright.specs.data_files import candidates, find_data
from lakewright.specs.kinds.kind import Making, TableKind, Transform
from lakewright.specs.models import Days, Names, WrittenModel
from lakewright.specs.values import SeedFile


class SeedModel(WrittenModel):
    """A small CSV file of the project: released, compared and rolled back like a query."""

    file: str = Field(description="A .csv file beside the spec, else from the project's root.")
    cluster_by: Names = Field(default=(), description="A hint for the layout of files.")
    retention: Days | None = None


def _transform(making: Making, model: SeedModel) -> Transform | None:
    making.refuse_queries()
    document, where = making.document, making.document.place("file")
    if any(path in making.unreadable for path in candidates(document.path, model.file)):
        return None
    if not model.file.lower().endswith(".csv"):
        message = f"`{model.file}` is no CSV file"
        hint = "a seed's file ends with .csv; load others with kind: ingest"
        making.problems.append(Problem("LW134", message, where, hint=hint))
        return Transform()
    path = find_data(document.path, model.file, where, making.files, problems=making.problems)
    if path is None or read_csv(making.files[path], making.problems) is None:
        return Transform()
    return Transform(seed=SeedFile(making.files[path]))


SEED = TableKind("seed", SeedModel, writes=True, transform=_transform)
