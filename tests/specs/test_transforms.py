"""Python transforms are found and read, never executed."""

from __future__ import annotations

import pytest

from lakewright.specs import SourceFile
from lakewright.specs.transforms import used_vars
from specs.builders import found_in, project_of, spec_of, table_of

BUILD = "def build(inputs):\n    return inputs['silver.x']\n"
SPEC = 'table: silver.t\npython: "work:build"\nreads: [silver.x]\n'


def closure_of(source: str, **others: str) -> list[str]:
    files = {"pipelines/shop/silver/t.yml": SPEC, "pipelines/shop/silver/work.py": source + BUILD}
    spec = table_of(project_of({**files, **others}), "silver.t")
    assert spec.python is not None
    return [file.path for file in spec.python.closure]


def test_a_module_beside_the_spec_has_its_name_from_pipelines() -> None:
    spec = spec_of(
        'python: "work:build"\nreads: [silver.x]\n',
        None,
        **{"pipelines/shop/silver/work.py": BUILD},
    )
    assert spec.python is not None
    assert (spec.python.module, spec.python.function) == ("shop.silver.work", "build")
    assert [str(name) for name in spec.reads] == ["silver.x"]


def test_a_dotted_module_is_found_from_pipelines() -> None:
    spec = spec_of(
        'python: "lib.work:build"\nreads: [silver.x]\n', None, **{"pipelines/lib/work.py": BUILD}
    )
    assert spec.python is not None
    assert spec.python.module == "lib.work"


@pytest.mark.parametrize(
    "statement",
    [
        "import lib.sums\n",
        "from lib import sums\n",
        "from pipelines.lib import sums\n",
        "from lib.sums import total\n",
        "from ...lib import sums\n",
        "def late():\n    import lib.sums\n",
    ],
)
def test_imported_modules_of_the_project_are_in_the_closure(statement: str) -> None:
    found = closure_of(statement, **{"pipelines/lib/sums.py": "", "pipelines/lib/other.py": ""})
    assert found == ["pipelines/shop/silver/work.py", "pipelines/lib/sums.py"]


@pytest.mark.parametrize(
    "statement", ["import near\n", "from near import x\n", "from . import near\n"]
)
def test_a_module_of_the_same_folder_is_in_the_closure(statement: str) -> None:
    found = closure_of(statement, **{"pipelines/shop/silver/near.py": ""})
    assert found == ["pipelines/shop/silver/work.py", "pipelines/shop/silver/near.py"]


def test_the_closure_is_transitive_and_ends_in_a_circle() -> None:
    others = {"pipelines/lib/a.py": "import lib.b\n", "pipelines/lib/b.py": "import lib.a\n"}
    found = closure_of("import lib.a\n", **others)
    assert found == ["pipelines/shop/silver/work.py", "pipelines/lib/a.py", "pipelines/lib/b.py"]


def test_packages_above_a_module_are_in_the_closure() -> None:
    found = closure_of("", **{"pipelines/shop/__init__.py": ""})
    assert found == ["pipelines/shop/silver/work.py", "pipelines/shop/__init__.py"]


def test_installed_modules_are_not_in_the_closure() -> None:
    assert closure_of("import os\nimport pyspark\n") == ["pipelines/shop/silver/work.py"]


def test_a_module_is_never_executed() -> None:
    assert closure_of("raise SystemExit(1)\n") == ["pipelines/shop/silver/work.py"]


@pytest.mark.parametrize(
    ("spec", "module", "code"),
    [
        ('table: silver.t\npython: "work.build"\nreads: [silver.x]\n', BUILD, "LW170"),
        ('table: silver.t\npython: "wrk:build"\nreads: [silver.x]\n', BUILD, "LW172"),
        ('table: silver.t\npython: "work:make"\nreads: [silver.x]\n', BUILD, "LW171"),
        (SPEC, "def build(inputs)\n", "LW173"),
        ('table: silver.t\npython: "work:build"\n', BUILD, "LW174"),
        ("table: silver.t\nquery: SELECT 1\nreads: [silver.x]\n", BUILD, "LW174"),
        (SPEC + "query: SELECT 1\n", BUILD, "LW141"),
        (SPEC + "kind: view\n", BUILD, "LW123"),
    ],
)
def test_a_wrong_transform_is_reported(spec: str, module: str, code: str) -> None:
    files = {"pipelines/shop/silver/t.yml": spec, "pipelines/shop/silver/work.py": module}
    assert code in [found[0] for found in found_in(project_of(files))]


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("inputs.vars['a']", {"a"}),
        ("inputs.vars.get('a')", {"a", "b"}),
        ("inputs.vars[name]", {"a", "b"}),
        ("inputs['silver.x']", set()),
    ],
)
def test_used_variables_are_told_apart_where_the_code_says_so(source: str, used: set[str]) -> None:
    assert used_vars((SourceFile("pipelines/w.py", source),), {"a": 1, "b": 2}) == used
