"""A RESTORE as one log entry of ours, for tables that deltalake does not write.

The entry removes the files that only the head has, adds those that only the wanted version has, and
brings back that version's metaData and clustering columns; the protocol stays. Source of the
layout: Delta's PROTOCOL.md (actions `add`, `remove`, `metaData`, `domainMetadata`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakewright.lake.delta_log import commit_info, milliseconds

Action = Mapping[str, Any]
FileKey = tuple[str, str]  # path and deletion vector: the same file with another one has other rows

# Features whose tables deltalake cannot write, or not with certainty, and an entry of ours can.
BY_ENTRY = frozenset({"clustering", "deletionVectors", "domainMetadata", "vacuumProtocolCheck"})
_CLUSTERING = "delta.clustering"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a version is made of: its files' `add` actions, its metaData and clustering columns."""

    files: Mapping[FileKey, Action]
    metadata: Action | None
    clustering: Action | None


def replay(entries: Iterable[Sequence[Action]]) -> Snapshot:
    """The snapshot after all entries of a log, from the first on."""
    files: dict[FileKey, Action] = {}
    metadata: Action | None = None
    clustering: Action | None = None
    for actions in entries:
        for action in actions:
            if "remove" in action:
                files.pop(_key(action["remove"]), None)
        for action in actions:
            if "add" in action:
                files[_key(action["add"])] = action["add"]
            metadata = action.get("metaData", metadata)
            domain = action.get("domainMetadata", {})
            if domain.get("domain") == _CLUSTERING:
                clustering = None if domain.get("removed") else domain
    return Snapshot(files, metadata, clustering)


def restore_actions(
    head: Snapshot, wanted: Snapshot, token: str, now: datetime
) -> list[dict[str, Any]]:
    """The actions of the entry that brings `head` to `wanted`."""
    return [
        commit_info("RESTORE", token, now),
        *([{"metaData": wanted.metadata}] if wanted.metadata != head.metadata else []),
        *_clustering(head, wanted),
        *(_remove(head.files[key], now) for key in sorted(head.files.keys() - wanted.files.keys())),
        *(
            {"add": {**wanted.files[key], "dataChange": True}}
            for key in sorted(wanted.files.keys() - head.files.keys())
        ),
    ]


def _clustering(head: Snapshot, wanted: Snapshot) -> Iterator[dict[str, Any]]:
    if head.clustering == wanted.clustering:
        return
    gone = {"domain": _CLUSTERING, "configuration": "", "removed": True}
    yield {"domainMetadata": wanted.clustering or gone}


def _remove(added: Action, now: datetime) -> dict[str, Any]:
    kept = ("partitionValues", "size", "tags", "deletionVector")
    return {
        "remove": {
            "path": added["path"],
            "deletionTimestamp": milliseconds(now),
            "dataChange": True,
            "extendedFileMetadata": True,
            **{name: added[name] for name in kept if added.get(name) is not None},
        }
    }


def _key(action: Action) -> FileKey:
    vector = action.get("deletionVector")
    if not vector:
        return action["path"], ""
    told = f"{vector['storageType']}{vector['pathOrInlineDv']}@{vector.get('offset')}"
    return action["path"], told
