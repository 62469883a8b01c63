"""Delta log entries as data: what a commit says, and the entry that changes a definition.

A definition is one entry, written by us and put if absent at the next version: so it carries our
token, is atomic, keeps the text of constraints, and needs no engine. Source of the layout: Delta's
PROTOCOL.md (actions `protocol`, `metaData`, `remove`, `commitInfo`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lakewright.errors import LakeError
from lakewright.lake.types import from_delta, parse_type, to_delta
from lakewright.lake.values import Commit, Definition, Field

CONSTRAINT = "delta.constraints."
RETENTION = {
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.logRetentionDuration": "interval 3650 days",
}
# Features whose tables stay right after an entry that only changes metaData or removes whole files.
HONOURED = frozenset(
    {
        "appendOnly",
        "invariants",
        "checkConstraints",
        "changeDataFeed",
        "timestampNtz",
        "deletionVectors",
        "domainMetadata",
        "clustering",
        "vacuumProtocolCheck",
    }
)
_LEGACY_WRITER_3 = ("appendOnly", "checkConstraints", "invariants")


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a reader and a writer of the table must understand."""

    reader: int = 1
    writer: int = 3
    reader_features: tuple[str, ...] = ()
    writer_features: tuple[str, ...] = ()

    def action(self) -> dict[str, Any]:
        found: dict[str, Any] = {"minReaderVersion": self.reader, "minWriterVersion": self.writer}
        if self.reader >= 3:
            found["readerFeatures"] = sorted(self.reader_features)
        if self.writer >= 7:
            found["writerFeatures"] = sorted(self.writer_features)
        return found


@dataclass(frozen=True, slots=True)
class TableMetadata:
    """A `metaData` action. `fields` are the schema's own objects, with all they carry."""

    table_id: str
    fields: tuple[dict[str, Any], ...]
    configuration: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    name: str | None = None
    partition_columns: tuple[str, ...] = ()
    created: int = 0  # milliseconds

    def definition(self) -> Definition:
        """What the metadata declares, without the properties that every table of ours has.

        Where one of those is missing it is told as "".
        """
        constraints: dict[str, str] = {}
        properties = {key: "" for key in RETENTION if key not in self.configuration}
        for key, value in sorted(self.configuration.items()):
            if key.startswith(CONSTRAINT):
                constraints[key.removeprefix(CONSTRAINT)] = value
            elif RETENTION.get(key) != value:
                properties[key] = value
        fields = tuple(
            Field(
                item["name"],
                str(from_delta(item["type"])),
                item.get("metadata", {}).get("comment", ""),
            )
            for item in self.fields
        )
        return Definition(fields, constraints, self.description, properties)

    def action(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.table_id,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(
                {"type": "struct", "fields": list(self.fields)}, separators=(",", ":")
            ),
            "partitionColumns": list(self.partition_columns),
            "configuration": dict(sorted(self.configuration.items())),
            "createdTime": self.created,
        }
        if self.name:
            found["name"] = self.name
        if self.description:
            found["description"] = self.description
        return found


def new_metadata(table_id: str, definition: Definition, now: datetime) -> TableMetadata:
    """The metadata of a table that does not exist yet."""
    empty = TableMetadata(table_id, (), created=milliseconds(now))
    return changed_metadata(empty, definition)


def changed_metadata(live: TableMetadata, definition: Definition) -> TableMetadata:
    """`live` brought to `definition`; equal to `live` when nothing differs.

    A `delta.` property that nobody declares stays: it may be how the files are written.
    """
    before = {item["name"].lower(): item for item in live.fields}
    fields = tuple(_field(item, before.get(item.name.lower())) for item in definition.fields)
    kept = {
        key: value
        for key, value in live.configuration.items()
        if key.startswith("delta.") and not key.startswith(CONSTRAINT)
    }
    constraints = {
        f"{CONSTRAINT}{name.lower()}": sql for name, sql in definition.constraints.items()
    }
    return TableMetadata(
        live.table_id,
        fields,
        kept | dict(definition.properties) | RETENTION | constraints,
        definition.description,
        live.name,
        live.partition_columns,
        live.created,
    )


def keeps_rows(live: TableMetadata, wanted: TableMetadata) -> bool:
    """Whether the files written under `live` read right under `wanted`: only columns came."""
    given = {item["name"]: item["type"] for item in wanted.fields}
    return all(
        item["name"] in given and from_delta(given[item["name"]]) == from_delta(item["type"])
        for item in live.fields
    )


def matches(live: Definition, declared: Definition) -> bool:
    """Whether a live definition is what is declared; `delta.` properties beyond it are allowed."""
    names = {name.lower(): sql for name, sql in declared.constraints.items()}
    extra = set(live.properties) - set(declared.properties)
    return (
        tuple((item.name, item.type, item.comment) for item in live.fields)
        == tuple((item.name, str(parse_type(item.type)), item.comment) for item in declared.fields)
        and dict(live.constraints) == names
        and live.description == declared.description
        and all(live.properties.get(key) == value for key, value in declared.properties.items())
        and all(key.startswith("delta.") for key in extra)
    )


def needed_protocol(live: Protocol | None, metadata: TableMetadata) -> Protocol:
    """The least protocol at or above `live` that the metadata needs."""
    found = live or Protocol()
    ntz = "timestamp_ntz" in json.dumps(list(metadata.fields))
    constrained = any(key.startswith(CONSTRAINT) for key in metadata.configuration)
    writer = set(found.writer_features)
    if ntz and "timestampNtz" not in writer:
        legacy = set(_LEGACY_WRITER_3) if found.writer < 7 else set()
        if 4 <= found.writer < 7:
            raise unsupported(f"writer version {found.writer}")
        return Protocol(
            3,
            7,
            tuple(sorted({*found.reader_features, "timestampNtz"})),
            tuple(sorted(writer | legacy | {"timestampNtz"})),
        )
    if constrained and found.writer < 3:
        return Protocol(found.reader, 3, found.reader_features, found.writer_features)
    if constrained and found.writer >= 7 and "checkConstraints" not in writer:
        features = tuple(sorted(writer | {"checkConstraints"}))
        return Protocol(found.reader, found.writer, found.reader_features, features)
    return found


def check_features(protocol: Protocol, location: str) -> None:
    """LakeError LW531 when an entry of ours could break the table."""
    strange = sorted(set(protocol.writer_features) - HONOURED)
    if strange or protocol.writer in (5, 6):
        raise unsupported(", ".join(strange) or f"writer version {protocol.writer}", location)


def unsupported(feature: str, location: str = "") -> LakeError:
    return LakeError(
        "LW531",
        f"{location or 'the table'} uses Delta features that cannot be kept: {feature}",
        hint="let the table be written anew at another location, or remove the feature",
    )


def entry(actions: Iterable[Mapping[str, Any]]) -> bytes:
    """The bytes of a log entry."""
    lines = (json.dumps(action, separators=(",", ":"), ensure_ascii=False) for action in actions)
    return ("\n".join(lines) + "\n").encode()


def commit_info(operation: str, token: str, now: datetime) -> dict[str, Any]:
    return {
        "commitInfo": {
            "timestamp": milliseconds(now),
            "operation": operation,
            "operationParameters": {},
            "isBlindAppend": False,
            "engineInfo": "lakewright",
            "userMetadata": token,
        }
    }


def remove(path: str, size: int, now: datetime) -> dict[str, Any]:
    """A `remove` of a whole file of an unpartitioned table."""
    return {
        "remove": {
            "path": path,
            "deletionTimestamp": milliseconds(now),
            "dataChange": True,
            "extendedFileMetadata": True,
            "partitionValues": {},
            "size": size,
        }
    }


def parse_entry(data: bytes, path: str) -> tuple[dict[str, Any], ...]:
    """The actions of a log entry; LakeError LW530 when it is damaged.

    An empty file counts as damaged: Delta's own readers take it silently for a version.
    """
    try:
        actions = tuple(json.loads(line) for line in data.splitlines() if line.strip())
    except (ValueError, RecursionError) as error:
        raise damaged(path) from error
    if not actions or not all(isinstance(action, dict) for action in actions):
        raise damaged(path)
    return actions


def read_commit(version: int, actions: Sequence[Mapping[str, Any]], modified: datetime) -> Commit:
    """What an entry did. `modified` stands in where the entry tells no time."""
    info: Mapping[str, Any] = next((it["commitInfo"] for it in actions if "commitInfo" in it), {})
    adds = [it["add"] for it in actions if "add" in it]
    changed = [it for action in actions for it in (action.get("add"), action.get("remove")) if it]
    time = info.get("inCommitTimestamp", info.get("timestamp"))
    return Commit(
        version=version,
        operation=str(info.get("operation", "")),
        token=info.get("userMetadata"),
        changes_data=any(it.get("dataChange", True) for it in changed),
        rows=_total_rows(adds),
        bytes=sum(int(it.get("size", 0)) for it in adds),
        timestamp=datetime.fromtimestamp(time / 1000, UTC) if time else modified,
        changes_definition=any("metaData" in it for it in actions),
        restores=_restored(info),
    )


def added_paths(actions: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Paths of the files that an entry added, as the log writes them (percent-encoded)."""
    return tuple(it["add"]["path"] for it in actions if "add" in it)


def damaged(path: str) -> LakeError:
    return LakeError(
        "LW530",
        f"the Delta log is damaged at {path}",
        hint="restore that file from a backup; releases that name older versions stay readable",
    )


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _restored(info: Mapping[str, Any]) -> int | None:
    """The version that a RESTORE names; None for one by time, and for all other commits."""
    told = str((info.get("operationParameters") or {}).get("version", ""))
    return int(told) if info.get("operation") == "RESTORE" and told.isdigit() else None


def _field(declared: Field, live: dict[str, Any] | None) -> dict[str, Any]:
    type_ = parse_type(declared.type)
    same = live is not None and from_delta(live["type"]) == type_
    metadata = dict(live.get("metadata") or {}) if live is not None and same else {}
    metadata.pop("comment", None)
    if declared.comment:
        metadata["comment"] = declared.comment
    stored = live["type"] if live is not None and same else to_delta(type_)
    return {"name": declared.name, "type": stored, "nullable": True, "metadata": metadata}


def _total_rows(adds: Sequence[Mapping[str, Any]]) -> int | None:
    total = 0
    for added in adds:
        count = json.loads(added["stats"]).get("numRecords") if added.get("stats") else None
        if count is None:
            return None
        total += int(count) - int((added.get("deletionVector") or {}).get("cardinality", 0))
    return total
