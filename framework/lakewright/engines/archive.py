"""A class data sharing archive: Spark's and Delta's classes are mapped instead of loaded again.

It is made once for each set of Java, PySpark and Delta, beside a warm server that is idle: nobody
waits for it. A JVM that cannot use an archive ignores it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from lakewright.engines.caching import cache_folder
from lakewright.engines.java import Java

_KEPT = 2  # archives of about 150 MB; older sets of versions are forgotten
_QUIET = ("-Xlog:disable", "-Xlog:all=error:stderr")  # no word about classes that do not fit


def archive_path(java: Java, jars: Sequence[Path], environ: Mapping[str, str]) -> Path:
    """Where the archive of these versions is, or would be."""
    parts = [version("pyspark"), java_build(java), *(str(jar) for jar in jars)]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return cache_folder(environ) / "classes" / f"{digest}.jsa"


def java_build(java: Java) -> str:
    """What tells one build of Java from another, without starting it."""
    home = Path(java.program).resolve().parents[1]
    library = next(iter(sorted(home.glob("lib/**/libjvm.*"))), Path(java.program))
    found = library.stat()
    return f"{library} {found.st_size} {found.st_mtime_ns}"


def reading_options(archive: Path) -> tuple[str, ...]:
    """JVM options that use the archive; none when it was not made yet."""
    if not archive.exists():
        return ()
    return ("-Xshare:auto", f'"-XX:SharedArchiveFile={archive}"', *_QUIET)


def listing_options(classes: Path) -> tuple[str, ...]:
    """JVM options that note each class at `classes` when it is loaded."""
    return (f'"-XX:DumpLoadedClassList={classes}"',)


def forget_old(archive: Path) -> None:
    """Of the archives beside this one, keep the newest ones only."""
    found = sorted(archive.parent.glob("*.jsa"), key=lambda file: file.stat().st_mtime)
    for old in found[:-_KEPT]:
        old.unlink(missing_ok=True)
