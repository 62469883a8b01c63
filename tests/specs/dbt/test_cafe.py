"""A dbt project of every construct that is known, as a project of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.specs import SourceFile, load_files
from lakewright.specs.dbt import Imported, Remark, import_dbt
from lakewright.specs.dbt.seeds import seed_columns

CAFE = Path(__file__).parents[3] / "infra" / "examples" / "cafe"


@pytest.fixture(scope="module")
def cafe() -> Imported:
    return import_dbt(CAFE)


def remarked(imported: Imported, what: str) -> Remark:
    (found,) = [remark for remark in imported.remarks if what in remark.what]
    return found


def spec(imported: Imported, path: str) -> list[str]:
    return imported.files[f"pipelines/cafe/{path}.yml"].splitlines()


def query(imported: Imported, path: str) -> str:
    return imported.files[f"sql/cafe/{path}.sql"]


def test_refs_sources_vars_and_kept_macros_become_names_parameters_and_calls(
    cafe: Imported,
) -> None:
    assert query(cafe, "staging/stg_sales").splitlines() == [
        "/* cups only */",
        "select",
        "    id as sale_id,",
        "    drink as drink_id,",
        "    sold_by,",
        "    {{ in_euros('cents') }} as price,",
        "    date_trunc('day', sold_at) as sold_on",
        "from till.raw_sales",
        "where sold_at >= :vars.first_day",
    ]


def test_a_dispatching_macro_becomes_what_it_is_for_spark(cafe: Imported) -> None:
    assert cafe.files["sql/_macros/money.sql"] == (
        "{% macro in_euros(column) -%}\n"
        "    cast({{ column }} / 100 as decimal(16, 2))\n"
        "{%- endmacro %}\n"
    )
    assert remarked(cafe, "`day_of`").weight == "changed"


def test_loops_are_written_out(cafe: Imported) -> None:
    text = query(cafe, "marts/by_size")
    assert "sum(case when size = 'small' then price end) as small_sales,\n" in text
    assert "sum(case when size = 'large' then price end) as large_sales\n" in text
    assert "from staging.stg_sales as s\njoin staging.stg_drinks as d" in text
    assert "where price < :vars.dear\nGROUP BY 1" in text


def test_an_incremental_model_is_a_table_without_its_branch(cafe: Imported) -> None:
    assert "where" not in query(cafe, "marts/daily")
    assert query(cafe, "marts/daily").endswith("group by sold_on\n")
    assert spec(cafe, "marts/daily") == [
        "table: marts.daily",
        "tags: [cafe]",
        "cluster_by: [sold_on]",
    ]
    told = remarked(cafe, "`daily`, incremental")
    assert (told.path, told.weight) == ("models/marts/daily.sql", "changed")


def test_a_source_is_called_by_the_name_that_the_query_knows(cafe: Imported) -> None:
    assert "from till.weather AS weather_by_day" in query(cafe, "staging/stg_weather")
    assert spec(cafe, "till/weather") == [
        "table: till.weather",
        "kind: source",
        'location: "${env:TILL_LOCATION}/weather_by_day"',
        'freshness: {column: measured_at, warn: "6h", fail: "2d"}',
    ]


def test_a_seed_behind_a_source_is_the_source(cafe: Imported) -> None:
    assert spec(cafe, "till/raw_sales") == [
        "table: till.raw_sales",
        "kind: seed",
        "file: seeds/raw_sales.csv",
        "description: One row per cup. A cup that was sold.",
        "columns:",
        "  id: {type: bigint}",
        "  drink: {type: string}",
        "  cents: {type: bigint}",
        "  sold_at: {type: timestamp}",
        "  sold_by: {type: string}",
    ]
    assert cafe.files["seeds/raw_sales.csv"] == (CAFE / "seeds/raw_sales.csv").read_text()


@pytest.mark.parametrize(
    ("config", "text"),
    [("{delimiter: ';'}", "id;n\n1;2\n"), ("{}", "id,n\n" + "1,2\n" * 10_001)],
    ids=["another delimiter", "many rows"],
)
def test_a_seed_that_is_none_here_is_loaded(tmp_path: Path, config: str, text: str) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: cafe\n")
    (tmp_path / "seeds" / "till.csv").write_text(text)
    (tmp_path / "seeds" / "till.yml").write_text(f"seeds: [{{name: till, config: {config}}}]\n")
    [path] = [name for name in import_dbt(tmp_path).files if name.endswith("till.yml")]
    assert "kind: ingest\n" in import_dbt(tmp_path).files[path]


def test_values_of_seeds_have_the_types_that_seeds_have() -> None:
    text = "day,moment,zip\n2024-02-30,2024-01-01,007\n,2024-01-01 10:00:00,12\n"
    assert seed_columns(text) == {"day": "string", "moment": "string", "zip": "string"}


def test_tests_become_rules_with_their_severity_and_condition(cafe: Imported) -> None:
    written = spec(cafe, "staging/stg_sales")
    assert written[:6] == [
        "table: staging.stg_sales",
        "kind: view",
        "description: A cup that was sold.",
        'owner: "till@example.com"',
        "tags: [cafe, till]",
        "key: [sale_id]",
    ]
    assert written[written.index("expect:") + 1 :] == [
        "  - {not_null: [drink_id], on_fail: warn}",
        "  - {between: {column: price, min: 0, max: 100}}",
        '  - {expression: "price > -1", where: drink_id is not null}',
    ]
    assert spec(cafe, "staging/stg_drinks")[-3:] == [
        "  - {unique: [drink_id, size], nulls: fail}",
        "  - {accepted_values: {column: size, values: [small, large]}}",
        "  - {foreign_key: {column: drink_id, references: staging.stg_sales.drink_id},"
        " on_fail: warn}",
    ]


def test_personal_columns_are_marked(cafe: Imported) -> None:
    assert "  sold_by: {pii: personal}" in spec(cafe, "staging/stg_sales")


def test_a_foreign_key_that_closes_a_circle_is_told_and_left_out(cafe: Imported) -> None:
    assert "made of staging.stg_sales" in remarked(cafe, "`relationships` of stg_sales").reason


def test_unit_tests_come_along_without_rules(cafe: Imported) -> None:
    assert cafe.files["tests/staging/stg_sales.yml"].splitlines()[:4] == [
        "table: staging.stg_sales",
        "rules: false",
        "tests:",
        "  - name: prices are in euros",
    ]
    assert "increments" in remarked(cafe, "`test_increments`").reason


def test_a_model_that_cannot_be_converted_keeps_its_text_as_a_comment(cafe: Imported) -> None:
    told = remarked(cafe, "dbt_utils.pivot")
    assert (told.path, told.line, told.weight) == ("models/marts/pivoted.sql", 2, "not_converted")
    text = query(cafe, "marts/pivoted")
    assert "-- from { { ref('stg_drinks') }}\n" in text
    assert all(line.startswith("--") for line in text.splitlines())


@pytest.mark.parametrize(
    ("what", "path", "line"),
    [
        ("`on-run-end`", "dbt_project.yml", 1),
        ("`other:zone`", "dbt_project.yml", 1),
        ("`grant_all`", "macros/money.sql", 15),
        ("`cheap`", "macros/money.sql", 17),
        ("`score`", "models/marts/score.py", 1),
        ("tests of source", "models/staging/_staging.yml", 14),
        ("expect_column_to_exist", "models/staging/_staging.yml", 53),
        ("exposures: board", "models/staging/_staging.yml", 79),
        ("a singular test", "tests/no_negative_cups.sql", 1),
    ],
)
def test_what_has_no_counterpart_is_told_with_its_place(
    cafe: Imported, what: str, path: str, line: int
) -> None:
    told = remarked(cafe, what)
    assert (told.path, told.line, told.weight) == (path, line, "not_converted")


def test_what_is_written_can_be_read(cafe: Imported) -> None:
    project = load_files(SourceFile(path, text) for path, text in cafe.files.items())
    assert project.problems == ()
    assert (
        len(project.tables) == sum(cafe.counts[key] for key in ("models", "seeds", "sources")) + 1
    )
    assert dict(project.vars) == {"dear": 5, "first_day": "2024-01-01"}


def test_the_same_project_gives_the_same_files(cafe: Imported) -> None:
    assert import_dbt(CAFE) == cafe
