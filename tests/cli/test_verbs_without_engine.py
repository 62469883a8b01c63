"""Verbs that read files and records only."""

from __future__ import annotations

import json

import pytest

from cli.programs import Cli
from goldens import Golden


def edit(cli: Cli, path: str, before: str, after: str) -> None:
    file = cli.folder / path
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_init_makes_a_project_that_is_valid(cli: Cli, golden: Golden) -> None:
    done = cli("validate")
    assert (done.code, done.err) == (0, "")
    golden("cli/validate.txt", done.out)


def test_init_binds_the_lake_to_the_project(cli: Cli) -> None:
    assert json.loads((cli.folder / ".lake/_lakewright/lake.json").read_text())["project"] == "shop"


def test_init_never_writes_over_a_file(cli: Cli) -> None:
    edit(cli, "lakewright.yml", "30d", "31d")
    done = cli("init", ".")
    assert done.code == 4
    assert "LW345" in done.err
    assert "31d" in (cli.folder / "lakewright.yml").read_text()


def test_init_into_a_file_is_told(cli: Cli) -> None:
    (cli.folder / "taken").write_text("")
    assert cli("init", "taken").code == 5


def test_validate_reports_every_mistake_with_exit_2(cli: Cli) -> None:
    edit(cli, "sql/shop/silver/orders.sql", "  customer,", "  custmer,")
    edit(cli, "pipelines/shop/gold/customer_totals.yml", "description:", "descripton:")
    done = cli("validate")
    assert done.code == 2
    assert done.out == ""
    assert "custmer" in done.err
    assert "descripton" in done.err
    assert "errors in 3 files" in done.err  # the misspelt column breaks its rule as well


def test_validate_json(cli: Cli) -> None:
    document = json.loads(cli("validate", "--json").out)
    assert document == {"format_version": "1.0", "ok": True, "project": "shop", "tables": 3}


def test_ls_lists_in_build_order(cli: Cli, golden: Golden) -> None:
    golden("cli/ls.txt", cli("ls").out)


def test_ls_selects(cli: Cli) -> None:
    tables = json.loads(cli("ls", "-s", "silver.orders+", "--json").out)["tables"]
    assert [table["table"] for table in tables] == ["silver.orders", "gold.customer_totals"]


def test_selecting_nothing_exits_2_with_near_names(cli: Cli) -> None:
    done = cli("ls", "-s", "silver.ordrs")
    assert done.code == 2
    assert "silver.orders" in done.err


def test_ls_of_what_was_modified(built: Cli) -> None:
    edit(built, "sql/shop/gold/customer_totals.sql", "count(*)", "count(customer)")
    tables = json.loads(built("ls", "-s", "state:modified", "--json").out)["tables"]
    assert [table["table"] for table in tables] == ["gold.customer_totals"]


def test_show_tells_one_table(cli: Cli, golden: Golden) -> None:
    golden("cli/show.txt", cli("show", "silver.orders").out)


def test_show_of_an_unknown_table_names_near_ones(cli: Cli) -> None:
    done = cli("show", "silver.order")
    assert done.code == 2
    assert "silver.orders" in done.err


def test_plan_of_a_first_build(cli: Cli, golden: Golden) -> None:
    done = cli("plan", "--engine", "spark")  # the reference: it has no notes on differences
    assert (done.code, done.err) == (0, "")
    golden("cli/plan_first.txt", done.out)


def test_detailed_exitcode_tells_changes_from_none(built: Cli) -> None:
    assert built("plan", "--detailed-exitcode").code == 0
    edit(built, "sql/shop/gold/customer_totals.sql", "count(*)", "count(customer)")
    assert built("plan", "--detailed-exitcode").code == 3
    assert built("plan").code == 0


def test_a_plan_after_an_edit_touches_only_what_reads_it(built: Cli) -> None:
    edit(built, "sql/shop/gold/customer_totals.sql", "count(*)", "count(customer)")
    changes = json.loads(built("plan", "--json").out)["changes"]
    assert [(c["table"], c["action"]) for c in changes] == [("gold.customer_totals", "rebuild")]


def test_a_plan_names_readers_of_other_columns_as_not_affected(built: Cli) -> None:
    edit(built, "sql/shop/silver/orders.sql", "AS BIGINT) AS", "AS BIGINT) + 0 AS")
    (change,) = json.loads(built("plan", "--json").out)["changes"]
    assert (change["table"], change["reasons"]) == ("silver.orders", ["code: order_id"])
    assert change["not_affected"] == ["gold.customer_totals"]
    assert "not affected: gold.customer_totals (reads no changed column)" in built("plan").out


def test_a_change_of_columns_that_a_table_forbids_is_refused(built: Cli) -> None:
    spec = "pipelines/shop/gold/customer_totals.yml"
    edit(built, spec, "table:", "on_schema_change: fail\ntable:")
    assert built("plan").code == 0
    edit(built, "sql/shop/gold/customer_totals.sql", "count(*)", "min(1) AS more, count(*)")
    done = built("plan")
    assert done.code == 4
    assert "LW338" in done.err


def test_a_comment_changes_nothing(built: Cli) -> None:
    edit(built, "sql/shop/silver/orders.sql", "SELECT", "-- typed\nSELECT")
    assert built("plan", "--detailed-exitcode").code == 0


def test_a_file_that_landed_is_named_as_the_reason(built: Cli) -> None:
    landed = built.folder / "incoming/orders/orders_2024_02.csv"
    landed.write_text("order_id,customer,ordered_on,amount\n9,Ada,2024-02-01,1.00\n")
    change = json.loads(built("plan", "--json").out)["changes"][0]
    assert change["action"] == "refresh"
    assert "orders_2024_02.csv" in change["reasons"][0]


def test_a_removed_spec_is_pending_until_it_is_named(built: Cli) -> None:
    (built.folder / "sql/shop/gold/customer_totals.sql").unlink()
    (built.folder / "pipelines/shop/gold/customer_totals.yml").unlink()
    done = built("plan", "--json", "--detailed-exitcode")
    document = json.loads(done.out)
    assert done.code == 0
    assert [change["table"] for change in document["pending"]] == ["gold.customer_totals"]
    named = built("plan", "--allow-destructive", "gold.customer_totals", "--detailed-exitcode")
    assert named.code == 3


def test_plan_writes_nothing(built: Cli) -> None:
    def files() -> dict[str, bytes]:
        lake = built.folder / ".lake"
        return {str(path): path.read_bytes() for path in lake.rglob("*") if path.is_file()}

    before = files()
    assert built("plan", "--full").code == 0
    assert files() == before


def test_a_lake_that_is_not_there_is_empty_for_plan_and_5_for_others(built: Cli) -> None:
    assert built("plan", "--lake", "nowhere", "--detailed-exitcode").code == 3
    for verb in ("status", "releases", "history", "refresh"):
        assert built(verb, "--lake", "nowhere").code == 5, verb
    assert built("sql", "SELECT 1 AS one", "--lake", "nowhere").code == 5
    assert not (built.folder / "nowhere").exists()


def test_a_lake_of_another_project_is_refused(built: Cli) -> None:
    edit(built, "lakewright.yml", "name: shop", "name: other")
    assert built("plan").code == 4


def test_an_unknown_target_is_bad_usage(cli: Cli) -> None:
    assert cli("plan", "-t", "prd").code == 2


def test_status_of_a_release(built: Cli) -> None:
    document = json.loads(built("status", "--json").out)
    assert (document["environment"], document["release"]) == ("dev_ana", 1)
    assert "silver.orders__quarantine" in {table["table"] for table in document["tables"]}
    assert "3 pass, 1 warn" in built("status").out
    assert "positive_amount" in built("status", "-v").out


def test_releases_json_is_an_array(built: Cli) -> None:
    found = json.loads(built("releases", "--json").out)
    assert [item["release"] for item in found] == [1]
    assert {"parent", "kind", "created_at", "run_id", "reason"} < found[0].keys()
    assert found[0]["tables"]["silver.orders"] == 1


def test_history_of_one_table(built: Cli) -> None:
    changes = json.loads(built("history", "silver.orders", "--json").out)["changes"]
    assert [(change["release"], change["did"]) for change in changes] == [(1, "created")]
    assert built("history", "silver.nothing").code == 2


def test_an_environment_without_a_release_is_5_for_readers(built: Cli) -> None:
    done = built("sql", "SELECT 1 AS one", "-e", "prod")
    assert done.code == 5
    assert "dev_ana" in done.err


def test_settings_come_from_flag_then_variable_then_target(
    built: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKEWRIGHT_ENVIRONMENT", "from_variable")
    assert json.loads(built("plan", "--json").out)["environment"] == "from_variable"
    flagged = built("plan", "--json", "-e", "from_flag")
    assert json.loads(flagged.out)["environment"] == "from_flag"
    monkeypatch.delenv("LAKEWRIGHT_ENVIRONMENT")
    assert json.loads(built("plan", "--json").out)["environment"] == "dev_ana"


def test_records_are_read_without_a_checkout(built: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    lake = str(built.folder / ".lake")
    assert (
        json.loads(built("status", "--lake", lake, "-e", "dev_ana", "--json").out)["release"] == 1
    )
    assert built("plan", "--lake", lake).code == 2


def test_doctor_finds_a_broken_record(built: Cli) -> None:
    assert built("doctor").code == 0
    record = next(built.folder.glob(".lake/_lakewright/env/dev_ana/releases/*1.json"))
    record.chmod(0o644)
    record.write_bytes(record.read_bytes()[:100])
    done = built("doctor", "--json")
    assert done.code == 5
    missing = [f["name"] for f in json.loads(done.out)["findings"] if f["state"] == "MISS"]
    assert missing == ["release 1"]


def test_doctor_names_a_variable_that_is_not_set(cli: Cli) -> None:
    edit(cli, "lakewright.yml", "lake: .lake, engine: sail", 'lake: "${env:NOT_SET}", engine: sail')
    done = cli("doctor")
    assert done.code == 5
    assert "NOT_SET" in done.out


def test_a_protected_target_refuses_an_engine_nobody_named(cli: Cli) -> None:
    edit(cli, "lakewright.yml", "{lake: .lake, engine: sail}", "{lake: .lake, protected: true}")
    done = cli("apply", "--yes")
    assert done.code == 4
    assert "LW340" in done.err


def test_a_target_reads_only_where_it_may(cli: Cli) -> None:
    edit(cli, "lakewright.yml", "engine: sail}", "engine: sail, allow_paths: [elsewhere]}")
    done = cli("plan")
    assert done.code == 4
    assert "LW307" in done.err


def test_a_file_that_is_no_plan_is_bad_usage(cli: Cli) -> None:
    (cli.folder / "plan.json").write_text("{}")
    done = cli("apply", "plan.json")
    assert done.code == 2
    assert "LW309" in done.err


def test_a_refresh_inside_another_project_is_refused(built: Cli) -> None:
    lake = built.folder / ".lake"
    settings = built.folder / "lakewright.yml"
    settings.write_text(settings.read_text().replace("name: shop", "name: other"))
    done = built("refresh", "--lake", str(lake))
    assert done.code == 4
    assert "LW512" in done.err


def test_a_plan_that_cannot_be_saved_is_an_error_of_the_surroundings(cli: Cli) -> None:
    done = cli("plan", "--out", str(cli.folder / "nowhere" / "plan.json"))
    assert done.code == 5
    assert "LW346" in done.err


def test_lineage_shows_what_a_column_is_made_of(cli: Cli, golden: Golden) -> None:
    golden("cli/lineage_up.txt", cli("lineage", "gold.customer_totals.amount").out)
    golden("cli/lineage_down.txt", cli("lineage", "silver.orders", "--down").out)
    golden("cli/lineage.mermaid", cli("lineage", "gold.customer_totals", "--format", "mermaid").out)


def test_lineage_json_names_edges_from_origin_to_column(cli: Cli) -> None:
    document = json.loads(cli("lineage", "customer_totals.amount", "--json").out)
    assert document["start"] == [{"table": "gold.customer_totals", "column": "amount"}]
    origin = {"table": "silver.orders", "column": "amount"}
    assert {"from": origin, "to": document["start"][0], "kind": "value"} in document["edges"]
    assert document["unknown"] == []


def test_lineage_of_a_column_that_is_not_there_exits_2_with_near_names(cli: Cli) -> None:
    done = cli("lineage", "gold.customer_totals.amout")
    assert (done.code, done.out) == (2, "")
    assert "amount" in done.err
    assert cli("lineage", "gold.customer_total").code == 2
    assert cli("lineage", "gold.customer_totals", "--format", "svg").code == 2


def test_schema_is_printed_or_written_for_editors(cli: Cli) -> None:
    assert json.loads(cli("schema", "table").out)["required"] == ["table"]
    done = cli("schema", "--write")
    assert done.code == 0
    written = sorted(file.name for file in (cli.folder / ".lakewright/schemas").iterdir())
    assert written == ["defaults.json", "lakewright.json", "rules.json", "table.json", "tests.json"]
    assert "yaml.schemas" in done.out
    assert cli("schema", "tables").code == 2
    assert cli("validate").code == 0
