"""dbt's Jinja is worked out, never run: what it may do, and that it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakewright.names import TableName
from lakewright.specs.dbt import import_dbt
from lakewright.specs.dbt.macros import DbtMacros, read_dbt_macros
from lakewright.specs.dbt.queries import DbtQuery, Surroundings, convert_query
from lakewright.specs.dbt.values import DbtFiles, Names

NAMES = Names({"orders": TableName("marts", "orders")}, {("ecom", "raw"): TableName("ecom", "raw")})


def macros(text: str) -> DbtMacros:
    files = DbtFiles({"macros/m.sql": text}, {}, (), (), ("macros",), (), ())
    return read_dbt_macros(files, [])


def convert(text: str, macro_text: str = "", **variables: object) -> DbtQuery:
    return convert_query(text, Surroundings("shop", NAMES, macros(macro_text), variables))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("select 1 from {{ ref('orders') }};", "select 1 from marts.orders"),
        ("{{ ref('pkg', 'orders') }} o", "marts.orders o"),
        ("{{ source('ecom', 'raw') }}", "ecom.raw"),
        ("x {{ '-- no' if false else 'y' }}", "x y"),
        ("{% for a, b in {'k': 1}.items() %}{{ a ~ b }}{% endfor %}", "k1"),
        ("{% set l = [] %}{% do l.append('a') %}{{ l | join('+') }}", "a"),
        ("{% if not is_incremental() %}a{% else %}b{{ this }}{% endif %}", "a"),
        ("{{ dbt.dateadd('day', -1, 'd') }}", "timestampadd(DAY, -1, d)"),
        ("{{ dateadd(datepart='day', interval=1, from_date_or_timestamp='d') }}",
         "timestampadd(DAY, 1, d)"),
        ("{{ dbt.type_string() }}", "STRING"),
        ("{{ shop.one() }}", "1"),
        ("{{ 2 * 3 }}", "6"),
        ("{% set x = none %}{{ x if x is not none else 'n' }}", "n"),
    ],
)  # fmt: skip
def test_templates_give_text(template: str, text: str) -> None:
    query = convert(template, "{% macro one() %}{{ return(1) }}{% endmacro %}")
    assert (query.problems, query.text) == ((), text + "\n")


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("d > '{{ var('v') }}'", "2024-01-01", "d > :vars.v"),
        ("d > {{ var('v') }}", 5, "d > :vars.v"),
        ("d like '%{{ var('v') }}%'", "a", "d like '%a%'"),
        ("select {{ var('v') }} from t", "a, b", "select a, b from t"),
        ("d = '{{ var('v') }}'", 5, "d = '5'"),
        ("{% if var('v') == 5 %}x{% endif %}", 5, "x"),
        ("{{ var('w', 7) }}", 5, ":vars.w"),
    ],
)
def test_variables_are_parameters_where_they_are_values(
    template: str, value: object, text: str
) -> None:
    assert convert(template, v=value).text == text + "\n"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ref('nothing') }}",
        "{{ env_var('HOME') }}",
        "{{ run_query('drop table x') }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ [].__class__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self }}",
        "{{ target.name }}",
        "{{ 'a' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ dbt.date_trunc('day; drop', 'x') }}",
        "{% for x in range(100000) %}{% for y in range(100000) %}a{% endfor %}{% endfor %}b{{ x }}",
        "{% set ns = 'a' %}" + "{% set ns = ns + ns %}" * 60,
        "{% set n = 9 %}" + "{% set n = n * n %}" * 60,
        "{% for x in range(20000) %}{% endfor %}",
        "{{ return(1) }}",
        "{% for x in range(9999) %}{% for y in range(9999) %}a{% endfor %}{% endfor %}",
        "{{ 'a' | replace('', 'b' | join('x')) | batch(3) }}",
        "{% include 'x' %}",
        "{% import 'os' as os %}{{ os }}",
        "{% call(x) forever() %}{% endcall %}",
        "{{ forever() }}",
        "{{ unclosed",
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "\ue000marts.orders\ue002",
    ],
)
def test_what_is_not_known_is_told_and_gives_nothing(template: str) -> None:
    query = convert(template, "{% macro forever() %}{{ forever() ~ dbt.hash('x') }}{% endmacro %}")
    assert query.problems


def test_a_problem_says_its_line() -> None:
    query = convert("select\n  1,\n  {{ nothing('x') }}\nfrom {{ ref('gone') }}")
    assert [problem.line for problem in query.problems] == [3, 4]


def test_an_alias_is_added_only_where_the_query_needs_one() -> None:
    names = Names({"o": TableName("m", "orders")}, {}, {TableName("m", "orders"): "old"})
    around = Surroundings("shop", names, macros(""), {})
    told = {
        "from {{ ref('o') }} where": "from m.orders AS old where",
        "from {{ ref('o') }} as x": "from m.orders as x",
        "from {{ ref('o') }} x join y": "from m.orders x join y",
        "from {{ ref('o') }})": "from m.orders AS old)",
    }
    assert {text: convert_query(text, around).text.strip() for text in told} == told


def test_links_out_of_the_project_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.sql"
    secret.write_text("select 'canary'")
    root = tmp_path / "dbt"
    (root / "models").mkdir(parents=True)
    (root / "dbt_project.yml").write_text("name: x\nmodel-paths: [models, ../, /etc]\n")
    (root / "models/a.sql").symlink_to(secret)
    imported = import_dbt(root)
    assert "canary" not in str(imported.files)
    assert [remark.path for remark in imported.remarks] == ["models/a.sql"]
