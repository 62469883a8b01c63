"""Every example of the README and of docs/ is run or read, or says why not."""

from __future__ import annotations

import shlex
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from docs.blocks import MORE, PAGES, ROOT, Block, Shown, blocks_of, commands, fits, run_commands
from lakewright.cli import commands as verbs
from lakewright.cli.options import parse_command
from lakewright.cli.verbs import VERBS
from lakewright.graph import compile_project
from lakewright.specs import SourceFile, load_files, load_project, read_unit_tests

RUN = ("console",)
READ = ("yaml", "sql")
# What nothing runs, by page: a block more needs its reason above it, and its number here.
NOT_RUN = {"README.md": 4, "serving.md": 1, "submitting.md": 4}
TEMPLATE = ROOT / "framework" / "lakewright" / "cli" / "template"
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def blocks(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds and not block.reason]


def test_every_block_is_run_or_read_or_says_why_not() -> None:
    verb_examples = {f"{verb.example}\n" for verb in VERBS}
    loose = [
        str(block)
        for block in BLOCKS
        if block.kind not in (*RUN, *READ) and not block.reason and block.text not in verb_examples
    ]
    assert loose == []


def test_what_is_not_run_is_counted() -> None:
    assert Counter(block.page for block in BLOCKS if block.reason) == NOT_RUN


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(b.kind in RUN for b in blocks_of(page))],
    ids=lambda page: page.name,
)  # fmt: skip
def test_a_page_shows_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "infra" / "examples", tmp_path, dirs_exist_ok=True)

    def all_commands() -> Iterator[Shown]:
        for block in blocks_of(page):
            if block.kind in RUN and not block.reason:
                yield from commands(block)

    run_commands(all_commands(), tmp_path)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_example_of_a_verb_can_be_parsed(verb) -> None:  # type: ignore[no-untyped-def]
    program, name, *arguments = shlex.split(verb.example)
    assert (program, name) == ("lakewright", verb.name)
    parse_command(getattr(verbs, name), "", arguments)


@pytest.mark.parametrize("block", blocks(*READ), ids=str)
def test_yaml_and_sql_can_be_read(block: Block, tmp_path: Path) -> None:
    files = template_files() | place(block)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    graph = compile_project(load_project(str(tmp_path)))
    assert all(test.table in graph.steps for test in read_unit_tests(str(tmp_path)))


def template_files() -> dict[str, str]:
    return {
        path.relative_to(TEMPLATE).as_posix(): path.read_text().replace("PROJECT", "shop")
        for path in TEMPLATE.rglob("*")
        if path.suffix in (".yml", ".sql")
    }


def place(block: Block) -> Mapping[str, str]:
    """Where a block stands in a project, by what is written in it."""
    if block.kind == "sql":
        return {"sql/shop/gold/example.sql": block.text}
    keys = set(YAML(typ="safe", pure=True).load(block.text))
    if keys & {"given", "tests", "expect_quarantine"}:
        return {"tests/example.yml": block.text}
    if "rule" in keys:
        return {"rules/example.yml": block.text}
    if "table" in keys:
        return spec_at(block.text)
    if keys & {"targets", "vars", "schemas"}:
        head = "" if "name" in keys else "name: shop\n"
        return {"lakewright.yml": head + block.text}
    things = "table: bronze.things\nkind: source\nlocation: /somewhere\n"
    return {
        "pipelines/shop/bronze/things.yml": things,
        "pipelines/shop/gold/example.yml": f"table: gold.example\n{block.text}",
        "sql/shop/gold/example.sql": "SELECT * FROM bronze.things",
    }


def spec_at(text: str) -> dict[str, str]:
    """A spec in place of the one that the template has for the table, else beside them."""
    name = str(YAML(typ="safe", pure=True).load(text)["table"])
    path = "example" if "${" in name else name.replace(".", "/")  # one spec of many tables
    paths = {f"pipelines/shop/{path}.yml": text}
    table = [SourceFile(path, text) for path, text in (template_files() | paths).items()]
    assert load_files(table).problems == ()
    return paths


@pytest.mark.parametrize(
    ("shown", "printed", "fit"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", MORE], ["a", "b"], True),
        ([MORE, "b"], ["a", "b"], True),
        ([MORE, "b"], ["a", "b", "c"], False),
        (["a", MORE, "c"], ["a", "b", "b", "c"], True),
        ([], ["a"], False),
        ([], [], True),
    ],
)
def test_three_dots_stand_for_any_lines(shown: list[str], printed: list[str], fit: bool) -> None:
    assert fits(shown, printed) is fit
