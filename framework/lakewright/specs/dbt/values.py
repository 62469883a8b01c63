"""What is read of a dbt project, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakewright.names import TableName
from lakewright.specs.documents import Document

Weight = Literal["not_converted", "changed"]


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something of the dbt project that is not here, or not as it was there."""

    path: str
    line: int
    what: str
    reason: str
    weight: Weight = "not_converted"


@dataclass(frozen=True, slots=True)
class DbtFiles:
    """The texts of a dbt project by path, relative to its folder, and its settings."""

    texts: Mapping[str, str]
    settings: Mapping[str, Any]
    model_paths: tuple[str, ...]
    seed_paths: tuple[str, ...]
    macro_paths: tuple[str, ...]
    test_paths: tuple[str, ...]
    other_paths: tuple[str, ...]  # snapshots and analyses: told, never read

    @property
    def name(self) -> str:
        return str(self.settings.get("name", "dbt"))

    def below(self, folders: tuple[str, ...], suffix: str) -> tuple[str, ...]:
        """The paths under `folders` with that ending, in order."""
        starts = tuple(folder.strip("/") + "/" for folder in folders)
        return tuple(
            path for path in sorted(self.texts) if path.startswith(starts) and path.endswith(suffix)
        )


@dataclass(frozen=True, slots=True)
class Property:
    """What a YAML file says about one model, seed, or table of a source."""

    name: str
    written: Mapping[str, Any]
    document: Document
    loc: tuple[str | int, ...]

    @property
    def path(self) -> str:
        return self.document.path

    def line(self, *inner: str | int) -> int:
        """The line of something in it; without `inner` its own."""
        return self.document.place(*self.loc, *inner).line


@dataclass(frozen=True, slots=True)
class Properties:
    """All that the YAML files below the model, seed and test folders say."""

    models: Mapping[str, Property]
    seeds: Mapping[str, Property]
    sources: Mapping[tuple[str, str], Property]
    unit_tests: tuple[Property, ...]
    docs: Mapping[str, str]
    owners: Mapping[str, str]  # group -> who owns it


@dataclass(frozen=True, slots=True)
class Names:
    """What a dbt name is called here, and the name that a query may call it by."""

    models: Mapping[str, TableName]  # models and seeds
    sources: Mapping[tuple[str, str], TableName]
    called: Mapping[TableName, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """A project of ours as files by path, and everything that is to be told about it."""

    name: str
    files: Mapping[str, str]
    remarks: tuple[Remark, ...]
    counts: Mapping[str, int]
