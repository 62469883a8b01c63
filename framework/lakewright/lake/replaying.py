"""The files of a Delta table at one version, as the log itself describes them.

A log replayed from its last checkpoint gives every `add` action whole, with statistics and
partition values, where a reader's summary would lose some. Source: Delta's PROTOCOL.md, "Action
Reconciliation".
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakewright.lake import delta_log
from lakewright.lake.paths import number_of
from lakewright.lake.ports import ObjectStore

LOG = "_delta_log"
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet\Z")
_READ = ("add", "domainMetadata")


@dataclass(slots=True)
class LiveFiles:
    """What is live at a version: `add` actions by path, and what else belongs to the table."""

    adds: dict[str, dict[str, Any]] = field(default_factory=dict)
    domains: dict[str, dict[str, Any]] = field(default_factory=dict)

    def take(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Reconcile with one entry or checkpoint. Removals first: an entry may replace a file."""
        found = list(actions)
        for action in found:
            if action.get("remove"):
                self.adds.pop(action["remove"]["path"], None)
        for action in found:
            if action.get("add"):
                self.adds[action["add"]["path"]] = dict(action["add"])
            if action.get("domainMetadata"):
                domain = dict(action["domainMetadata"])
                self.domains.pop(domain["domain"], None)
                if not domain.get("removed"):
                    self.domains[domain["domain"]] = domain


def live_files(store: ObjectStore, location: str, version: int) -> LiveFiles:
    """The files of a version; LakeError LW530 when the log has a gap, LW531 for unknown forms."""
    live = LiveFiles()
    found = list(store.list(LOG))
    begun = -1
    for checkpoint, parts in _checkpoints([item.path for item in found]):
        if checkpoint <= version:
            begun = checkpoint
            for part in parts:
                live.take(_from_checkpoint(store.get(part)))
            break
    expected = begun + 1
    for item in found:
        number = number_of(item.path)
        if number is None or not begun < number <= version:
            continue
        if number != expected:
            break
        live.take(delta_log.parse_entry(store.get(item.path), f"{location}/{item.path}"))
        expected += 1
    if expected != version + 1:
        raise delta_log.damaged(f"{location}/{LOG}/{expected:020d}.json")
    return live


def _checkpoints(paths: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Whole checkpoints, the newest first; one in parts counts when all parts are there."""
    parts: dict[tuple[int, int], list[str]] = {}
    for path in paths:
        match = _CHECKPOINT.search(path)
        if match:
            parts.setdefault((int(match[1]), int(match[3] or 1)), []).append(path)
    for (version, count), files in sorted(parts.items(), reverse=True):
        if len(files) == count:
            yield version, sorted(files)


def _from_checkpoint(data: bytes) -> Iterator[dict[str, Any]]:
    # Arrow takes long to load, and most tables need no checkpoint read.
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(data))
    columns = [name for name in _READ if name in file.schema_arrow.names]
    for batch in file.iter_batches(columns=columns):
        for row in batch.to_pylist():
            yield {name: _plain(value) for name, value in row.items() if value is not None}


def _plain(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action as an entry has it: maps are objects, what is not there is left out."""
    found = {key: value for key, value in action.items() if value is not None}
    for key in ("partitionValues", "tags"):
        if isinstance(found.get(key), list):
            found[key] = dict(found[key])
    if "stats" not in found and isinstance(found.get("stats_parsed"), dict):
        rows = found["stats_parsed"].get("numRecords")
        found["stats"] = json.dumps({"numRecords": rows}) if rows is not None else None
    return found
