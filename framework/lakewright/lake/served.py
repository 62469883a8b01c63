"""A note of what a catalog was last brought to: lets a plan tell what is behind without a JVM.

Nothing is decided from it. Who serves looks at the catalog itself; a note that is missing, old or
broken only makes that happen once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lakewright.lake import paths
from lakewright.lake.ports import NotFoundError, ObjectStore


@dataclass(frozen=True, slots=True)
class ServedNote:
    """`schemas` were ever written to. `tables`: table -> mark of what stands there for it.

    `entries` are names of table entries that serving put or was about to put: an entry over our
    files that is not among them is somebody else's.
    """

    release: int
    done: bool
    schemas: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)


def read_served(store: ObjectStore, environment: str, catalog: str) -> ServedNote | None:
    """The note, None when there is none that can be read."""
    try:
        found = json.loads(store.get(paths.served(environment, catalog)))
        tables = {str(table): str(mark) for table, mark in found["tables"].items()}
        schemas, entries = (tuple(map(str, found[key])) for key in ("schemas", "entries"))
        return ServedNote(int(found["release"]), bool(found["done"]), schemas, entries, tables)
    except (NotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def put_served(store: ObjectStore, environment: str, catalog: str, note: ServedNote) -> None:
    document = {"format_version": 1, "catalog": catalog, **asdict(note)}
    data = json.dumps(document, indent=1, sort_keys=True).encode()
    store.put(paths.served(environment, catalog), data)
