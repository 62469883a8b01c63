"""What exists: releases, code store, control records, claims, Delta heads."""

from lakewright.lake.claims import Claim, Claims, LocalClaims, StoreClaims
from lakewright.lake.delta import DeltaLakeTables
from lakewright.lake.delta_log import matches
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
from lakewright.lake.state import LEDGER_SCHEMA, is_ours, read_source, token_of
from lakewright.lake.stores import LocalStore, open_store, storage_error_told
from lakewright.lake.types import (
    arrow_schema,
    fit_rows,
    from_arrow,
    normal_type,
    parse_type,
    to_arrow,
    widens,
)
from lakewright.lake.values import (
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
    Release,
    ReleasePin,
    RewoundFile,
    SourceHead,
)
from lakewright.lake.walking import Span, first_number, trace_table

__all__ = [
    "LEDGER_SCHEMA",
    "AlreadyExistsError",
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
    "Release",
    "ReleasePin",
    "RewoundFile",
    "SourceHead",
    "Span",
    "StoreClaims",
    "StoredObject",
    "arrow_schema",
    "decode_release",
    "encode_release",
    "find_lost",
    "first_number",
    "fit_rows",
    "from_arrow",
    "hash_file",
    "is_ours",
    "list_files",
    "matches",
    "normal_type",
    "open_lake",
    "open_store",
    "parse_type",
    "read_source",
    "rewound_files",
    "storage_error_told",
    "to_arrow",
    "token_of",
    "trace_table",
    "widens",
]
