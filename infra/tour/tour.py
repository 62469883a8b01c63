"""The story of a warehouse in five parts, told by the real commands on the real data.

    python infra/tour/tour.py [--engine spark] [--keep]

It runs in a temporary copy of the project, prints every command and what it says as it happens, and
checks what it promises: when something is not so, it says what, and ends with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).parent / "lakewright"
QUESTION = """
SELECT month, sum(flights) AS flights, sum(cancelled) AS cancelled
FROM gold.carrier_month GROUP BY month ORDER BY month"""
APART = """
SELECT _source_line, _failed_rules, _raw FROM bronze.flights__quarantine ORDER BY _source_line"""


class BrokenPromiseError(Exception):
    """Something that the tour says is not so."""


@dataclass(frozen=True, slots=True)
class Tour:
    """A copy of the project, and the environment in which its commands run."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def lakewright(self, *arguments: str, expect: int = 0) -> None:
        """Run a command for all to see; its exit code must be `expect`."""
        print(f"\n$ lakewright {shlex.join(arguments)}", flush=True)
        code = self.run(*arguments).returncode
        promise(f"`lakewright {arguments[0]}` ends with exit code {expect}", code, expect)

    def ask(self, *arguments: str) -> Any:
        """What a command answers in JSON; not shown."""
        done = self.run(*arguments, "--json", quiet=True)
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise BrokenPromiseError(
                f"`lakewright {arguments[0]} --json` printed no JSON"
            ) from error

    def land(self, *months: int) -> None:
        wanted = ["--months", *map(str, months)]
        print(f"\n$ python infra/demo/land.py {' '.join(wanted)}", flush=True)
        script = ROOT / "infra" / "demo" / "land.py"
        subprocess.run([sys.executable, script, *wanted], cwd=self.home, check=True)

    def run(self, *arguments: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=self.home,
            env={**os.environ, **self.settings},
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            text=True,
            check=False,
        )

    def changes(self) -> dict[str, dict[str, Any]]:
        return {change["table"]: change for change in self.ask("plan")["changes"]}

    def release(self) -> int:
        return max((int(it["release"]) for it in self.ask("releases")), default=0)

    def rows(self, table: str) -> int:
        return int(self.ask("sql", f"SELECT count(*) AS n FROM {table}")[0]["n"])

    def landing(self, name: str) -> Path:
        return self.home / "landing" / "flights" / name


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engine", default="sail", choices=("sail", "spark"))
    parser.add_argument("--keep", action="store_true", help="leave the folder and say where it is")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="lakewright-tour-"))
    try:
        tell(copy_project(home, options.engine))
    except BrokenPromiseError as broken:
        print(f"\nThe tour promised more than it keeps: {broken}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"\nThe tour's project is in {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)
    print("\nThat is the tour; everything it promised was checked on the way.")
    return 0


def copy_project(home: Path, engine: str) -> Tour:
    shutil.copy(ROOT / "lakewright.yml", home)
    for folder in ("pipelines", "sql"):
        shutil.copytree(ROOT / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {
        "LAKEWRIGHT_ENVIRONMENT": "tour",
        "LAKEWRIGHT_ENGINE": engine,
        "LAKEWRIGHT_LAKE": str(home / ".lake"),
        "LAKEWRIGHT_TARGET": "dev",
    }
    return Tour(home, settings)


def tell(tour: Tour) -> None:
    january(tour)
    february(tour)
    again(tour)
    damaged(tour)
    edited(tour)
    two_releases(tour)


def january(tour: Tour) -> None:
    title("1. January", "An empty lake, one month of flights. The plan says what will be made.")
    tour.land(1)
    tour.lakewright("plan")
    tour.lakewright("apply", "--yes")
    promise("January is release 1", tour.release(), 1)
    promise("bronze holds all flights of January", tour.rows("bronze.flights"), 27004)
    promise("a second plan is empty", tour.changes(), {})


def february(tour: Tour) -> None:
    title(
        "2. February",
        "One more file. The plan gives each table's reason; what reads no flights stays.",
    )
    tour.land(1, 2)
    tour.lakewright("plan")
    changes = tour.changes()
    promise("flights change, registers do not", "silver.planes" in changes, False)
    promise("the weather stays", "silver.weather" in changes, False)
    promise("the reason names the file", "flights_2013_02" in str(changes["bronze.flights"]), True)
    print("\nThe scheduled job runs the released code; it can deploy nothing.")
    tour.lakewright("refresh")
    promise("February is release 2", tour.release(), 2)
    promise("bronze holds both months", tour.rows("bronze.flights"), 27004 + 24951)


def again(tour: Tour) -> None:
    title(
        "3. February again",
        "Somebody delivers February a second time under another name. Flights would be there\n"
        "twice: the key of bronze.flights fails. The table is held with all that reads it, the\n"
        "release says so, and readers see what they saw.",
    )
    name = tour.landing("flights_2013_02_final.csv")
    shutil.copy(tour.landing("flights_2013_02.csv"), name)
    before = tour.ask("sql", QUESTION)
    tour.lakewright("refresh", expect=1)
    held = {it["table"] for it in tour.ask("status")["held"]}
    promise("flights are held", {"bronze.flights", "silver.flights"} <= held, True)
    promise("registers and weather are not", held & {"silver.planes", "silver.weather"}, set())
    promise("readers see each flight once", tour.rows("bronze.flights"), 27004 + 24951)
    promise("and the same answers", tour.ask("sql", QUESTION), before)
    print(f"\n$ rm landing/flights/{name.name}", flush=True)
    name.unlink()
    promise("without the file there is nothing to build", tour.changes(), {})
    tour.lakewright("refresh")
    promise("nothing is held any more", tour.ask("status")["held"], [])
    promise("and the answers are still the same", tour.ask("sql", QUESTION), before)


def damaged(tour: Tour) -> None:
    title(
        "4. A damaged file",
        "A few flights of March arrive: one line is cut off, one has too many fields, one has\n"
        "letters for a number. Those three are kept apart with their text; the rest is loaded.",
    )
    tour.landing("flights_2013_03.csv").write_bytes(damaged_march(tour))
    tour.lakewright("apply", "--yes")
    promise("a plan after it is empty", tour.changes(), {})
    promise("its good rows are loaded", tour.rows("bronze.flights"), 27004 + 24951 + 97)
    tour.lakewright("sql", APART)
    promise("three records are kept apart", tour.rows("bronze.flights__quarantine"), 3)


def edited(tour: Tour) -> None:
    title(
        "5. Another question",
        "What counts as fog? An edited query, and the plan touches one table.",
    )
    path = tour.home / "sql" / "flights" / "gold" / "weather_delays.sql"
    before = path.read_text(encoding="utf-8")
    after = before.replace("visibility < 1 ", "visibility < 2 ")
    promise("the query can be edited", before != after, True)
    path.write_text(after, encoding="utf-8")
    print("\n$ sed -i 's/visibility < 1 /visibility < 2 /' sql/flights/gold/weather_delays.sql")
    tour.lakewright("plan")
    promise("one table changes", sorted(tour.changes()), ["gold.weather_delays"])
    tour.lakewright("apply", "--yes")
    promise("a plan after it is empty", tour.changes(), {})


def two_releases(tour: Tour) -> None:
    title("Two releases", "Every release stays readable: the same question to the first and last.")
    tour.lakewright("releases")
    tour.lakewright("sql", "--release", "1", QUESTION)
    tour.lakewright("sql", QUESTION)
    first = tour.ask("sql", "--release", "1", QUESTION)
    last = tour.ask("sql", QUESTION)
    promise("the first release knows January only", len(first), 1)
    promise("the last one knows three months", len(last), 3)
    promise("January is the same in both", last[0], first[0])


def damaged_march(tour: Tour) -> bytes:
    """A hundred real flights of March, three of them spoilt."""
    folder = tour.home / "march"
    script = ROOT / "infra" / "demo" / "land.py"
    command = [sys.executable, script, "--months", "3", "--into", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    lines = (folder / "flights" / "flights_2013_03.csv").read_bytes().splitlines()[:101]
    lines[10] = lines[10][:25]
    lines[20] += b",and,more"
    lines[30] = lines[30].replace(b"2013,3,1", b"2013,March,1", 1)
    return b"\n".join(lines) + b"\n"


def title(name: str, text: str) -> None:
    print(f"\n\n{name}\n{'-' * len(name)}\n{text}", flush=True)


def promise(what: str, found: object, promised: object) -> None:
    if found != promised:
        raise BrokenPromiseError(f"{what}: found {found}, not {promised}")


if __name__ == "__main__":
    sys.exit(main())
