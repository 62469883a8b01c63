"""Compare the engines and write what was found.

python -m infra.conformance generate            measure both engines, write table, page and file
python -m infra.conformance compare             measure both, exit 1 when a class has changed
python -m infra.conformance render              write page and file from the committed table
python -m infra.conformance measure ENGINE DATA OUT      one engine, in this process
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.conformance.classing import Table, class_outcomes, read_table, write_table
from infra.conformance.data import rows, write_tables
from infra.conformance.measuring import measure
from infra.conformance.pages import render_functions, render_page
from infra.conformance.shop import shop

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).parent / "table.jsonl"
PAGE = ROOT / "docs" / "engines.md"
FUNCTIONS = ROOT / "framework" / "lakewright" / "engines" / "sail_functions.json"


def main(arguments: list[str]) -> int:
    """Run one verb; the exit code is 1 when a class has changed."""
    parser = argparse.ArgumentParser(prog="python -m infra.conformance", description=__doc__)
    parser.add_argument("verb", choices=("generate", "compare", "render", "measure"))
    parser.add_argument("rest", nargs="*")
    parsed = parser.parse_args(arguments)
    match parsed.verb:
        case "measure":
            engine, data, out = parsed.rest
            measure(engine, Path(data), Path(out))
        case "generate":
            write_table(measure_both(), TABLE)
            render()
        case "render":
            render()
        case "compare":
            return report(read_table(TABLE), measure_both())
    return 0


def measure_both() -> Table:
    """Each engine in a process of its own, both at the same time, over the same Delta tables."""
    with tempfile.TemporaryDirectory(prefix="lakewright-conformance-") as name:
        data, outs = Path(name) / "data", [Path(name) / "spark.json", Path(name) / "sail.json"]
        data.mkdir()
        write_tables(data, {**rows(), **shop()})
        program = [sys.executable, "-m", "infra.conformance", "measure"]
        running = [
            subprocess.Popen([*program, out.stem, str(data), str(out)], cwd=ROOT) for out in outs
        ]
        if any([process.wait() for process in running]):  # noqa: C419 - both are waited for
            raise SystemExit("an engine did not finish")
        return class_outcomes(*outs)


def render() -> None:
    """Page and file from the committed table; the same bytes for the same table."""
    table = read_table(TABLE)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render_page(table), encoding="utf-8")
    FUNCTIONS.write_text(render_functions(table), encoding="utf-8")


def report(committed: Table, measured: Table) -> int:
    """Print each case whose class is not the committed one."""
    before = {one.case.key: one.status for one in committed.classed}
    after = {one.case.key: one.status for one in measured.classed}
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key, "left out"), after.get(key, "left out")
        if was != now:
            print(f"{key}: {was} -> {now}")
    if before == after:
        return 0
    print("the engines changed: read the cases above, then python -m infra.conformance generate")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
