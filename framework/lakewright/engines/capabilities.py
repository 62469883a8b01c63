"""What each engine can do, as data, known without starting one."""

from __future__ import annotations

from lakewright.engines.port import Capabilities
from lakewright.errors import UsageError

ENGINES = ("sail", "spark")

_CLASSIC = Capabilities(
    observe=True,
    clustering=True,
    change_feed=True,
    shallow_clone=True,
    restore=True,
    jvm=True,
    catalog=True,
)
_SAIL = Capabilities(
    observe=False,
    clustering=False,
    change_feed=False,
    shallow_clone=False,
    restore=False,
    jvm=False,
    checks_filtered_rows=True,
)

# Writer features of Delta tables that an engine can honour; all others are refused.
_COMMON_FEATURES = frozenset({"appendOnly", "invariants", "checkConstraints", "timestampNtz"})
_SPARK_FEATURES = _COMMON_FEATURES | {
    "changeDataFeed",
    "clustering",
    "columnMapping",
    "deletionVectors",
    "domainMetadata",
    "generatedColumns",
    "identityColumns",
    "inCommitTimestamp",
    "rowTracking",
    "typeWidening",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "variantType",
}


def engine_capabilities(name: str) -> Capabilities:
    """The capabilities of the engine called `name`; UsageError LW601 for any other word."""
    check_engine_name(name)
    return _SAIL if name == "sail" else _CLASSIC


def writable_features(name: str) -> frozenset[str]:
    """The Delta writer features that the engine called `name` can write."""
    check_engine_name(name)
    return _COMMON_FEATURES if name == "sail" else _SPARK_FEATURES


def check_engine_name(name: str) -> None:
    """UsageError LW601 unless there is an engine of that name."""
    if name not in ENGINES:
        raise UsageError(
            "LW601",
            f"there is no engine `{name}`",
            hint=f"the engines are {' and '.join(ENGINES)}",
        )
