"""A note of what a catalog was last brought to: lets a plan tell what is behind without a JVM.

Who serves looks at the catalog itself; a note that is missing, old or broken only makes that happen
once more. A collection spares what the note says is shown.
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
    files that is not among them is somebody else's. `shown` are the releases that may be seen in
    the catalog: no object of ours shows another one.
    """

    release: int
    done: bool
    schemas: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[int, ...] = ()


def read_served(store: ObjectStore, environment: str, catalog: str) -> ServedNote | None:
    """The note, None when there is none that can be read."""
    try:
        found = json.loads(store.get(paths.served(environment, catalog)))
        tables = {str(table): str(mark) for table, mark in found["tables"].items()}
        schemas, entries = (tuple(map(str, found[key])) for key in ("schemas", "entries"))
        release = int(found["release"])
        shown = tuple(map(int, found.get("shown", [release])))
        return ServedNote(release, bool(found["done"]), schemas, entries, tables, shown)
    except (NotFoundError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def list_served(store: ObjectStore, environment: str) -> dict[str, ServedNote]:
    """Catalog -> note, of every catalog that may show something of the environment."""
    folder = paths.served_folder(environment)
    found = {}
    for item in store.list(folder):
        catalog = item.path.removeprefix(f"{folder}/").removesuffix(".json")
        note = read_served(store, environment, catalog)
        if note is not None and note.shown:
            found[catalog] = note
    return found


def put_served(store: ObjectStore, environment: str, catalog: str, note: ServedNote) -> None:
    document = {"format_version": 1, "catalog": catalog, **asdict(note)}
    data = json.dumps(document, indent=1, sort_keys=True).encode()
    store.put(paths.served(environment, catalog), data)
