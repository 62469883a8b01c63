"""What each verb takes on the command line. The work is done elsewhere.

The imports inside these functions keep `--help` and mistyped commands quick: reading a command line
needs no parser of SQL and no storage.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from lakewright.cli.options import Common, Exclude, Limit, Select, Yes

Table = Annotated[str, typer.Argument(help="A table: schema.table.", metavar="TABLE")]
AnyTable = Annotated[str | None, typer.Argument(help="A table: schema.table.", metavar="TABLE")]
Destructive = Annotated[
    list[str] | None,
    typer.Option("--allow-destructive", help="Allow the drop of this table.", metavar="TABLE"),
]
Drift = Annotated[
    str | None,
    typer.Option(
        "--drift", help="What others wrote: adopt, or discard (put back).", metavar="CHOICE"
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Rebuild though nothing moved.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="What readers saw then: a date or an ISO time, in the project's time zone.",
        metavar="TIME",
    ),
]
Newest = Annotated[
    int | None,
    typer.Option("--limit", min=1, help="The newest; 20 on a terminal, else all.", metavar="LINES"),
]
RunId = Annotated[
    str | None,
    typer.Option(
        "--run-id",
        help="A UUID of your own: the report is runs/<it>/report.json.",
        metavar="UUID",
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Kept on record.", metavar="TEXT")]
RowsAs = Annotated[str, typer.Option("--format", help="table, csv or json.", metavar="FORMAT")]


def init(
    common: Common,
    folder: Annotated[str, typer.Argument(help="Where to make the project.")] = ".",
    from_dbt: Annotated[
        str | None,
        typer.Option("--from-dbt", help="Convert the dbt project there.", metavar="PATH"),
    ] = None,
) -> int:
    if from_dbt is not None:
        from lakewright.cli.importing import import_project

        return import_project(common, from_dbt, folder)
    from lakewright.cli.starting import init_project

    return init_project(common, folder)


def doctor(common: Common) -> int:
    from lakewright.cli.doctor import run_doctor

    return run_doctor(common)


def validate(
    common: Common,
    analyze: Annotated[
        bool,
        typer.Option("--analyze", help="Let an engine analyse every query, over empty inputs."),
    ] = False,
) -> int:
    from lakewright.cli.inspecting import validate_project

    return validate_project(common, analyze=analyze)


def ls(common: Common, select: Select = None, exclude: Exclude = None) -> int:
    from lakewright.cli.inspecting import list_tables

    return list_tables(common, select or [], exclude or [])


def show(common: Common, table: Table) -> int:
    from lakewright.cli.inspecting import show_table

    return show_table(common, table)


def lineage(
    common: Common,
    traced: Annotated[
        str, typer.Argument(help="A table, or one column of it.", metavar="TABLE[.COLUMN]")
    ],
    down: Annotated[
        bool,
        typer.Option(
            "--down/--up", help="What is made of it; or what it is made of.", show_default=False
        ),
    ] = False,
    form: Annotated[
        str, typer.Option("--format", help="text, json or mermaid.", metavar="FORMAT")
    ] = "text",
) -> int:
    from lakewright.cli.tracing import show_lineage

    return show_lineage(common, traced, down=down, form=form)


def preview(
    common: Common,
    table: AnyTable = None,
    sql: Annotated[
        str | None, typer.Option("--sql", help="A query instead of a table.", metavar="QUERY")
    ] = None,
    limit: Limit = 20,
    form: RowsAs = "table",
) -> int:
    from lakewright.cli.reading import preview_rows

    return preview_rows(common, table, sql, limit=limit, form=form)


def test(
    common: Common,
    select: Select = None,
    exclude: Exclude = None,
    *,
    create: Annotated[
        str | None,
        typer.Option("--create", help="Write a test of it from released rows.", metavar="TABLE"),
    ] = None,
    rows: Annotated[
        int, typer.Option("--rows", min=1, max=100, help="create: of each input.", metavar="ROWS")
    ] = 5,
) -> int:
    if create is not None:
        from lakewright.cli.creating_tests import create_test

        return create_test(common, create, rows)
    from lakewright.cli.unit_testing import run_tests

    return run_tests(common, select or [], exclude or [])


def schema(
    common: Common,
    name: Annotated[
        str | None, typer.Argument(help="lakewright, table, defaults or tests.", metavar="FILE")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write all of them below .lakewright/schemas/.")
    ] = False,
) -> int:
    from lakewright.cli.schemas import show_schema

    return show_schema(common, name, write=write)


def plan(
    common: Common,
    *,
    select: Select = None,
    exclude: Exclude = None,
    out: Annotated[
        str | None, typer.Option("--out", help="Save the plan for apply.", metavar="FILE")
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 3 when there are changes.")
    ] = False,
    allow_destructive: Destructive = None,
    drift: Drift = None,
    full: Full = False,
    base: Annotated[
        str | None,
        typer.Option(
            "--base", help="Compare with this environment's release.", metavar="ENVIRONMENT"
        ),
    ] = None,
) -> int:
    from lakewright.cli.planning import Wish, show_plan

    wish = Wish.of(select, exclude, allow_destructive, drift, full=full)
    return show_plan(common, wish, out=out, detailed=detailed_exitcode, base=base)


def apply(
    common: Common,
    plan_file: Annotated[
        str | None, typer.Argument(help="A plan saved by plan --out.", metavar="PLAN.JSON")
    ] = None,
    *,
    select: Select = None,
    exclude: Exclude = None,
    yes: Yes = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="With a saved plan: refuse new data as well.")
    ] = False,
    allow_destructive: Destructive = None,
    drift: Drift = None,
    full: Full = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept in the release.", metavar="TEXT")
    ] = "",
    run_id: RunId = None,
) -> int:
    from lakewright.cli.applying import apply_project
    from lakewright.cli.end_states import keep_end
    from lakewright.cli.planning import Wish

    wish = Wish.of(select, exclude, allow_destructive, drift, full=full)
    run = partial(apply_project, common, wish, plan_file=plan_file, reason=reason, run_id=run_id)
    return keep_end(common, run_id, partial(run, exact=exact, yes=yes))


def refresh(
    common: Common,
    *,
    select: Select = None,
    exclude: Exclude = None,
    drift: Drift = None,
    full: Full = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept in the release.", metavar="TEXT")
    ] = "",
    run_id: RunId = None,
) -> int:
    from lakewright.cli.applying import refresh_release
    from lakewright.cli.end_states import keep_end
    from lakewright.cli.planning import Wish

    wish = Wish.of(select, exclude, None, drift, full=full)
    return keep_end(
        common, run_id, partial(refresh_release, common, wish, reason=reason, run_id=run_id)
    )


def adopt(
    common: Common,
    table: Table,
    *,
    location: Annotated[
        str, typer.Option("--location", help="Where its Delta table lies.", metavar="PATH_OR_URI")
    ],
    files: Annotated[
        str | None,
        typer.Option("--files", help="Of an ingest: loaded, or pending.", metavar="CHOICE"),
    ] = None,
    yes: Yes = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept in the release.", metavar="TEXT")
    ] = "",
) -> int:
    from lakewright.cli.adopting import adopt_table

    return adopt_table(common, table, location, files=files, yes=yes, reason=reason)


def rollback(
    common: Common,
    *,
    to: Annotated[
        int | None,
        typer.Option("--to", min=1, help="Its number; by default the one before.", metavar="N"),
    ] = None,
    reason: Reason,
    select: Select = None,
    exclude: Exclude = None,
    plan_only: Annotated[bool, typer.Option("--plan", help="Show what would move.")] = False,
    yes: Yes = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="Hold what goes back until resume or apply.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Hold nothing: the next refresh loads again.")
    ] = False,
    keep_ingest: Annotated[
        bool, typer.Option("--keep-ingest", help="As --replay, and ingests keep what they loaded.")
    ] = False,
) -> int:
    from lakewright.cli.rolling_back import Back, roll_back_environment

    modes = {"hold": hold, "replay": replay, "keep-ingest": keep_ingest}
    back = Back.of(to, select, exclude, reason, modes)
    return roll_back_environment(common, back, plan_only=plan_only, yes=yes)


def hold(
    common: Common,
    tables: Annotated[list[str], typer.Argument(help="Tables to hold.", metavar="TABLE...")],
    *,
    reason: Reason,
) -> int:
    from lakewright.cli.holding import hold_tables

    return hold_tables(common, tables, reason=reason)


def resume(
    common: Common,
    tables: Annotated[
        list[str] | None, typer.Argument(help="Held tables; by default all.", metavar="TABLE...")
    ] = None,
    *,
    reason: Reason,
) -> int:
    from lakewright.cli.holding import resume_tables

    return resume_tables(common, tables or [], reason=reason)


def pin(
    common: Common,
    name: Annotated[
        str | None, typer.Argument(help="What the pin is called.", metavar="NAME")
    ] = None,
    release: Annotated[
        int | None, typer.Argument(help="The release it keeps.", metavar="RELEASE")
    ] = None,
    *,
    expires: Annotated[
        str | None, typer.Option("--expires", help="For how long; 90d.", metavar="DURATION")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept with the pin.", metavar="TEXT")
    ] = "",
    drop: Annotated[bool, typer.Option("--drop", help="Give the name up.")] = False,
    listed: Annotated[bool, typer.Option("--ls", help="List the pins.")] = False,
) -> int:
    from lakewright.cli.pinning import run_pin

    return run_pin(common, name, release, drop=drop, listed=listed, expires=expires, reason=reason)


def gc(
    common: Common,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and delete nothing.")] = False,
    yes: Yes = False,
    grace: Annotated[
        str,
        typer.Option("--grace", help="Spare what is younger.", metavar="DURATION"),
    ] = "1d",
    reason: Annotated[
        str, typer.Option("--reason", help="Kept in the release.", metavar="TEXT")
    ] = "",
) -> int:
    from lakewright.cli.collecting import collect_garbage

    return collect_garbage(common, dry_run=dry_run, yes=yes, grace=grace, reason=reason)


def bundle(
    common: Common,
    *,
    out: Annotated[
        str, typer.Option("--out", "-o", help="Where to write it.", metavar="FILE")
    ] = "lakewright-bundle.zip",
    check: Annotated[
        bool,
        typer.Option("--check/--no-check", help="Run it in an environment that has nothing else."),
    ] = True,
) -> int:
    from lakewright.cli.bundling import make_bundle

    return make_bundle(common, out, check=check)


def submit(
    common: Common,
    words: Annotated[
        list[str],
        typer.Argument(
            help="After --: options of spark-submit, main.py, apply or refresh with its options.",
            metavar="-- WORDS...",
        ),
    ],
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the run, and end as its report says.")
    ] = False,
    timeout: Annotated[
        str,
        typer.Option(
            "--timeout", help="How long to wait for a driver on the cluster.", metavar="DURATION"
        ),
    ] = "1d",
) -> int:
    from lakewright.cli.submitting import submit_run

    return submit_run(common, words, wait=wait, timeout=timeout)


def status(common: Common) -> int:
    from lakewright.cli.looking import show_status

    return show_status(common)


def releases(common: Common, limit: Newest = None) -> int:
    from lakewright.cli.looking import list_releases

    return list_releases(common, limit)


def history(common: Common, table: AnyTable = None, limit: Newest = None) -> int:
    from lakewright.cli.looking import show_history

    return show_history(common, table, limit)


def diff(
    common: Common,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="41..42, prod..dev_ana, prod@41.. or v3..v5; then tables. By default what the"
            " latest release changed.",
            metavar="A..B TABLE",
        ),
    ] = None,
    *,
    select: Select = None,
    as_of: AsOf = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Columns that tell rows of one table apart.", metavar="A,B"),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Sample rows of each sort.", metavar="ROWS")
    ] = 5,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            min=1,
            help="Compare about as many of larger tables; 5,000,000 unless said.",
            metavar="ROWS",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="text, json or markdown.", metavar="FORMAT")
    ] = "text",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 3 when they differ.")
    ] = False,
) -> int:
    from lakewright.cli.diffing import Asked, diff_releases

    asked = Asked(tuple(words or ()), tuple(select or ()), as_of, key, limit, sample, form)
    return diff_releases(common, asked, detailed=detailed_exitcode)


def sql(
    common: Common,
    query: Annotated[str, typer.Argument(help="One SELECT over released tables.", metavar="QUERY")],
    *,
    release: Annotated[
        int | None, typer.Option("--release", help="Its number; by default the latest.")
    ] = None,
    as_of: AsOf = None,
    form: RowsAs = "table",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Rows at most.")] = None,
) -> int:
    from lakewright.cli.reading import Wanted, query_release

    return query_release(common, query, Wanted(release, as_of), form=form, limit=limit)


def env(
    common: Common,
    word: Annotated[str, typer.Argument(help="create, ls or drop.", metavar="create|ls|drop")],
    name: Annotated[
        str | None, typer.Argument(help="The environment to create or drop.", metavar="NAME")
    ] = None,
    *,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="create: what to fork, prod or prod@41.", metavar="ENVIRONMENT[@RELEASE]"
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", help="create: it ends after 12h, 7d, 4w.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Kept with it.", metavar="TEXT")] = "",
    yes: Yes = False,
) -> int:
    from lakewright.cli.environments import EnvironmentWish, run_environment_word

    wish = EnvironmentWish(word, name, source, expires, reason, yes=yes)
    return run_environment_word(common, wish)


def engine(
    common: Common,
    word: Annotated[
        str, typer.Argument(help="up, down or status.", metavar="up|down|status")
    ] = "status",
    *,
    idle: Annotated[
        str, typer.Option("--idle", help="up: it ends after so long without work.", metavar="TIME")
    ] = "30m",
    force: Annotated[
        bool, typer.Option("--force", help="down: though somebody works with it.")
    ] = False,
) -> int:
    from lakewright.cli.warming import run_engine_word

    return run_engine_word(common, word, idle=idle, force=force)


def explain(
    common: Common,
    code: Annotated[
        str | None, typer.Argument(help="A code such as LW204.", metavar="CODE")
    ] = None,
) -> int:
    from lakewright.cli.explaining import explain_code

    return explain_code(common, code)
