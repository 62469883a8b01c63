"""`tests/**/*.yml` of a project as pytest's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakewright.cli.unit_testing import outcomes_of, test_columns
from lakewright.engines import Engine
from lakewright.errors import SpecError
from lakewright.graph import Graph, compile_project
from lakewright.observe.unit_tests import render_outcome
from lakewright.runtime.unit_tests import Columns
from lakewright.specs import UnitTest, find_root, load_project, read_unit_tests
from lakewright.testing.sharing import shared_engine

_KEY = pytest.StashKey[tuple[Graph, Columns, Engine]]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> YamlFile | None:
    if file_path.suffix != ".yml":
        return None
    try:
        root = find_root(file_path.parent)
    except SpecError:
        return None
    if file_path.relative_to(root).parts[0] != "tests":
        return None
    return YamlFile.from_parent(parent, path=file_path, root=root)


class YamlFile(pytest.File):
    """The tests of one file."""

    def __init__(self, *, root: Path, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.root = root

    def collect(self) -> Iterator[YamlTest]:
        here = self.path.relative_to(self.root).as_posix()
        for test in read_unit_tests(str(self.root)):
            if test.where.path == here:
                yield YamlTest.from_parent(self, name=f"{test.table}: {test.name}", test=test)


class YamlTest(pytest.Item):
    """One test; its failure is told as `lakewright test` tells it."""

    def __init__(self, *, test: UnitTest, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.test = test

    def runtest(self) -> None:
        graph, columns, engine = _prepared(self)
        [outcome] = outcomes_of([self.test], graph, columns, engine)
        if not outcome.passed:
            pytest.fail(render_outcome(outcome), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.test.where.line - 1, self.name


def _prepared(item: YamlTest) -> tuple[Graph, Columns, Engine]:
    """The compiled project on one engine, made once for the whole run."""
    stash = item.config.stash
    if _KEY not in stash:
        parent = item.parent
        assert isinstance(parent, YamlFile), "tests are collected by their file"
        graph = compile_project(load_project(parent.root))
        engine = shared_engine(item.config)
        stash[_KEY] = (graph, test_columns(graph, graph.steps, engine, {}), engine)
    return stash[_KEY]
