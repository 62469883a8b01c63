"""A table defined through its log is one for both engines: readable, writable, rules enforced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("definitions_on_engine.py")
SEEN = {
    "reads_empty": 0,
    "enforces": True,
    "rows": 2,
    "token": "lw:2",
    "counted": [2],
    "kept_definition": True,
    "deltalake_reads": {
        "n": 1,
        "s": "a",
        "d": "1.500",
        "at": "2026-01-02 03:04:05+00:00",
        "day": "2026-01-02",
        "flag": True,
        "x": 0.5,
        "tags": ["p", "q"],
        "props": [["k", 7]],
        "inner": {"a": 1, "b": ["z"]},
        "raw": "bytes",
    },
    "old_rows_with_new_column": [[1, "a", None], [None, None, None]],
    "dropped_constraint": True,
    "added_constraint": True,
    "overwrite_keeps_definition": True,
    "after_overwrite": [[9, None, "new"]],
    "retyped_is_empty": 0,
    "after_retype": [["text", "x"]],
    "restored": [[1, "a"], [None, None]],
    "restored_definition": True,
    "restored_enforces": True,
    "time_travel": 2,
    "changes_data": [False, True, False, True, True, True, True, True],
    "ntz": {
        "rows": [[1, None], [2, "2026-01-02 03:04:05"]],
        "enforces": True,
        "features": ["appendOnly", "checkConstraints", "invariants", "timestampNtz"],
        "deltalake": [{"n": 1, "local": None}, {"n": 2, "local": "2026-01-02 03:04:05"}],
    },
}


@pytest.mark.parametrize("engine", ["sail", pytest.param("spark", marks=pytest.mark.spark)])
def test_definition_through_the_log_holds_on(engine: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(SCRIPT), engine, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"RUST_LOG": "off"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == SEEN
