"""All mistakes of a project are told at once, each at its own line."""

from __future__ import annotations

import re

from cli.programs import Cli
from goldens import Golden

MISTAKES = {
    "pipelines/shop/bronze/refunds.yml": """\
table: bronze.refunds
kind: ingest
from: {files: "incoming/refunds/*.csv", format: cvs}
""",
    "pipelines/shop/silver/refunds.yml": """\
table: silver.refunds
descripton: Money that went back.
key: [refund]
expect:
  - {between: {column: amount, min: 1}, on_fail: explode}
""",
    "pipelines/shop/silver/clock.yml": """\
table: silver.clock
expect:
  - {not_nul: [order_id]}
""",
    "sql/shop/silver/refunds.sql": "SELECT order_id, amount FROM bronze.orders\n",
    "sql/shop/silver/spelling.sql": "SELECT o.custmer FROM bronze.orders AS o\n",
    "sql/shop/silver/missing.sql": "SELECT order_id FROM bronze.ordres\n",
    "sql/shop/silver/clock.sql": "SELECT order_id, current_date() AS day FROM bronze.orders\n",
    "sql/shop/silver/host.sql": "SELECT reflect('java.lang.System', 'x') AS x FROM bronze.orders\n",
    "sql/shop/silver/broken.sql": "SELECT order_id,\nFROM WHERE bronze.orders\n",
    "sql/shop/silver/upward.sql": "SELECT customer FROM gold.customer_totals\n",
    "sql/shop/gold/left_side.sql": "SELECT customer FROM gold.right_side\n",
    "sql/shop/gold/right_side.sql": "SELECT customer FROM gold.left_side\n",
}
EXPECTED = {
    ("pipelines/shop/bronze/refunds.yml", 3),
    ("pipelines/shop/silver/refunds.yml", 2),
    ("pipelines/shop/silver/refunds.yml", 5),
    ("pipelines/shop/silver/clock.yml", 3),
    ("sql/shop/silver/spelling.sql", 1),
    ("sql/shop/silver/missing.sql", 1),
    ("sql/shop/silver/clock.sql", 1),
    ("sql/shop/silver/host.sql", 1),
    ("sql/shop/silver/broken.sql", 1),
    ("sql/shop/silver/upward.sql", 1),
    ("sql/shop/gold/left_side.sql", 1),
}


def test_every_mistake_is_told_in_one_pass_at_its_line(cli: Cli, golden: Golden) -> None:
    for path, text in MISTAKES.items():
        (cli.folder / path).write_text(text)
    done = cli("validate")
    assert done.code == 2
    told = {(path, int(line)) for path, line in re.findall(r"--> (\S+?):(\d+):\d+", done.err)}
    assert told >= EXPECTED
    golden("cli/ten_mistakes.txt", done.err)
