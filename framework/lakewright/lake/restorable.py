"""What an earlier release can still be brought back to: rows that are gone, files it rewinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from lakewright.errors import LakeError
from lakewright.lake.lake import Lake
from lakewright.lake.state import read_ledger
from lakewright.lake.values import (
    Entry,
    FileListing,
    InputVersion,
    LakeState,
    Release,
    RewoundFile,
    SourceHead,
)
from lakewright.names import TableName

_THREADS = 8


def find_lost(
    lake: Lake,
    entries: Iterable[Entry],
    beside: Mapping[TableName, Entry],
    inputs: Mapping[TableName, SourceHead | FileListing],
) -> dict[TableName, str]:
    """Tables whose rows cannot be brought back as `entries` say, and why.

    Another table stands there, the log does not have the version, or files are gone. A view is
    lost with the versions that it was checked with: of tables of its own release, which are
    `beside` it, and of sources, whose places are in `inputs`.
    """
    wanted = sorted(entries, key=lambda entry: entry.table)
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        found = pool.map(lambda entry: _loss(lake, entry, beside, inputs), wanted)
        return {entry.table: why for entry, why in zip(wanted, found, strict=True) if why}


def rewound_files(
    lake: Lake, state: LakeState, table: TableName, target: Release
) -> tuple[RewoundFile, ...]:
    """The files that an ingest has loaded since `target`, in path order."""
    then = {
        (file.path, file.digest) for file in read_ledger(lake.tables, table, target, lake.entry_uri)
    }
    loaded = read_ledger(lake.tables, table, state.release, lake.entry_uri)
    rewound = {file.path: file.size for file in loaded if (file.path, file.digest) not in then}
    listing = state.inputs.get(table)
    there = {file.path for file in listing.files} if isinstance(listing, FileListing) else set()
    changed = set(listing.altered) if isinstance(listing, FileListing) else set()
    return tuple(
        RewoundFile(
            path,
            size,
            "changed" if path in changed else "there" if path in there else "gone",
        )
        for path, size in sorted(rewound.items())
    )


def _loss(
    lake: Lake,
    entry: Entry,
    beside: Mapping[TableName, Entry],
    inputs: Mapping[TableName, SourceHead | FileListing],
) -> str:
    try:
        if entry.location:
            pin = lake.verify_pin(entry)
            return _gone(lake.tables.missing(pin.location, pin.version))
        for name, used in sorted(entry.inputs.items()):
            why = _lost_input(lake, used, beside.get(name), inputs.get(name))
            if why:
                return f"it reads {name} version {used.version}: {why}"
    except LakeError as error:
        return error.problems[0].message
    return ""


def _lost_input(
    lake: Lake,
    used: InputVersion,
    entry: Entry | None,
    head: SourceHead | FileListing | None,
) -> str:
    if entry is not None and entry.location and entry.table_id == used.table_id:
        location = lake.pin(entry).location
    elif isinstance(head, SourceHead):
        if head.missing or head.table_id != used.table_id:
            return "another table is there now, or none"
        location = head.location
    else:
        return ""
    return _gone(lake.tables.missing(location, used.version))


def _gone(files: tuple[str, ...]) -> str:
    if not files:
        return ""
    noun = "file is" if len(files) == 1 else "files are"
    return f"{len(files)} {noun} gone, the first is {files[0]}"
