"""What comes from outside: the Delta table of a source, the files of an ingest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakewright.errors import Problem
from lakewright.names import TableName
from lakewright.specs.documents import Document
from lakewright.specs.models import AnyTableModel, FromModel, IngestModel, SourceModel
from lakewright.specs.secrets import check_secrets
from lakewright.specs.values import DeltaInput, FilesInput, Input


def read_input(
    name: TableName,
    model: AnyTableModel,
    document: Document | None,
    values: Mapping[str, Any],
    *,
    problems: list[Problem],
) -> Input | None:
    """The input of a source or an ingest, else None. `values` are those after defaults."""
    if document is None:
        return None
    match model:
        case SourceModel():
            where = document.place("location")
            problems.extend(check_secrets(model.location, where))
            return DeltaInput(name, model.location, where)
        case IngestModel():
            where = document.place("from", "files")
            problems.extend(check_secrets(model.from_.files, where))
            problems.extend(_unused_options(document, model.from_))
            return FilesInput(
                table=name,
                pattern=model.from_.files,
                format=model.from_.format,
                where=where,
                header=model.from_.header,
                delimiter=model.from_.delimiter,
                encoding=model.from_.encoding,
                null_values=model.from_.null_values,
                on_change=values["on_change"],
                on_new_column=values["on_new_column"],
            )
        case _:
            return None


def _unused_options(document: Document, model: FromModel) -> list[Problem]:
    """Options that another format has: saying them means that something was misunderstood."""
    meant = {"csv": (), "json": ("header", "delimiter", "null_values")}
    unused = meant.get(model.format, ("header", "delimiter", "null_values", "encoding"))
    return [
        Problem(
            "LW123",
            f"`{key}` has no meaning for {model.format} files",
            document.key_place("from", key),
            hint="leave it out",
        )
        for key in unused
        if key in model.model_fields_set
    ]
