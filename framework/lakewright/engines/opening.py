"""Start an engine by its name."""

from __future__ import annotations

import os
from collections.abc import Mapping

from lakewright.engines.capabilities import check_engine_name
from lakewright.engines.port import Engine
from lakewright.engines.sail import SailEngine
from lakewright.engines.spark import SparkEngine


def open_engine(
    name: str,
    *,
    conf: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Engine:
    """Start `sail` or `spark`. One engine a process: the two cannot live side by side.

    `conf` holds Spark settings, which win over ours; `remote` (`sc://host:port`) asks for a Spark
    Connect server. LakeError LW602 when the engine is not installed, LW603 when there is no Java.
    """
    check_engine_name(name)
    settings = dict(conf or {})
    if name == "sail":
        settings.pop("remote", None)
        return SailEngine(settings)
    return SparkEngine.open(settings, environ)
