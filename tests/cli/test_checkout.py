"""What is kept of a compiled project never decides what a project means: it only saves time."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewright.cli import stored
from lakewright.cli.checkout import Checkout, compile_checkout, find_spec, read_checkout
from lakewright.errors import Problem, SpecError
from lakewright.graph import Graph, compile_project
from lakewright.specs import load_project

ROOT = Path(__file__).parents[2]
FILES = {
    "lakewright.yml": "name: shop\nschemas: {bronze: bronze, silver: silver, gold: gold}\n"
    "vars: {limit: 5, day: 2013-01-01}\ntargets: {dev: {lake: .lake}}\n",
    "pipelines/s/_defaults.yml": "owner: ana\ntags: [daily]\n",
    "pipelines/s/bronze/a.yml": "table: bronze.a\nkind: ingest\n"
    "from: {files: 'in/*.csv', format: csv}\ncolumns: {id: {type: bigint}, x: {type: int}}\n",
    "pipelines/s/silver/b.yml": "table: silver.b\nkey: [id]\nexpect:\n"
    "  - {expression: 'x > 1', on_fail: quarantine, name: big}\n",
    "sql/s/silver/b.sql": "SELECT id, x FROM bronze.a\n",
    "pipelines/s/silver/v.yml": "table: silver.v\nkind: view\n",
    "sql/s/silver/v.sql": "SELECT id, x + 1 AS y FROM silver.b\n",
    "sql/s/gold/c.sql": "SELECT v.id, sum(y) AS y, {{ twice('x') }} AS z FROM silver.v AS v\n"
    "JOIN silver.b AS b ON b.id = v.id WHERE x < :vars.limit GROUP BY v.id, x\n",
    "pipelines/s/gold/d.yml": "table: gold.d\nexpect:\n"
    "  - {foreign_key: {column: id, references: silver.b.id}, on_fail: drop}\n",
    "sql/s/gold/d.sql": "SELECT id, y FROM gold.c\n",
    "pipelines/s/gold/p.yml": "table: gold.p\npython: 'p:build'\nreads: [gold.d]\n",
    "pipelines/s/gold/p.py": "def build(inputs):\n    return inputs['gold.d']\n",
    "pipelines/s/gold/q.yml": "table: gold.q\nquery: sql/s/gold/named.sql\n",
    "sql/s/gold/named.sql": "SELECT 1 AS id, 2 AS y\n",
    "pipelines/s/silver/seed.yml": "table: silver.seed\nkind: seed\nfile: seed.csv\n"
    "columns: {id: {type: bigint}, at: {type: timestamp}, price: {type: 'decimal(9,2)'}}\n",
    "pipelines/s/silver/seed.csv": "id,at,price\n1,2013-01-01 00:00:00Z,1.50\n2,,\n",
    "pipelines/s/gold/each.yml": "table: gold.${each.name}\nfor_each: {file: list.yml}\n"
    "query: |\n  SELECT id, :each.name AS name FROM silver.seed\n",
    "pipelines/s/gold/list.yml": "- {name: north}\n- {name: south}\n",
    "rules/small.yml": "rule: small\nparameters: {column: column}\nexpression: ':column < 100'\n",
    "pipelines/s/gold/ruled.yml": "table: gold.ruled\nexpect:\n  - {small: {column: id}}\n",
    "sql/s/gold/ruled.sql": "SELECT id FROM silver.seed\n",
    "sql/_macros/m.sql": "{% macro twice(x) %}{{ x }} * 2{% endmacro %}\n",
}
# Each changes a text, with effect on its own table, on what reads it, on all, or on nothing.
EDITS = [
    ("lakewright.yml", "limit: 5", "limit: 6"),
    ("lakewright.yml", "lake: .lake", "lake: .other"),
    ("pipelines/s/_defaults.yml", "ana", "bob"),
    ("pipelines/s/_defaults.yml", "daily", "[daily"),
    ("pipelines/s/bronze/a.yml", "x: {type: int}", "x: {type: double}"),
    ("pipelines/s/bronze/a.yml", "in/*.csv", "in/**.csv"),
    ("pipelines/s/bronze/a.yml", "id: {type: bigint}", "id: {type: bigint, pii: direct}"),
    ("pipelines/s/silver/b.yml", "x > 1", "x > 2"),
    ("pipelines/s/silver/b.yml", "x > 1", "w > 1"),
    ("pipelines/s/silver/b.yml", "quarantine", "drop"),
    ("pipelines/s/silver/b.yml", "key: [id]", "description: B"),
    ("pipelines/s/silver/b.yml", "silver.b", "silver.bb"),
    ("pipelines/s/silver/b.yml", "key: [id]", "query: sql/s/gold/d.sql"),
    ("pipelines/s/silver/b.yml", "key: [id]", "kind: view"),
    ("sql/s/silver/b.sql", "x FROM", "x /* so */ FROM"),
    ("sql/s/silver/b.sql", "x FROM", "CAST(x AS double) AS x FROM"),
    ("sql/s/silver/b.sql", "SELECT id, x", "SELECT x, id"),
    ("sql/s/silver/b.sql", "bronze.a", "gold.d"),
    ("sql/s/silver/b.sql", "bronze.a", "bronze.nothing"),
    ("pipelines/s/silver/v.yml", "kind: view", "kind: table"),
    ("sql/s/silver/v.sql", "x + 1", "rand()"),
    ("sql/s/silver/v.sql", "FROM silver.b", "FROM silver.b LIMIT 3"),
    ("pipelines/s/gold/q.yml", "named.sql", "d.sql"),
    ("pipelines/s/gold/q.yml", "named.sql", "c.sql"),
    ("sql/s/gold/c.sql", "silver.v", "gold.d"),
    ("sql/s/gold/c.sql", "sum(y)", "max(y)"),
    ("sql/s/gold/c.sql", "twice", "thrice"),
    ("pipelines/s/gold/d.yml", "drop", "warn"),
    ("pipelines/s/gold/p.py", "return", "return  # so\n    return"),
    ("pipelines/s/gold/p.py", "return", "1; return"),
    ("pipelines/s/gold/p.yml", "gold.d", "gold.c"),
    ("sql/_macros/m.sql", "* 2", "* 3"),
    ("pipelines/s/silver/seed.csv", "1.50", "2.50"),
    ("pipelines/s/silver/seed.csv", "1.50", "much"),
    ("pipelines/s/silver/seed.yml", "id: {type: bigint}", "id: {type: int}"),
    ("pipelines/s/silver/seed.yml", "seed.csv", "none.csv"),
    ("pipelines/s/gold/list.yml", "north", "west"),
    ("pipelines/s/gold/each.yml", "list.yml", "more.yml"),
    ("pipelines/s/gold/each.yml", ":each.name", "upper(:each.name)"),
    ("pipelines/s/gold/each.yml", "for_each: {file: list.yml}", "tags: [a]"),
    ("rules/small.yml", "100", "200"),
    ("rules/small.yml", "rule: small", "rule: tiny"),
    ("pipelines/s/gold/ruled.yml", "small", "big"),
    ("sql/s/gold/e.sql", "", "SELECT 1 AS id\n"),
    ("pipelines/s/gold/c.yml", "", "table: gold.c\ndescription: C\n"),
]

Told = Graph | tuple[Problem, ...]


def told(compiled: Callable[[], Graph]) -> Told:
    try:
        return compiled()
    except SpecError as error:
        return error.problems


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def assert_unchanged(root: Path) -> None:
    """With the cache as it is, the project means what its files mean."""
    plain = told(lambda: compile_project(load_project(root)))
    kept = told(lambda: compile_checkout(read_checkout(str(root))))
    assert kept == plain
    assert repr(kept) == repr(plain)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where graphs are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/lakewright/compiled"


@pytest.fixture
def shop(tmp_path: Path, cache: Path) -> Path:
    """A project that was compiled once."""
    write(tmp_path / "shop", FILES)
    compile_checkout(read_checkout(str(tmp_path / "shop")))
    assert len(list(cache.iterdir())) == 1
    return tmp_path / "shop"


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def look(root: Path) -> Checkout:
    return read_checkout(str(root))


def test_a_project_that_did_not_change_is_read_from_the_cache(shop: Path) -> None:
    assert look(shop).stored is not None
    assert_unchanged(shop)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: f"{edit[0]} {edit[2]}".strip())
def test_after_an_edit_the_project_means_what_its_files_mean(
    shop: Path, edit: tuple[str, str, str]
) -> None:
    path, before, after = edit
    text = FILES.get(path, "")
    assert before in text
    write(shop, {path: text.replace(before, after) if before else after})
    assert_unchanged(shop)
    assert_unchanged(shop)
    write(shop, {path: text}) if text else (shop / path).unlink()
    assert_unchanged(shop)


@settings(max_examples=30, deadline=None)
@given(edits=st.lists(st.lists(st.sampled_from(EDITS), min_size=1, max_size=4), max_size=4))
def test_whatever_is_edited_the_project_means_what_its_files_mean(
    scratch: Path, edits: list[list[tuple[str, str, str]]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(scratch / "cache"))
        shutil.rmtree(scratch / "shop", ignore_errors=True)
        write(scratch / "shop", FILES)
        assert_unchanged(scratch / "shop")
        for together in edits:
            for path, before, after in together:
                file = scratch / "shop" / path
                text = file.read_text() if file.exists() else ""
                write(scratch / "shop", {path: text.replace(before, after) if before else after})
            assert_unchanged(scratch / "shop")


def test_show_finds_the_one_spec_again(shop: Path) -> None:
    checkout = look(shop)
    graph = compile_checkout(checkout)
    for spec in load_project(shop).tables:
        assert find_spec(checkout, graph.steps[spec.name]) == spec


def test_the_parser_is_not_loaded_for_a_project_that_did_not_change(shop: Path) -> None:
    code = (
        "import sys, lakewright.cli.inspecting, lakewright.cli.planning;"
        "from lakewright.cli.checkout import *;"
        "heavy = {'sqlglot', 'pydantic', 'jinja2', 'pyarrow'};"
        f"compile_checkout(read_checkout({str(shop)!r}));"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_damaged_cache_counts_as_not_there(shop: Path, cache: Path) -> None:
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    chance = random.Random(1)
    damages = [b"", b"\n", whole[:100], whole[:-1], whole + b" ", b"\xff" * 50, b"[]"]
    for _ in range(8):
        at = chance.randrange(len(whole))
        damages.append(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    for damage in damages:
        file.write_bytes(damage)
        assert look(shop).stored is None
    assert_unchanged(shop)
    assert file.read_bytes() == whole


@pytest.mark.parametrize(
    "body", ["[]", "null", "[[],[],[]]", '[[],["x"],["x"]]', "[" * 5000, "{}", '[{"a":1},1,1]']
)
def test_a_form_that_is_no_graph_counts_as_not_there(shop: Path, cache: Path, body: str) -> None:
    (file,) = cache.iterdir()
    file.write_bytes(stored.seal(body.encode()))
    assert look(shop).stored is None
    assert_unchanged(shop)


def test_what_another_version_kept_counts_as_not_there(shop: Path, cache: Path) -> None:
    (file,) = cache.iterdir()
    program, _, rest = file.read_bytes().partition(b" ")
    file.write_bytes(program[::-1] + b" " + rest)
    assert look(shop).stored is None


def test_a_cache_that_others_can_write_is_not_read(shop: Path, cache: Path) -> None:
    (file,) = cache.iterdir()
    file.chmod(0o620)
    assert look(shop).stored is None
    file.chmod(0o600)
    assert look(shop).stored is not None
    cache.chmod(0o770)
    assert look(shop).stored is None
    assert_unchanged(shop)


def test_a_link_in_the_place_of_the_cache_is_not_followed(
    shop: Path, cache: Path, tmp_path: Path
) -> None:
    (file,) = cache.iterdir()
    file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(tmp_path / "elsewhere.json")
    assert look(shop).stored is None
    assert_unchanged(shop)
    moved = cache.rename(tmp_path / "moved")
    cache.symlink_to(moved)
    assert look(shop).stored is None
    assert_unchanged(shop)


def test_a_project_is_compiled_where_nothing_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    write(tmp_path / "shop", FILES)
    assert_unchanged(tmp_path / "shop")
    assert look(tmp_path / "shop").stored is None


def test_a_project_with_a_mistake_is_not_kept(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "shop", {**FILES, "sql/s/silver/b.sql": "SELECT FROM\n"})
    assert_unchanged(tmp_path / "shop")
    assert not cache.exists()


def test_only_the_newest_projects_are_kept(shop: Path, cache: Path) -> None:
    for number in range(40):
        old = cache / f"{number}.json"
        old.write_text("")
        os.utime(old, (number, number))
    write(shop, {"sql/s/silver/b.sql": "SELECT id, x, 1 AS one FROM bronze.a\n"})
    compile_checkout(look(shop))
    kept = sorted(path.name for path in cache.iterdir())
    assert len(kept) == 32
    assert "0.json" not in kept
    assert look(shop).stored is not None


def test_processes_that_keep_at_once_never_read_half(shop: Path, cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lakewright.cli.stored import *\n"
        f"folder, root = Path({str(cache)!r}), {str(shop)!r}\n"
        "first = load_stored(folder, root)\n"
        "for _ in range(60):\n"
        "    save_stored(folder, root, first)\n"
        "    assert load_stored(folder, root) == first\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert [path.suffix for path in cache.iterdir()] == [".json"]
    assert_unchanged(shop)


def test_what_is_kept_is_plain_json(shop: Path, cache: Path) -> None:
    (file,) = cache.iterdir()
    head, _, body = file.read_bytes().partition(b"\n")
    files, _frame, _graph = json.loads(body)
    assert sorted(files) == sorted(FILES)
    assert stored.seal(body) == head + b"\n" + body
