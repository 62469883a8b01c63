"""`init --from-dbt`: a project of its own, and everything that did not come along."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cli.programs import Cli, run_program

CAFE = Path(__file__).parents[2] / "infra" / "examples" / "cafe"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """The example without what cannot be converted."""
    folder = Path(shutil.copytree(CAFE, tmp_path / "dbt"))
    for path in ("models/marts/pivoted.sql", "models/staging/stg_weather.sql"):
        (folder / path).unlink()
    said = folder / "models/staging/_staging.yml"
    text = said.read_text()
    start, end = text.index("      - name: weather"), text.index("\nmodels:")
    said.write_text(text[:start] + text[end:])
    return folder


def test_it_is_told_what_was_converted_and_what_was_not(cli: Cli) -> None:
    done = cli("init", "--from-dbt", str(CAFE), "made")
    assert (done.code, done.err) == (0, "")
    told = done.out.splitlines()
    assert told[0] == (
        "Made project cafe in made: 5 models, 2 seeds, 1 source, 1 macro, 7 rules, 1 unit test."
    )
    pivot = "models/marts/pivoted.sql:2: `dbt_utils.pivot()`: is no macro of this project"
    assert any(line.strip().startswith(pivot) for line in told)
    assert "  sql/cafe/marts/pivoted.sql:1:1: LW201 the query is empty" in told


def test_the_json_says_the_same(cli: Cli) -> None:
    done = cli("init", "--json", "--from-dbt", str(CAFE), "made")
    document = json.loads(done.out)
    assert document["project"] == "cafe"
    assert document["converted"] == {
        "models": 5,
        "seeds": 2,
        "sources": 1,
        "macros": 1,
        "rules": 7,
        "unit_tests": 1,
    }
    assert document["files"] == sorted(document["files"])
    assert all((cli.folder / "made" / path).is_file() for path in document["files"])
    assert {
        "path": "models/marts/score.py",
        "line": 1,
        "what": "model `score`",
        "reason": "is Python over the objects of dbt; write a function `build(inputs)` instead",
    } in document["not_converted"]
    assert "models/marts/daily.sql" in [each["path"] for each in document["changed"]]
    assert [each["code"] for each in document["problems"]] == ["LW201"]


def test_the_lake_is_bound_to_the_project(cli: Cli) -> None:
    cli("init", "--from-dbt", str(CAFE), "made")
    lake = cli.folder / "made/.lake/_lakewright/lake.json"
    assert json.loads(lake.read_text())["project"] == "cafe"


def test_a_folder_that_holds_anything_is_left_alone(cli: Cli) -> None:
    before = sorted(cli.folder.rglob("*"))
    done = cli("init", "--from-dbt", str(CAFE), ".")
    assert done.code == 4
    assert "LW187" in done.err
    assert sorted(cli.folder.rglob("*")) == before


def test_a_folder_without_a_dbt_project_is_refused(cli: Cli) -> None:
    done = cli("init", "--from-dbt", "sql", "made")
    assert done.code == 2
    assert "LW185" in done.err
    assert not (cli.folder / "made").exists()


def test_settings_that_cannot_be_read_are_refused_with_their_line(cli: Cli) -> None:
    (cli.folder / "bad").mkdir()
    (cli.folder / "bad/dbt_project.yml").write_text("name: x\nvars: [1\n")
    done = cli("init", "--from-dbt", "bad", "made")
    assert done.code == 2
    assert "LW186" in done.err
    assert not (cli.folder / "made").exists()


def test_names_that_lead_elsewhere_stay_inside(cli: Cli) -> None:
    models = cli.folder / "bad/models/..hidden"
    models.mkdir(parents=True)
    (cli.folder / "bad/dbt_project.yml").write_text("name: ../../up\n")
    (models / "a.sql").write_text("{{ config(schema='../../x', alias='../y') }} select 1 as one")
    before = set(cli.folder.parent.rglob("*"))
    assert cli("init", "--from-dbt", "bad", "made").code == 0
    made = set(cli.folder.parent.rglob("*")) - before
    assert all(path.is_relative_to(cli.folder / "made") for path in made)


def test_what_comes_of_it_is_valid_tested_and_built(sound: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert run_program("init", "--from-dbt", str(sound), str(made), cwd=tmp_path).code == 0
    assert run_program("validate", cwd=made).code == 0
    tested = run_program("test", "--json", cwd=made)
    assert (tested.code, len(json.loads(tested.out)["tests"])) == (0, 1)
    applied = run_program("apply", "--yes", "--json", cwd=made)
    assert applied.code == 0, applied.err
    tables = {each["table"]: each for each in json.loads(applied.out)["tables"]}
    assert tables["marts.daily"]["rows_kept"] == 2
    assert tables["marts.by_size"]["rows_kept"] == 2
