"""Spark starts where nothing is prepared: no Java but the wheel's, no jars, no words on stderr."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from lakewright.engines import open_engine

engine = open_engine("spark", conf={"spark.jars.ivy": sys.argv[1]})
spark = engine.session().spark
spark.range(3).write.format("delta").save(sys.argv[2])
print(spark.read.format("delta").load(sys.argv[2]).count(), engine.jvm_pid)
engine.close()
"""


def tools_without_java(folder: Path) -> str:
    """A PATH of everything that is on ours, less what belongs to a Java."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for tool in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / tool.name
            if not tool.name.startswith("java") and not link.is_symlink():
                link.symlink_to(tool)
    return str(folder)


@pytest.mark.spark
def test_the_first_start_brings_its_java_and_jars_and_is_quiet(tmp_path: Path) -> None:
    surroundings = {
        "PATH": tools_without_java(tmp_path / "bin"),
        "HOME": str(tmp_path / "home"),
        "LAKEWRIGHT_CACHE": str(tmp_path / "cache"),
    }
    arguments = [str(tmp_path / "ivy"), str(tmp_path / "table")]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    count, jvm = ran.stdout.split()
    assert (count, jvm.isdigit()) == ("3", True)
    assert list((tmp_path / "cache").glob("jars/*/io.delta_delta-spark_*.jar"))
