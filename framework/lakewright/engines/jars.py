"""Delta's jars: resolved once, then used from the cache without a network."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from lakewright.engines.caching import cache_folder

# Of all that is resolved only these are not part of Spark; the others would break its class path.
_NEEDED = ("io.delta_*.jar", "io.unitycatalog_*.jar")


def delta_coordinate() -> str:
    """The Maven coordinate of the Delta that fits the installed PySpark."""
    spark = ".".join(version("pyspark").split(".")[:2])
    return f"io.delta:delta-spark_{spark}_2.13:{version('delta-spark')}"


def cached_jars(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The jars to put on Spark's class path; empty when they were not resolved yet."""
    folder = _folder(environ)
    if not folder.exists():
        keep_jars(_jars_in(_ivy_folder(environ)), environ)
    return tuple(sorted(folder.glob("*.jar"))) if folder.exists() else ()


def keep_jars(jars: Iterable[Path], environ: Mapping[str, str]) -> None:
    """Copy the needed ones of `jars` into the cache, all or none; nothing without Delta."""
    needed = [jar for jar in jars if any(jar.match(pattern) for pattern in _NEEDED)]
    if not any(jar.name.startswith(_main_jar()) for jar in needed):
        return
    folder = _folder(environ)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    for jar in needed:
        shutil.copy(jar, made / jar.name)
    made.chmod(0o755)
    try:
        made.replace(folder)
    except OSError:
        shutil.rmtree(made)  # another process was first: its folder holds the same


def _folder(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / "jars" / delta_coordinate().replace(":", "_")


def _main_jar() -> str:
    group, artifact, number = delta_coordinate().split(":")
    return f"{group}_{artifact}-{number}"


def _ivy_folder(environ: Mapping[str, str]) -> Path:
    """Where an earlier start of Spark by the same user has put what it resolved."""
    home = Path(environ.get("HOME") or Path.home())
    folders = sorted(home.glob(".ivy2*/jars"), reverse=True)
    holding = [folder for folder in folders if any(folder.glob(f"{_main_jar()}*"))]
    return holding[0] if holding else home / ".ivy2" / "jars"


def _jars_in(folder: Path) -> list[Path]:
    """Delta's own jars in a folder that may hold other versions too."""
    number = version("delta-spark")
    return [
        jar
        for pattern in _NEEDED
        for jar in sorted(folder.glob(pattern))
        if not jar.name.startswith("io.delta_") or f"-{number}" in jar.name
    ]
