"""A writer killed at any moment leaves whole records, and the next one goes on from them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from lake.samples import release
from lakewright.lake import open_lake

WRITE = """
import sys
from lake.samples import release
from lakewright.lake import open_lake
lake = open_lake(sys.argv[1])
last = lake.latest("prod")
number = last.release if last else 0
print("ready", flush=True)
while True:
    number += 1
    lake.put_release(release(number))
"""


def test_killed_writer_leaves_whole_releases_without_a_gap(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    tests = str(Path(__file__).parents[1])
    for turn in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE, lake.uri],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": tests},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.05 + turn * 0.031)
        process.kill()
        process.communicate()
        numbers = list(lake.numbers("prod"))
        assert numbers == list(range(1, len(numbers) + 1))
        assert lake.releases("prod") == tuple(release(number) for number in numbers)
        assert lake.latest("prod") == (release(numbers[-1]) if numbers else None)
    assert numbers
