"""Every verb, as a table: what `lakewright --help` prints without importing any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["start", "write", "ship", "operate", "help"]

GROUPS: tuple[tuple[Group, str], ...] = (
    ("start", "Start"),
    ("write", "Write"),
    ("ship", "Ship"),
    ("operate", "Look"),
    ("help", "Help"),
)


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb is the function of its name in `cli.commands`."""

    name: str
    group: Group
    summary: str
    example: str


VERBS: tuple[Verb, ...] = (
    Verb(
        "init",
        "start",
        "Make a small project that runs, or one of a dbt project.",
        "lakewright init flights",
    ),
    Verb("doctor", "start", "Check what this machine and the lake need.", "lakewright doctor"),
    Verb("validate", "write", "Find every mistake in the project's files.", "lakewright validate"),
    Verb("ls", "write", "List tables in build order.", "lakewright ls -s 'tag:daily+'"),
    Verb(
        "show",
        "write",
        "Everything about one table: settings, columns, rules, query.",
        "lakewright show silver.flights",
    ),
    Verb(
        "lineage",
        "write",
        "What a column is made of, or with --down what is made of it.",
        "lakewright lineage gold.route_delays.mean_dep_delay",
    ),
    Verb(
        "preview",
        "write",
        "Rows of an edited query over what is released; writes nothing.",
        "lakewright preview gold.route_delay --limit 20",
    ),
    Verb("test", "write", "Run the unit tests of tables.", "lakewright test -s silver.flights"),
    Verb(
        "schema",
        "write",
        "JSON Schema of the project's files, for editors.",
        "lakewright schema --write",
    ),
    Verb("plan", "ship", "What would change, and why; writes nothing.", "lakewright plan -t prod"),
    Verb(
        "apply",
        "ship",
        "Deploy the project: build, check and publish one release.",
        "lakewright apply -t prod --yes",
    ),
    Verb(
        "refresh",
        "ship",
        "Run the released code over new data; holds what fails.",
        "lakewright refresh -t prod",
    ),
    Verb(
        "adopt",
        "ship",
        "Take an existing Delta table under management; writes nothing to it.",
        "lakewright adopt silver.orders --location /data/old/orders",
    ),
    Verb(
        "rollback",
        "ship",
        "Take readers back to an earlier release, with its code.",
        'lakewright rollback --reason "wrong rates"',
    ),
    Verb(
        "hold",
        "ship",
        "Leave tables at their released version.",
        'lakewright hold silver.orders --reason "rates are checked"',
    ),
    Verb(
        "resume",
        "ship",
        "Let held tables be refreshed again.",
        'lakewright resume silver.orders --reason "rates are right"',
    ),
    Verb(
        "pin",
        "ship",
        "Keep a release longer than its retention; without a name: list the pins.",
        "lakewright pin audit_2026 41 --expires 90d",
    ),
    Verb(
        "gc",
        "ship",
        "Delete what no release, fork, pin or grace period needs any more.",
        "lakewright gc --dry-run",
    ),
    Verb(
        "bundle",
        "ship",
        "Make the one archive that spark-submit runs.",
        "lakewright bundle --out lakewright-bundle.zip",
    ),
    Verb(
        "submit",
        "ship",
        "Start a run by spark-submit; --wait tells how it ended.",
        "lakewright submit --wait -- --master URL main.py refresh --lake URI -e prod",
    ),
    Verb("status", "operate", "What readers of an environment see now.", "lakewright status"),
    Verb("releases", "operate", "All releases, newest first.", "lakewright releases --json"),
    Verb(
        "history",
        "operate",
        "What each release did to which table.",
        "lakewright history silver.flights",
    ),
    Verb(
        "diff",
        "operate",
        "What differs between two releases or environments.",
        "lakewright diff prod..dev_ana gold.route_delay",
    ),
    Verb(
        "sql",
        "operate",
        "Query one release: all tables at its versions.",
        'lakewright sql "SELECT * FROM gold.route_delay LIMIT 5"',
    ),
    Verb(
        "env",
        "operate",
        "Environments: fork one from a release, list them, drop one.",
        "lakewright env create dev_ana --from prod@41 --expires 7d",
    ),
    Verb(
        "engine",
        "operate",
        "Keep a Spark warm for the next runs: up, down, status.",
        "lakewright engine up --idle 2h",
    ),
    Verb("explain", "help", "What an error code means and what to do.", "lakewright explain LW204"),
)

NAMES = tuple(verb.name for verb in VERBS)


def find_verb(name: str) -> Verb | None:
    return next((verb for verb in VERBS if verb.name == name), None)


def render_help() -> str:
    """The text of `lakewright --help`."""
    width = max(len(name) for name in NAMES)
    lines = [
        "Example: lakewright plan, then lakewright apply",
        "",
        "Write tables as queries with rules; publish them together as one release.",
        "",
        "Usage: lakewright VERB [OPTIONS]",
    ]
    for group, title in GROUPS:
        lines += ["", f"{title}:"]
        lines += [f"  {v.name:<{width}}   {v.summary}" for v in VERBS if v.group == group]
    lines += ["", "lakewright VERB --help shows a verb's options; --version the version.", ""]
    return "\n".join(lines)
