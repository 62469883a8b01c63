"""Start an engine by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from lakewright.engines.capabilities import check_engine_name
from lakewright.engines.port import Engine
from lakewright.engines.sail import SailEngine
from lakewright.engines.spark import SparkEngine
from lakewright.engines.spark_submitted import is_submitted
from lakewright.engines.warm.joining import join_warm


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


def find_engine(
    name: str,
    *,
    conf: Mapping[str, str],
    tell: Callable[[str], object],
    announce: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Engine:
    """As `open_engine`, and `spark` is the warm one of `lakewright engine up` where that fits.

    `tell` hears when it is used, or is there and not used; with `announce` of every start as well.
    """
    # spark-submit and an address have said already which Spark it is.
    chosen = conf.get("remote") or is_submitted(environ)
    warm = join_warm(conf, environ) if name == "spark" and not chosen else None
    if isinstance(warm, str):
        tell(f"The warm Spark is not used: {warm}.\n")
    elif warm is not None:
        tell(f"Using the warm Spark, process {warm.jvm_pid}.\n")
        return warm
    if announce:
        tell(f"Starting {name} ...\n")
    return open_engine(name, conf=conf, environ=environ)
