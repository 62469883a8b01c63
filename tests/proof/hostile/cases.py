"""Hostile projects and command lines, by surface: files over a sound project, and what is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """`files` are laid over the project; None for `command`: `apply --yes`."""

    surface: str
    name: str
    files: dict[str, str | bytes]
    command: str | list[str]


CASES: list[Case] = []


def add(
    surface: str,
    name: str,
    files: dict[str, str | bytes] | None = None,
    command: str | list[str] = "apply --yes",
) -> None:
    CASES.append(Case(surface, name, files or {}, command))


Y = "pipelines/shop/silver/t.yml"
S = "sql/shop/silver/t.sql"
M = "sql/_macros/m.sql"
L = "lakewright.yml"
D = "pipelines/shop/_defaults.yml"
GOOD = "SELECT order_id, customer, amount FROM bronze.orders\n"
SET = "name: shop\nvars: {low: 3}\ntargets: {dev: {lake: .lake}}\n"
for n in [
    "../x.t",
    "silver.../../t",
    "silver/../../x.t",
    "silver.t/../../x",
    "silver.T__QUARANTINE",
    "silver.t__ledger",
    "silver.t;drop table x",
    "'`silver`.t'",
    "silver.t\u0430",
    "silver." + "t" * 200,
    "''",
    "'.t'",
    "silver.",
    "silver..t",
    '"silver.t\\n.x"',
    '"silver.t\\0"',
    "silver.t-1",
    "_lakewright.t",
    "silver.%2e%2e",
    "silver. t",
    "\\\\server.t",
    "silver.t#x",
    "silver.t?x=1",
    "c:.t",
]:
    add("names", "table " + n, {Y: f"table: {n}\nquery: SELECT 1 AS one\n"})
for n in [
    "'a`b'",
    "'a\"b'",
    '"a\'b"',
    "'a;b'",
    "'a.b'",
    "'a b'",
    "'../a'",
    "'a--b'",
    "_failed_rules",
    "_run_id",
    "'\u0430'",
    "'a\\'",
    "''",
    "'a)b'",
]:
    add("names", "column " + n, {Y: f"table: silver.t\ncolumns:\n  {n}: {{type: int}}\n", S: GOOD})
for n in [
    "../prod",
    "a/b",
    "_lakewright",
    "pr-od",
    "",
    "x" * 64,
    "a.b",
    "%2e%2e",
    "a b",
    "prod;x",
    "\u0440rod",
    "..",
    "-x",
    "runs/../prod",
]:
    add("command line", "environment " + n, {S: GOOD}, ["apply", "--yes", "-e", n])
for s in ["a/b", "../x", "SILVER", "a b", "'`a`'", "_x/../y", "silver;"]:
    add(
        "names",
        "schema " + s,
        {
            L: f"name: shop\nschemas: {{bronze: bronze, {s}: silver}}\ntargets: {{dev: {{lake: .lake}}}}\n"
        },
    )
for n in ["../x", "a/b", "a b", "''", "a;b", "\u0430"]:
    add("names", "project " + n, {L: f"name: {n}\ntargets: {{dev: {{lake: .lake}}}}\n"})
# yaml
y = {
    "python object": "a: !!python/object/apply:os.system ['id']\n",
    "python name": "a: !!python/name:os.system\n",
    "python module": "a: !!python/module:os\n",
    "binary": "a: !!binary aGk=\n",
    "set": "a: !!set {x}\n",
    "own tag": "a: !secret x\n",
    "tag uri": "a: !<tag:yaml.org,2002:python/object:x> x\n",
    "timestamp tag": "a: !!timestamp 2001-01-01\n",
    "merge of mapping": "a: &a {x: 1}\nb:\n  <<: *a\n",
    "merge key": "<<: {table: silver.t}\n",
    "duplicate": "owner: a\nowner: b\n",
    "duplicate inside": "columns: {a: {type: int}, a: {type: string}}\n",
    "duplicate, other quotes": 'owner: a\n"owner": b\n',
    "alias of nothing": "owner: *a\n",
    "alias to itself": "a: &a [*a]\n",
    "deep": "a: " + "[" * 50 + "]" * 50 + "\n",
    "deep mapping": "a: " + "{a: " * 40 + "1" + "}" * 40 + "\n",
    "very deep": "a: " + "[" * 20000 + "\n",
    "complex key": "? [a, b]\n: x\n",
    "complex key 2": "? {a: b}\n: x\n",
    "two documents": "owner: a\n---\nowner: b\n",
    "directive": "%YAML 1.1\n---\nowner: a\n",
    "tag directive": "%TAG ! tag:x,2000:\n---\nowner: !a b\n",
    "NUL": 'owner: "a\0b"\n',
    "huge int": "a: " + "9" * 5000 + "\n",
    "many keys": "".join(f"k{i}: 1\n" for i in range(30000)),
    "long line": "owner: " + "x" * 1200000 + "\n",
}
for n, t in y.items():
    add("YAML", n, {Y: ("table: silver.t\n" + t) if not t.startswith("%") else t, S: GOOD})
bomb = (
    "tags: &a ["
    + ", ".join(["x"] * 10)
    + "]\n"
    + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(6)
    )
)
add("YAML", "alias bomb", {Y: "table: silver.t\n" + bomb, S: GOOD})
add("YAML", "alias bomb in settings", {L: SET + bomb, S: GOOD})
add("YAML", "alias bomb in defaults", {D: bomb, S: GOOD})
add("YAML", "surrogate in UTF-8", {Y: b"table: silver.t\nowner: \xed\xa0\x80\n", S: GOOD})
add("YAML", "UTF-16", {Y: "table: silver.t\n".encode("utf-16"), S: GOOD})
add("YAML", "invalid bytes in SQL", {S: b"SELECT 1 AS \xff\n"})
add("YAML", "escaped surrogate", {Y: 'table: silver.t\nowner: "\\ud800"\n', S: GOOD})
# jinja
j = [
    "''.__class__",
    "x.__class__.__mro__",
    "''['__class__']",
    "''|attr('__class__')",
    "().__class__.__base__.__subclasses__()",
    "cycler.__init__.__globals__",
    "joiner",
    "lipsum",
    "namespace",
    "self",
    "self._TemplateReference__context",
    "config",
    "request",
    "range(10)",
    "dict(a=1)",
    "url_for",
    "get_flashed_messages",
    "'%s'|format(x)",
    "'{0.__class__}'.format(x)",
    "'%c'%65",
    "['a']*1000000000",
    "'a'*1000000000",
    "2**99999999",
    "10**10",
    "1/0",
    "x|map(attribute='__class__')|list",
    "x|selectattr('a')",
    "x|pprint",
    "x|tojson",
    "x|xmlattr",
    "x|urlize",
    "x|indent(999999999)",
    "x|center(999999999)",
    "x|safe",
    "x|random",
    "x|batch(1)",
    "x|replace('','yyyyyyyyyy')|replace('','yyyyyyyyyy')|replace('','yyyyyyyyyy')|replace('','yyyyyyyyyy')|replace('','yyyyyyyyyy')|replace('','yyyyyyyyyy')|replace('','yyyyyyyyyy')",
    "_getattr",
    "caller()",
    "varargs",
    "kwargs",
    "x.y",
    "x.format()",
    "'a'.join(x)",
    "loop.index.__class__",
    "loop",
    "true.__class__",
    "none.__class__",
    "_",
    "context",
    "environment",
    "x[0:1:0]",
    "x['__class__']",
    "x[999]",
]
for e in j:
    add(
        "Jinja",
        e,
        {
            M: "{% macro m(x) %}{{ " + e + " }}{% endmacro %}\n",
            S: "SELECT {{ m('a') }} AS one FROM bronze.orders\n",
        },
    )
for e in [
    "x.__class__",
    "cycler",
    "''.__class__",
    "m.__globals__",
    "m.__call__('a')",
    "m('a').__class__",
    "[m('a')]*99999",
    "range(9)",
    "'a'|attr('b')",
    "self.x()",
    "m",
    "m('a'|attr('x'))",
]:
    add(
        "Jinja",
        "query " + e,
        {
            M: "{% macro m(x) %}1{% endmacro %}\n",
            S: "SELECT {{ " + e + " }} AS one FROM bronze.orders\n",
        },
    )
for n, t in {
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'm.sql' as m %}",
    "from": "{% from 'm.sql' import m %}",
    "extends": "{% extends 'x' %}",
    "set": "{% set a = 1 %}",
    "for": "{% for a in 'abc' %}1{% endfor %}",
    "if": "{% if 1 %}1{% endif %}",
    "macro": "{% macro z() %}1{% endmacro %}",
    "call": "{% call m('a') %}x{% endcall %}",
    "filter": "{% filter upper %}x{% endfilter %}",
    "raw in mark": "\ue0000c\ue001",
    "do": "{% do 1 %}",
    "debug": "{% debug %}",
    "trans": "{% trans %}x{% endtrans %}",
    "block": "{% block a %}{% endblock %}",
    "with": "{% with a=1 %}{% endwith %}",
    "autoescape": "{% autoescape true %}{% endautoescape %}",
    "line statement": "# for a in b",
}.items():
    add(
        "Jinja",
        "statement " + n,
        {
            M: "{% macro m(x) %}1{% endmacro %}\n",
            S: "SELECT 1 AS one " + t + " FROM bronze.orders {{ m('a') }}\n",
        },
    )
add(
    "Jinja",
    "recursion",
    {
        M: "{% macro m(x) %}{{ n(x) }}{% endmacro %}{% macro n(x) %}{{ m(x) }}{% endmacro %}\n",
        S: "SELECT {{ m('a') }} AS one\n",
    },
)
add(
    "Jinja",
    "growing calls",
    {
        M: "".join(
            f"{{% macro m{i}(x) %}}{{{{ m{i + 1}(x) }}}}{{{{ m{i + 1}(x) }}}}{{% endmacro %}}"
            for i in range(40)
        )
        + "{% macro m40(x) %}a{% endmacro %}\n",
        S: "SELECT {{ m0('a') }} AS one\n",
    },
)
add(
    "Jinja",
    "growing text",
    {
        M: "{% macro m(x) %}" + "{{ x }}" * 100 + "{% endmacro %}\n",
        S: "SELECT {{ m(m(m(m(m('aaaaaaaaaa'))))) }} AS one\n",
    },
)
add(
    "Jinja",
    "nested loops",
    {
        M: "{% macro m(x) %}{% for a in x %}{% for b in x %}{% for c in x %}1{% endfor %}{% endfor %}{% endfor %}{% endmacro %}\n",
        S: "SELECT {{ m('" + "a" * 5000 + "') }} AS one\n",
    },
)
add(
    "Jinja",
    "two loops over much",
    {
        M: "{% macro m(x) %}{% for a in x %}{% for b in x %}1{% endfor %}{% endfor %}{% endmacro %}\n",
        S: "SELECT {{ m('" + "a" * 100000 + "') }} AS one\n",
    },
)
add(
    "Jinja",
    "assigned and doubled",
    {
        M: "{% macro m(x) %}" + "{% set x = x ~ x %}" * 60 + "{{ x|length }}{% endmacro %}\n",
        S: "SELECT {{ m('a') }} AS one\n",
    },
)
add(
    "Jinja",
    "statement for range",
    {
        M: "{% macro m(x) %}{% for a in range(10**9) %}1{% endfor %}{% endmacro %}\n",
        S: "SELECT {{ m('a') }} AS one\n",
    },
)
# paths
for p in [
    "../x.sql",
    "../../etc/passwd.sql",
    "/etc/passwd.sql",
    "~/x.sql",
    "sql/../../x.sql",
    "file:///etc/x.sql",
    "http://h/x.sql",
    "\\\\h\\x.sql",
    "%2e%2e/x.sql",
    "sql//../../x.sql",
]:
    add("paths", "query " + p, {Y: f"table: silver.t\nquery: '{p}'\n"})
for p in [
    "../x:build",
    "os:system",
    "/x:build",
    "..x:build",
    "a..b:build",
    "score:os.system",
    "score:__import__",
    "score:build()",
    "score:build;x",
    "subprocess:run",
    "builtins:eval",
    "lakewright.cli.main:main",
]:
    add("paths", "python " + p, {Y: f"table: silver.t\npython: '{p}'\nreads: [bronze.orders]\n"})
for p in [
    "../outside/*.csv",
    "incoming/../../x/*.csv",
    "/etc/../x/*",
    "s3://b/../x/*.csv",
    "file:///x/../y/*",
    "incoming//*.csv",
    "''",
    "incoming/\\0*.csv",
    "file://host/x/*.csv",
    "http://h/x/*.csv",
    "ftp://h/*",
]:
    add(
        "paths",
        "ingest " + p,
        {
            "pipelines/shop/bronze/f.yml": f'table: bronze.f\nkind: ingest\nfrom: {{files: "{p}", format: csv}}\n'
            if p != "''"
            else "table: bronze.f\nkind: ingest\nfrom: {files: '', format: csv}\n"
        },
    )
ALLOW = "name: shop\ntargets: {dev: {lake: .lake, allow_paths: [incoming]}}\n"
for p in [
    "/etc/*.csv",
    "incoming2/*.csv",
    "incoming/../../x/*.csv",
    "incoming/%2e%2e/x/*.csv",
    "file:///etc/*.csv",
    "s3://incoming/*.csv",
    "INCOMING/*.csv",
    "./../x/*.csv",
]:
    add(
        "paths",
        "allow-list ingest " + p,
        {
            L: ALLOW,
            "pipelines/shop/bronze/f.yml": f'table: bronze.f\nkind: ingest\nfrom: {{files: "{p}", format: csv}}\n',
        },
    )
for p in [
    "/data/x",
    "../x",
    "incoming/../../x",
    "file:///etc",
    "s3://b/x",
    "incoming_x",
    "%2e%2e/x",
    "~/x",
    "file://incoming/x",
]:
    add(
        "paths",
        "allow-list source " + p,
        {
            L: ALLOW,
            "pipelines/shop/bronze/f.yml": f'table: bronze.f\nkind: source\nlocation: "{p}"\n',
        },
    )
for p in ["ftp://h/x", "http://h/x", "memory:///x", "a%41", "./x%2e", "s3:/x"]:
    add("paths", "lake " + p, {S: GOOD}, ["apply", "--yes", "--lake", p])
# secrets
for n, f in {
    "other form": {L: 'name: shop\ntargets: {dev: {lake: "${HOME}/x"}}\n'},
    "default form": {L: 'name: shop\ntargets: {dev: {lake: "${env:A:-b}"}}\n'},
    "nested": {L: 'name: shop\ntargets: {dev: {lake: "${env:${env:A}}"}}\n'},
    "command": {L: 'name: shop\ntargets: {dev: {lake: "${cmd:id}"}}\n'},
    "file of nothing": {L: 'name: shop\ntargets: {dev: {lake: "${file:}"}}\n'},
    "in conf": {L: 'name: shop\ntargets: {dev: {lake: .lake, conf: {a: "${sys:x}"}}}\n'},
    "not set": {L: 'name: shop\ntargets: {dev: {lake: "${env:NOT_SET_ANYWHERE}"}}\n'},
    "file missing": {L: 'name: shop\ntargets: {dev: {lake: "${file:none}"}}\n'},
    "open": {L: 'name: shop\ntargets: {dev: {lake: "${env:A"}}\n'},
    "in SQL": {S: "SELECT ${env:HOME} AS one\n"},
    "in SQL text": {S: "SELECT '${env:HOME}' AS one, ${file:x} AS f\n"},
    "in a rule": {
        Y: 'table: silver.t\nexpect:\n  - {expression: "customer <> ${env:HOME}"}\n',
        S: GOOD,
    },
    "in where": {
        Y: 'table: silver.t\nexpect:\n  - {not_null: [order_id], where: "${env:HOME} = 1"}\n',
        S: GOOD,
    },
    "in a table name": {Y: "table: silver.${env:HOME}\n", S: GOOD},
    "in a column": {Y: 'table: silver.t\ncolumns: {"${env:HOME}": {type: int}}\n', S: GOOD},
    "in project name": {L: 'name: "${env:HOME}"\ntargets: {dev: {lake: .lake}}\n'},
    "in python": {Y: 'table: silver.t\npython: "${env:HOME}:build"\nreads: [bronze.orders]\n'},
    "in query path": {Y: 'table: silver.t\nquery: "${env:HOME}/x.sql"\n'},
    "in environment": {
        L: 'name: shop\ntargets: {dev: {lake: .lake, environment: "${env:PATH}"}}\n'
    },
    "in reads": {Y: "table: silver.t\npython: 'a:build'\nreads: [\"${env:HOME}.x\"]\n"},
    "source": {"pipelines/shop/bronze/f.yml": 'table: bronze.f\nkind: source\nlocation: "${x}"\n'},
    "ingest": {
        "pipelines/shop/bronze/f.yml": 'table: bronze.f\nkind: ingest\nfrom: {files: "${x}/*.csv", format: csv}\n'
    },
}.items():
    add("secrets", n, f)
for k in ["spark.sql.variable.substitute", "spark.sql.ansi.enabled", "spark.sql.session.timeZone"]:
    add(
        "settings",
        k,
        {L: f'name: shop\ntargets: {{dev: {{lake: .lake, conf: {{{k}: "true"}}}}}}\n', S: GOOD},
    )


# rules
def with_rule(rule: str) -> dict[str, str | bytes]:
    return {Y: "table: silver.t\nexpect:\n  - " + rule + "\n", S: GOOD}


rules = {
    "column with a quote": "{not_null: ['a` IS NULL OR 1=1 --']}",
    "column with a dot": "{not_null: ['t.order_id']}",
    "column injection": "{between: {column: 'amount` OR `x', min: 1}}",
    "values of a mapping": "{accepted_values: {column: customer, values: [{a: b}]}}",
    "pattern with lookbehind": "{matches: {column: customer, pattern: '(?<=x)'}}",
    "pattern bomb flags": "{matches: {column: customer, pattern: '(?s)x'}}",
    "references with quotes": "{foreign_key: {column: order_id, references: 'bronze.orders.`order_id`'}}",
    "references with paths": "{foreign_key: {column: order_id, references: 'delta./etc/x.id'}}",
    "references injection": "{foreign_key: {column: order_id, references: 'bronze.orders.(order_id) --'}}",
    "subquery": "{expression: 'order_id IN (SELECT 1)'}",
    "exists": "{expression: 'EXISTS (SELECT 1 FROM bronze.orders)'}",
    "second statement": "{expression: '1 = 1; DROP TABLE x'}",
    "comment": "{expression: '1 = 1 -- x'}",
    "closing": "{expression: '1 = 1) OR (1 = 1'}",
    "reflect": "{expression: \"reflect('a', 'b') = 'x'\"}",
    "window": "{expression: 'row_number() OVER (ORDER BY order_id) = 1'}",
    "aggregate": "{expression: 'max(amount) > 1'}",
    "clock": "{expression: 'now() > ordered_on'}",
    "alias": "{expression: 'amount > 1 AS x'}",
    "two": "{expression: 'amount > 1, 2'}",
    "where injection": "{not_null: [order_id], where: '1=1) OR (1=1'}",
    "where reflect": "{not_null: [order_id], where: \"java_method('a','b') = 'c'\"}",
    "keep injection": "{unique: [order_id], on_fail: drop, keep: {order_by: 'amount) FROM x --'}}",
    "keep subquery": "{unique: [order_id], on_fail: drop, keep: {order_by: '(SELECT 1)'}}",
    "keep reflect": "{unique: [order_id], on_fail: drop, keep: {order_by: \"reflect('a','b')\"}}",
    "keep limit": "{unique: [order_id], on_fail: drop, keep: {order_by: 'amount LIMIT 1'}}",
    "name injection": "{not_null: [order_id], name: 'x`; DROP'}",
    "name of 200": "{not_null: [order_id], name: " + "x" * 200 + "}",
    "infinite bound": "{between: {column: amount, min: .inf}}",
    "nan": "{accepted_values: {column: amount, values: [.nan]}}",
    "tolerance": "{not_null: [order_id], tolerance: 1e308}",
    "row count text": "{row_count: {min: '1 OR 1=1'}}",
    "row count huge": "{row_count: {min: -1}}",
    "parameter": "{expression: 'amount > :vars.low'}",
    "braces": "{expression: 'amount > {{ 1 }}'}",
    "braces table": '{expression: "customer <> {table}"}',
    "huge int": "{between: {column: amount, min: " + "9" * 400 + "}}",
    "identifier": "{expression: \"IDENTIFIER('amount') > 1\"}",
    "udf": "{expression: 'my.udf(amount) > 1'}",
    "dollar": "{expression: 'amount > ${x}'}",
    "nul": '{expression: "amount > 1\\0"}',
    "explode": "{expression: 'explode(array(1)) = 1'}",
    "random": "{expression: 'rand() > 0.5'}",
    "user": '{expression: "customer = current_user()"}',
    "unknown column": "{expression: '_metadata.file_path = 1'}",
    "deep": "{expression: '" + "(" * 2000 + "1" + ")" * 2000 + " = 1'}",
    "long not": "{expression: '" + "NOT " * 5000 + "true'}",
}
for n, r in rules.items():
    add("rules", n, with_rule(r))
add("rules", "cluster by", {Y: "table: silver.t\ncluster_by: ['order_id) --']\n", S: GOOD})
add("rules", "key", {Y: "table: silver.t\nkey: ['order_id`, `x']\n", S: GOOD})
add("rules", "publish_with", {Y: "table: silver.t\npublish_with: ['../x']\n", S: GOOD})
add(
    "rules",
    "type",
    {Y: "table: silver.t\ncolumns: {order_id: {type: 'bigint) USING csv --'}}\n", S: GOOD},
)
add(
    "rules",
    "type struct",
    {Y: "table: silver.t\ncolumns: {order_id: {type: 'struct<`a b`: int>; DROP'}}\n", S: GOOD},
)
add(
    "rules",
    "serve schema",
    {L: 'name: shop\ntargets: {dev: {lake: .lake, serve: {schema: "a`; DROP"}}}\n'},
)
add(
    "rules",
    "serve catalog",
    {L: 'name: shop\ntargets: {dev: {lake: .lake, serve: {catalog: "a.b"}}}\n'},
)
add(
    "rules",
    "grant",
    {L: 'name: shop\ntargets: {dev: {lake: .lake, serve: {grants: {select: ["a\\nb"]}}}}\n'},
)
add(
    "rules",
    "encoding",
    {
        "pipelines/shop/bronze/f.yml": "table: bronze.f\nkind: ingest\nfrom: {files: 'x/*.csv', format: csv, encoding: '../x'}\n"
    },
)
add(
    "rules",
    "delimiter",
    {
        "pipelines/shop/bronze/f.yml": "table: bronze.f\nkind: ingest\nfrom: {files: 'x/*.csv', format: csv, delimiter: 'ab'}\n"
    },
)
add("rules", "timezone", {L: SET + "timezone: ../../etc/passwd\n"})
add("rules", "variable", {L: "name: shop\nvars: {'a b': 1}\ntargets: {dev: {lake: .lake}}\n"})
add(
    "rules",
    "variable mapping",
    {L: "name: shop\nvars: {a: {b: c}}\ntargets: {dev: {lake: .lake}}\n"},
)
# unit tests
T = "tests/t.yml"
for n, t in {
    "csv outside": "given: {bronze.orders: {csv: ../../outside.csv}}\nexpect: []\n",
    "csv absolute": "given: {bronze.orders: {csv: /etc/passwd}}\nexpect: []\n",
    "sql with a table": "given: {bronze.orders: {sql: 'SELECT * FROM bronze.orders'}}\nexpect: []\n",
    "sql path": "given: {bronze.orders: {sql: 'SELECT * FROM csv.`/etc/passwd`'}}\nexpect: []\n",
    "sql reflect": "given: {bronze.orders: {sql: \"SELECT reflect('a','b') AS order_id\"}}\nexpect: []\n",
    "sql ddl": "given: {bronze.orders: {sql: 'DROP TABLE x'}}\nexpect: []\n",
    "sql two": "given: {bronze.orders: {sql: 'SELECT 1 AS order_id; SELECT 2'}}\nexpect: []\n",
    "sql secret": "given: {bronze.orders: {sql: 'SELECT ${env:HOME} AS order_id'}}\nexpect: []\n",
    "tag": "given: !!python/object:x {}\nexpect: []\n",
    "input not read": "given: {silver.zz: [{a: 1}]}\nexpect: []\n",
    "table name": "given: {'../x': [{a: 1}]}\nexpect: []\n",
    "column": "given: {bronze.orders: [{'a`b': 1}]}\nexpect: []\n",
    "time": "now: tomorrow\nexpect: []\n",
    "variable": "vars: {nope: 1}\nexpect: []\n",
    "expect column": "expect: [{'a`b': 1}]\n",
    "value": "given: {bronze.orders: [{order_id: abc}]}\nexpect: []\n",
    "csv symlink": "given: {bronze.orders: {csv: link.csv}}\nexpect: []\n",
    "clock": "given: {bronze.orders: {sql: 'SELECT now() AS ordered_on'}}\nexpect: []\n",
}.items():
    add("unit tests", n, {T: "table: silver.t\n" + t, S: GOOD}, "test")
# command line
for c in [
    "rollback --to -1 --reason x --yes",
    "rollback --to 99999999999999999999 --reason x --yes",
    "rollback --to 0 --reason x",
    "rollback --to abc --reason x",
    "sql 'SELECT 1 AS x' --release -1",
    "sql 'SELECT 1 AS x' --release 99999999999999999999999",
    "sql 'SELECT 1 AS x' --limit -5",
    "sql 'DROP TABLE x'",
    "pin ../x 1",
    "pin a/b 1",
    "pin x -1",
    "pin x 1 --expires forever",
    "env create ../x --from prod",
    "env create x --from ../prod",
    "env create x --from prod@-1",
    "env create x --from prod@99999999999999999999",
    "env drop ../x --yes",
    "env drop '' --yes",
    "env explode x",
    "hold ../x --reason y",
    "hold 'silver.t;x' --reason y",
    "resume ../x --reason y",
    "adopt silver.t --location ../x --yes",
    "adopt '../x' --location /x --yes",
    "adopt silver.t --location ftp://x --yes",
    "gc --grace -1d --yes",
    "gc --grace forever --yes",
    "diff '../a..b'",
    "diff 1..-2",
    "diff a/b..c",
    "history ../x",
    "show ../x",
    'show "x\';--"',
    "lineage ../x",
    "preview ../x",
    "preview --sql 'DROP TABLE x'",
    "preview --sql 'SELECT * FROM csv.`/etc/passwd`'",
    "preview --sql \"SELECT reflect('a','b') AS x\"",
    "explain ../../etc/passwd",
    "explain LW00000000000",
    "schema ../x",
    "plan --out /nope/x/plan.json",
    "apply ../../etc/passwd",
    "apply /etc/passwd --yes",
    "ls -s '../x'",
    "ls -s '('",
    "ls -s 'path:../../etc'",
    "ls -s 'state:../x'",
    "ls -s '+++'",
    "ls -s '99999999999999999999+silver.t+x'",
    "plan --drift steal",
    "plan --allow-destructive '../x'",
    "plan --base ../prod",
    "plan --engine ../x",
    "plan --engine 'spark;id'",
    "plan -t ../x",
    "plan --project /etc",
    "releases --limit -1",
    "history --limit 0",
    "--color x",
    "plan --color sometimes",
    "plan --lake ''",
    "init ''",
    "init lakewright.yml",
]:
    add("command line", c, {S: GOOD}, c)
