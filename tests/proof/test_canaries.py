"""A secret and a personal value go through all that runs, and are in nothing it leaves.

What a person asks to see (`sql`, `preview`) shows rows; the tables' own files hold them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakewright.cli.main import run_command

VARIABLE, FILE, PLACE, PERSON = (
    "cAnArY-env-7319",
    "cAnArY-file-2284",
    "cAnArY-place-5501",
    "Zanaida",
)
SECRETS = (VARIABLE, FILE, PLACE)
SETTINGS = """\
name: shop
targets:
  dev:
    lake: .lake
    environment: prod
    allow_paths: ["${env:CANARY_PLACE}", "${env:CANARY_PLACE}/crm"]
    conf: {fs.s3a.secret.key: "${env:CANARY}", fs.s3a.session.token: "${file:token.txt}"}
"""
FILES = {
    "lakewright.yml": SETTINGS,
    "pipelines/bronze/orders.yml": """\
table: bronze.orders
kind: ingest
from: {files: "${env:CANARY_PLACE}/orders/*.csv", format: csv}
columns:
  id: {type: bigint}
  person: {type: string, pii: name}
  amount: {type: int}
""",
    "pipelines/silver/orders.yml": """\
table: silver.orders
key: [id]
columns: {person: {pii: name}}
expect:
  - {expression: "amount > 0", on_fail: quarantine, name: positive}
  - {expression: "person <> 'nobody'", on_fail: warn}
""",
    "sql/silver/orders.sql": "SELECT id, person, amount FROM bronze.orders\n",
    "sql/gold/totals.sql": "SELECT person AS who, count(*) AS n FROM silver.orders GROUP BY 1\n",
    "tests/orders.yml": """\
table: silver.orders
given: {bronze.orders: [{id: 1, person: ann, amount: 2}]}
expect: [{id: 1, amount: 3}]
""",
}
FIRST = f"id,person,amount\n1,{PERSON},5\n2,{PERSON},-5\n3,{PERSON},not a number\n4,ann,7\n"

Run = Callable[..., int]


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """All that was left, as text: names, contents, and the rows of our own Delta tables."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield f"name of {name}", name
        if path.is_file() and path.suffix == ".parquet":
            rows = pq.ParquetFile(path).read().to_pylist()
            yield f"rows of {name}", json.dumps(rows, default=str)
        elif path.is_file():
            yield name, path.read_bytes().decode("utf-8", "replace")


def is_data(name: str) -> bool:
    """Whether it belongs to a table, or is what a user wrote: there a person's rows may be."""
    place = name.removeprefix("rows of ").removeprefix("name of ")
    return place.startswith(".lake/prod/") or "/staged/" in place


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Runs a command in the project, and looks for the canaries in what it said and left."""
    outside = tmp_path / PLACE
    (outside / "orders").mkdir(parents=True)
    (outside / "orders/1.csv").write_text(FIRST)
    home = tmp_path / "shop"
    for path, text in FILES.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text)
    (home / "token.txt").write_text(f"{FILE}\n")
    monkeypatch.setenv("CANARY", VARIABLE)
    monkeypatch.setenv("CANARY_PLACE", str(outside))
    monkeypatch.setenv("USER", "ana")
    monkeypatch.chdir(home)

    def run_and_search(*words: str, exit_code: int = 0) -> int:
        code = run_command(words)
        said = "".join(capsys.readouterr())
        assert code == exit_code, said
        for secret in (*SECRETS, PERSON):
            assert secret not in said, words
        return code

    yield run_and_search
    for place, text in written(home):
        for secret in SECRETS:
            assert secret not in text or place == "token.txt", (secret, place)
        assert PERSON not in text or is_data(place), place


def land(number: int, rows: str) -> None:
    (Path("..") / PLACE / f"orders/{number}.csv").write_text(f"id,person,amount\n{rows}")


def edit(path: str, text: str) -> None:
    Path(path).write_text(text)


def test_no_canary_is_in_what_a_sound_life_says_and_leaves(run: Run) -> None:
    for words in (["doctor"], ["validate"], ["ls", "--json"], ["show", "silver.orders", "-v"]):
        run(*words)
    run("plan", "--json", "-v")
    run("plan", "--out", "plan.json")
    run("apply", "plan.json", "--yes", "-v", "--reason", "first")
    land(2, f"5,{PERSON},6\n6,{PERSON},-6\n")
    run("refresh", "--json")
    land(3, f"5,{PERSON},9\n")
    run("plan", "-v")
    run("refresh", exit_code=1)  # the key is there twice: held
    for words in (
        ["status", "-v"],
        ["status", "--json"],
        ["history"],
        ["history", "silver.orders"],
    ):
        run(*words)
    for words in (["releases", "--json"], ["lineage", "gold.totals.who"], ["gc", "--dry-run"]):
        run(*words)
    for form in ("text", "json", "markdown"):
        run("diff", "1..2", "--format", form)
    run("test", exit_code=1)
    run("rollback", "--reason", "back", "--yes", "--hold")
    run("resume", "--reason", "on")


BREAKING = {
    "a cast": "SELECT id, person, cast(person AS int) AS amount FROM bronze.orders\n",
    "an error raised": "SELECT id, person, cast(raise_error(person) AS int) AS amount"
    " FROM bronze.orders\n",
    "a date": "SELECT id, cast(to_date(person, 'y') AS string) AS person, amount"
    " FROM bronze.orders\n",
    "a timestamp": "SELECT id, cast(cast(person AS timestamp) AS string) AS person, amount"
    " FROM bronze.orders\n",
    "a number": "SELECT id, person, cast(to_number(person, '9') AS int) AS amount"
    " FROM bronze.orders\n",
    "an address": "SELECT id, url_decode(concat('%', person)) AS person, amount"
    " FROM bronze.orders\n",
    "a zone": "SELECT id, cast(from_utc_timestamp(timestamp'2024-01-01 00:00:00', person)"
    " AS string) AS person, amount FROM bronze.orders\n",
    "a column that is not there": "SELECT id, persn AS person, amount FROM bronze.orders\n",
}


def test_no_canary_is_in_the_error_of_a_query_that_fails_on_a_row(run: Run) -> None:
    run("apply", "--yes")
    for name, query in BREAKING.items():
        edit("sql/silver/orders.sql", query)
        code = 2 if name == "a column that is not there" else 1
        run("apply", "--yes", exit_code=code)
        run("preview", "silver.orders", "--debug", exit_code=code)
    run("apply", "--yes", "--json", "--debug", exit_code=2)


COLUMNS = "columns: {id: {}, person: {type: string, pii: name}, amount: {}}\n"
FUNCTIONS = {
    "on a row": """\
def build(inputs):
    from pyspark.sql.functions import udf

    def fail(value):
        raise ValueError(f"no {value}")

    orders = inputs["bronze.orders"]
    return orders.select("id", udf(fail, "string")("person").alias("person"), "amount")
""",
    "in build": """\
def build(inputs):
    person = inputs["bronze.orders"].select("person").first()[0]
    raise ValueError(f"no {person}")
""",
}


def test_no_canary_is_in_the_error_of_a_function_that_fails(run: Run) -> None:
    run("apply", "--yes")
    Path("sql/silver/orders.sql").unlink()
    spec = "table: silver.orders\npython: 'make:build'\nreads: [bronze.orders]\n"
    edit("pipelines/silver/orders.yml", spec + COLUMNS)
    for name, text in FUNCTIONS.items():
        edit("pipelines/silver/make.py", text)
        run("apply", "--yes", "-v", exit_code=2 if name == "in build" else 1)


RULES = {
    "expression": "{expression: \"person = 'nobody'\"}",
    "accepted values": "{accepted_values: {column: person, values: [ann]}}",
    "matches": "{matches: {column: person, pattern: '^x'}}",
    "unique": "{unique: [person]}",
    "foreign key": "{foreign_key: {column: person, references: gold.people.who}}",
}


def test_no_canary_is_in_the_error_of_a_rule_that_fails(run: Run) -> None:
    edit("sql/gold/people.sql", "SELECT 'ann' AS who\n")
    edit("lakewright.yml", SETTINGS + "layers: [gold, bronze, silver]\n")
    Path("sql/gold/totals.sql").unlink()
    run("apply", "--yes")
    for rule in RULES.values():
        edit("pipelines/silver/orders.yml", f"table: silver.orders\nexpect: [{rule}]\n")
        run("apply", "--yes", "--json", "--debug", exit_code=1)


def test_no_canary_is_in_the_report_of_a_crash(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("apply", "--yes")
    land(2, f"7,{PERSON},8\n")

    def broken(*given: object) -> None:
        raise ZeroDivisionError("no")

    monkeypatch.setattr("lakewright.cli.looking.show_status", broken)
    run("status", exit_code=70)
    run("status", "--debug", exit_code=70)


def test_the_canaries_can_be_found(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [PERSON]}), tmp_path / "x.parquet")
    (tmp_path / "y.json").write_text(VARIABLE)
    shutil.copy(tmp_path / "y.json", tmp_path / PLACE)
    told = dict(written(tmp_path))
    assert PERSON in told["rows of x.parquet"]
    assert VARIABLE in told["y.json"]
    assert f"name of {PLACE}" in told
