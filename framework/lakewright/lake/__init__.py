"""What exists: releases, code store, control records, claims, Delta heads.

What needs Arrow or Delta's library is loaded at its first use: most of what reads a lake needs
neither.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakewright.lake.claims import Claim, Claims, LocalClaims, StoreClaims
from lakewright.lake.delta_log import matches
from lakewright.lake.drift import (
    Ahead,
    ahead_of,
    carry_published,
    compare_definitions,
    find_drift,
    is_ours,
    look_ahead,
    read_redefined,
    token_of,
)
from lakewright.lake.lake import Lake, open_lake
from lakewright.lake.listing import hash_file, list_files
from lakewright.lake.ports import (
    AlreadyExistsError,
    DeltaTables,
    NotFoundError,
    ObjectStore,
    StoredObject,
)
from lakewright.lake.records import ControlRecord, LakeInfo, decode_release, encode_release
from lakewright.lake.restorable import find_lost, rewound_files
from lakewright.lake.served import ServedNote, list_served, put_served, read_served
from lakewright.lake.state import read_source
from lakewright.lake.stores import LocalStore, open_store, storage_error_told
from lakewright.lake.types import (
    normal_type,
    parse_type,
    widens,
)
from lakewright.lake.values import (
    Borrowed,
    CheckResult,
    Collected,
    Commit,
    Definition,
    Drift,
    Entry,
    Field,
    FileListing,
    Head,
    Held,
    InputVersion,
    LakeState,
    ListedFile,
    LoadedFile,
    Pin,
    Redefined,
    Release,
    ReleasePin,
    RewoundFile,
    SourceHead,
    borrowed_by,
)
from lakewright.lake.walking import Span, first_number, trace_table

if TYPE_CHECKING:
    from lakewright.lake.arrow import (
        LEDGER_SCHEMA,
        arrow_schema,
        fit_rows,
        from_arrow,
        to_arrow,
    )
    from lakewright.lake.delta import DeltaLakeTables

__all__ = [
    "LEDGER_SCHEMA",
    "Ahead",
    "AlreadyExistsError",
    "Borrowed",
    "CheckResult",
    "Claim",
    "Claims",
    "Collected",
    "Commit",
    "ControlRecord",
    "Definition",
    "DeltaLakeTables",
    "DeltaTables",
    "Drift",
    "Entry",
    "Field",
    "FileListing",
    "Head",
    "Held",
    "InputVersion",
    "Lake",
    "LakeInfo",
    "LakeState",
    "ListedFile",
    "LoadedFile",
    "LocalClaims",
    "LocalStore",
    "NotFoundError",
    "ObjectStore",
    "Pin",
    "Redefined",
    "Release",
    "ReleasePin",
    "RewoundFile",
    "ServedNote",
    "SourceHead",
    "Span",
    "StoreClaims",
    "StoredObject",
    "ahead_of",
    "arrow_schema",
    "borrowed_by",
    "carry_published",
    "compare_definitions",
    "decode_release",
    "encode_release",
    "find_drift",
    "find_lost",
    "first_number",
    "fit_rows",
    "from_arrow",
    "hash_file",
    "is_ours",
    "list_files",
    "list_served",
    "look_ahead",
    "matches",
    "normal_type",
    "open_lake",
    "open_store",
    "parse_type",
    "put_served",
    "read_redefined",
    "read_served",
    "read_source",
    "rewound_files",
    "storage_error_told",
    "to_arrow",
    "token_of",
    "trace_table",
    "widens",
]

_HOMES = {
    "LEDGER_SCHEMA": "lakewright.lake.arrow",
    "DeltaLakeTables": "lakewright.lake.delta",
    "arrow_schema": "lakewright.lake.arrow",
    "fit_rows": "lakewright.lake.arrow",
    "from_arrow": "lakewright.lake.arrow",
    "to_arrow": "lakewright.lake.arrow",
}


def __getattr__(name: str) -> Any:
    """Load a heavy name from where it is kept."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lakewright.lake' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
