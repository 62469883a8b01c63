"""`kind: ingest`: files, each loaded exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lakewright.errors import Problem
from lakewright.names import TableName
from lakewright.specs.documents import Document
from lakewright.specs.kinds.kind import Making, TableKind
from lakewright.specs.models import FromModel, IngestModel
from lakewright.specs.secrets import check_secrets
from lakewright.specs.values import FilesInput


def _input(
    name: TableName, making: Making, model: IngestModel, values: Mapping[str, Any]
) -> FilesInput:
    where = making.document.place("from", "files")
    making.problems.extend(check_secrets(model.from_.files, where))
    making.problems.extend(_unused_options(making.document, model.from_))
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


def _unused_options(document: Document, model: FromModel) -> Iterator[Problem]:
    """Options that another format has: saying them means that something was misunderstood."""
    meant = {"csv": (), "json": ("header", "delimiter", "null_values")}
    unused = meant.get(model.format, ("header", "delimiter", "null_values", "encoding"))
    for key in unused:
        if key in model.model_fields_set:
            message = f"`{key}` has no meaning for {model.format} files"
            where = document.key_place("from", key)
            yield Problem("LW123", message, where, hint="leave it out")


INGEST = TableKind("ingest", IngestModel, writes=True, input=_input)
