"""What somebody changed below `_lakewright/` is not believed: a code, and no release."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.programs import Cli
from lakewright.errors.pages import page_codes

ENVIRONMENT = "_lakewright/env/dev_ana"


def code_file(lake: Path, words: str) -> Path:
    """A stored source that holds the words."""
    stored = sorted(path for path in (lake / ENVIRONMENT / "code").rglob("*") if path.is_file())
    return next(path for path in stored if words in path.read_text())


def replaced(path: Path, text: str | bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def record(lake: Path) -> Path:
    return lake / ENVIRONMENT / "releases/00000000000000000001.json"


def edited_record(lake: Path, edit: Callable[[dict[str, object]], None]) -> None:
    document = json.loads(record(lake).read_text())
    edit(document)
    replaced(record(lake), json.dumps(document))


def manifest(lake: Path) -> Path:
    return sorted((lake / ENVIRONMENT / "code").rglob("manifest.json"))[0]


TAMPERED: dict[str, Callable[[Path], None]] = {
    "a stored query": lambda lake: replaced(code_file(lake, "SELECT"), "SELECT 1 AS one\n"),
    "a stored spec": lambda lake: replaced(
        code_file(lake, "table: silver.orders"), "table: silver.orders\n"
    ),
    "a stored query that is gone": lambda lake: code_file(lake, "SELECT").unlink(),
    "a manifest": lambda lake: replaced(manifest(lake), "{}"),
    "a manifest that is gone": lambda lake: manifest(lake).unlink(),
    "a manifest that names a path outside": lambda lake: replaced(
        manifest(lake), manifest(lake).read_text().replace('"lakewright.yml"', '"../../../x.yml"')
    ),
    "a record's location": lambda lake: edited_record(
        lake,
        lambda it: (
            it["tables"][0].update(location="../../elsewhere")
            if isinstance(it["tables"], list)
            else next(iter(it["tables"].values())).update(location="../../elsewhere")
        ),
    ),
    "a record's number": lambda lake: edited_record(lake, lambda it: it.update(release=7)),
    "a record's format": lambda lake: edited_record(
        lake, lambda it: it.update(format_version="99.0")
    ),
    "a record cut short": lambda lake: replaced(record(lake), record(lake).read_bytes()[:200]),
    "a record that is no JSON": lambda lake: replaced(record(lake), b"\xff\xfe\x00"),
    "a record of much depth": lambda lake: replaced(record(lake), "[" * 100_000),
    "the lake's format": lambda lake: replaced(
        lake / "_lakewright/lake.json", '{"format_version": "99.0"}'
    ),
    "the lake's mark that is no JSON": lambda lake: replaced(
        lake / "_lakewright/lake.json", "\x00"
    ),
    "a control record": lambda lake: (
        (lake / ENVIRONMENT / "control").mkdir(exist_ok=True),
        (lake / ENVIRONMENT / "control/00000000000000000001.json").write_text('{"kind": "x"}'),
    )[0],
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_tampered_with_is_refused_by_a_code(built: Cli, what: str) -> None:
    TAMPERED[what](built.folder / ".lake")
    landed = built.folder / "incoming/orders/orders_2024_02.csv"
    landed.write_text("order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,1.00\n")
    done = built("refresh")
    assert done.code in (4, 5), done.err
    told = set(re.findall(r"error\[(LW\d{3})\]", done.err))
    assert told <= set(page_codes()) - {"LW901"}
    assert told
    assert "Traceback" not in done.err
    assert not record(built.folder / ".lake").with_name("00000000000000000002.json").exists()
