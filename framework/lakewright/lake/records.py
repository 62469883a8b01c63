"""Records as bytes: one canonical JSON form, sealed with a checksum, and back without loss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, get_args

from lakewright.errors import LakeError
from lakewright.lake.values import CheckResult, Entry, Field, Held, InputVersion, Release
from lakewright.names import TableName
from lakewright.specs import Consumer, Contract

FORMAT_VERSION = 1

ControlKind = Literal["stop", "clear", "pin", "hold", "resume", "expire", "erase", "revoke"]
CONTROL_KINDS: tuple[str, ...] = get_args(ControlKind)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class LakeInfo:
    """What `lake.json` says. `protected` are environments that ask for more care."""

    lake_id: str
    project: str
    format_version: int = FORMAT_VERSION
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlRecord:
    """A word on an environment, a person's or of gc; numbered, never rewound by a rollback.

    No `tables` means the whole environment. `number` is given when it is put.

    stop, clear      the line stands still, or goes on; named `fork:…` around the making of a fork
    hold, resume     these tables stay as released, or move again; `release` is the latest one then
    pin, revoke      the release is kept under `name` (until `expires_at`); the name is given up
    expire           with `release`: what only releases up to it need of these tables is collected;
                     with `expires_at` alone: the environment ends then
    erase            as expire, and never to be restored
    """

    kind: ControlKind
    reason: str
    by: str
    at: datetime
    tables: tuple[TableName, ...] = ()
    release: int | None = None
    expires_at: datetime | None = None
    number: int = 0
    name: str = ""


def seal(document: Mapping[str, Any]) -> bytes:
    """Canonical JSON (sorted, compact, UTF-8) with the SHA-256 of all the rest as `checksum`."""
    return _canonical({**document, "checksum": _checksum(document)})


def unseal(data: bytes, path: str) -> dict[str, Any]:
    """The document of sealed bytes without its checksum.

    LakeError LW513 when it is truncated or altered, LW511 when a newer format wrote it.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise broken_record(path, "it is not complete JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("format_version"), int):
        raise broken_record(path, "it has no format version")
    if document["format_version"] > FORMAT_VERSION:
        raise LakeError(
            "LW511",
            f"{path} was written in lake format {document['format_version']};"
            f" this Lakewright knows format {FORMAT_VERSION}",
            hint="upgrade Lakewright; nothing was changed",
        )
    checksum = document.pop("checksum", None)
    if checksum != _checksum(document):
        raise broken_record(path, "its checksum does not fit its content")
    return document


def broken_record(path: str, reason: str) -> LakeError:
    return LakeError(
        "LW513",
        f"the record {path} cannot be read: {reason}",
        hint="put that file back from a backup; `lakewright doctor` lists what is broken, and"
        " reading an earlier release by its number still works",
    )


def encode_release(release: Release) -> bytes:
    document = {
        "format_version": release.format_version,
        "environment": release.environment,
        "release": release.release,
        "parent": release.parent,
        "created_at": _from_time(release.created_at),
        "run_id": release.run_id,
        "kind": release.kind,
        "reason": release.reason,
        "engine": release.engine,
        "packages": dict(release.packages),
        "tables": {str(name): _from_entry(entry) for name, entry in release.tables.items()},
        "held": [_from_held(held) for held in release.held],
    }
    return seal(document | ({"by": release.by} if release.by else {}))


def decode_release(data: bytes, path: str) -> Release:
    return _decode(data, path, _to_release)


def encode_info(info: LakeInfo) -> bytes:
    return seal(asdict(info))


def decode_info(data: bytes, path: str) -> LakeInfo:
    return _decode(
        data,
        path,
        lambda it: LakeInfo(
            it["lake_id"], it["project"], it["format_version"], tuple(it["protected"])
        ),
    )


def encode_control(record: ControlRecord) -> bytes:
    document = {
        "format_version": FORMAT_VERSION,
        "kind": record.kind,
        "reason": record.reason,
        "by": record.by,
        "at": _from_time(record.at),
        "tables": [str(name) for name in record.tables],
        "release": record.release,
        "expires_at": _from_time(record.expires_at) if record.expires_at else None,
        "number": record.number,
        "name": record.name,
    }
    return seal(document)


def decode_control(data: bytes, path: str) -> ControlRecord:
    return _decode(data, path, _to_control)


def digest_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _decode(data: bytes, path: str, build: Callable[[dict[str, Any]], _Value]) -> _Value:
    document = unseal(data, path)
    try:
        return build(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise broken_record(path, f"a field is missing or of another kind ({error})") from error


def _canonical(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def _checksum(document: Mapping[str, Any]) -> str:
    return digest_bytes(_canonical(document))


def _from_time(moment: datetime) -> str:
    assert moment.tzinfo is not None, "a recorded time knows its zone"
    return moment.astimezone(UTC).isoformat()


def _to_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _from_held(held: Held) -> dict[str, Any]:
    return asdict(held) | {"table": str(held.table)}


def _from_entry(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "location": _from_location(entry),
        "table_id": entry.table_id,
        "version": entry.version,
        "data_version": entry.data_version,
        "token": entry.token,
        "code": entry.code,
        "fingerprint": entry.fingerprint,
        "own": entry.own,
        "algorithm": entry.algorithm,
        "metadata": entry.metadata,
        "schema": [asdict(item) for item in entry.schema],
        "inputs": {str(name): asdict(pinned) for name, pinned in entry.inputs.items()},
        "rows": entry.rows,
        "bytes": entry.bytes,
        "checks": [asdict(check) for check in entry.checks],
        "costs": dict(entry.costs),
        "baselines": dict(entry.baselines),
        "borrows": dict(entry.borrows),
        "clock": dict(entry.clock),
        "sql": entry.sql,
        "introduced": entry.introduced,
        "engine": entry.engine,
        **({"contract": asdict(entry.contract)} if entry.contract is not None else {}),
    }


def _from_location(entry: Entry) -> str | dict[str, str]:
    return {"base": entry.base, "path": entry.location} if entry.base else entry.location


def _to_entry(name: str, it: dict[str, Any]) -> Entry:
    place = it["location"]
    base, location = (place["base"], place["path"]) if isinstance(place, dict) else ("", place)
    return Entry(
        table=TableName.of(name),
        kind=it["kind"],
        location=location,
        table_id=it["table_id"],
        version=it["version"],
        token=it["token"],
        code=it["code"],
        fingerprint=it["fingerprint"],
        own=it["own"],
        algorithm=it["algorithm"],
        metadata=it["metadata"],
        schema=tuple(Field(**item) for item in it["schema"]),
        inputs={TableName.of(key): InputVersion(**pin) for key, pin in it["inputs"].items()},
        rows=it["rows"],
        bytes=it["bytes"],
        checks=tuple(CheckResult(**check) for check in it["checks"]),
        costs=it["costs"],
        baselines=it["baselines"],
        borrows=it["borrows"],
        clock=it["clock"],
        sql=it["sql"],
        data_version=it["data_version"],
        introduced=it["introduced"],
        engine=it["engine"],
        base=base,
        contract=_to_contract(it.get("contract")),
    )


def _to_contract(it: dict[str, Any] | None) -> Contract | None:
    if it is None:
        return None
    return Contract(it["version"], tuple(Consumer(**one) for one in it["consumers"]))


def _to_release(it: dict[str, Any]) -> Release:
    return Release(
        environment=it["environment"],
        release=it["release"],
        parent=it["parent"],
        created_at=_to_time(it["created_at"]),
        run_id=it["run_id"],
        kind=it["kind"],
        reason=it["reason"],
        engine=it["engine"],
        packages=it["packages"],
        tables={TableName.of(name): _to_entry(name, item) for name, item in it["tables"].items()},
        held=tuple(Held(**(item | {"table": TableName.of(item["table"])})) for item in it["held"]),
        format_version=it["format_version"],
        by=it.get("by", ""),
    )


def _to_control(it: dict[str, Any]) -> ControlRecord:
    if it["kind"] not in CONTROL_KINDS:
        raise ValueError(it["kind"])
    return ControlRecord(
        kind=it["kind"],
        reason=it["reason"],
        by=it["by"],
        at=_to_time(it["at"]),
        tables=tuple(TableName.of(name) for name in it["tables"]),
        release=it["release"],
        expires_at=_to_time(it["expires_at"]) if it["expires_at"] else None,
        number=it["number"],
        name=it["name"],
    )
