"""What is known of a Spark that others started, without one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from lakewright.engines import spark_connect, spark_submitted
from lakewright.engines.spark_connect import ConnectSessions, place_of
from lakewright.engines.spark_submitted import delta_version, is_submitted, refuse_without_delta
from lakewright.errors import LakeError

JAR = "file:/jars/io.delta_delta-spark_4.2_2.13-4.4.0.jar"
EXTENSION = {"spark.sql.extensions": "a.Other,io.delta.sql.DeltaSparkSessionExtension"}


@dataclass
class Conf:
    values: dict[str, str]

    def get(self, key: str, default: str = "") -> str:
        return self.values.get(key, default)


@dataclass
class Context:
    """As much of a SparkContext as sharing a bundle needs."""

    master: str
    environment: dict[str, str] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)

    def addArchive(self, path: str) -> None:  # noqa: N802 - Spark's name
        self.archives.append(path)


@dataclass
class Submitted:
    """A session and its builder in one."""

    conf: Conf
    sparkContext: Context  # noqa: N815 - Spark's name
    asked: dict[str, str] = field(default_factory=dict)
    says: str = "[DELTA_TABLE_NOT_FOUND] there is none"

    @property
    def read(self) -> Submitted:
        return self

    def format(self, name: str) -> Submitted:
        return self

    def load(self, path: str) -> Submitted:
        raise ValueError(self.says)

    def config(self, key: str, value: str) -> Submitted:
        self.asked[key] = value
        return self

    def getOrCreate(self) -> Submitted:  # noqa: N802 - Spark's name
        return self


def opened(master: str, conf: dict[str, str], **environ: str) -> Submitted:
    builder = Submitted(Conf(dict(EXTENSION)), Context(master))
    return spark_submitted.open_submitted(builder, conf, environ)  # type: ignore[no-any-return]


def test_a_process_that_spark_submit_started_knows_it() -> None:
    assert is_submitted({"PYSPARK_GATEWAY_PORT": "1"})
    assert not is_submitted({})


def test_what_was_submitted_keeps_its_master() -> None:
    found = opened("spark://there:7077", {"spark.master": "local[*]", "spark.app.name": "ours"})
    assert found.asked == {"spark.app.name": "ours"}


def test_executors_get_the_bundle_and_look_where_it_is_unpacked() -> None:
    bundle = {"LAKEWRIGHT_BUNDLE": "/b.zip", "LAKEWRIGHT_SITE": "/cache/site"}
    context = opened("spark://there:7077", {}, **bundle).sparkContext
    assert context.archives == ["/b.zip#lakewright"]
    assert context.environment == {"PYTHONPATH": "lakewright/site:../lakewright/site"}


def test_a_local_master_uses_what_the_driver_has_unpacked() -> None:
    bundle = {"LAKEWRIGHT_BUNDLE": "/b.zip", "LAKEWRIGHT_SITE": "/cache/site"}
    context = opened("local[2]", {}, **bundle).sparkContext
    assert (context.archives, context.environment) == ([], {"PYTHONPATH": "/cache/site"})


def test_a_spark_without_deltas_extension_is_refused() -> None:
    refuse_without_delta(Submitted(Conf(dict(EXTENSION)), Context("local")))  # type: ignore[arg-type]
    for conf, says in (({}, ""), (EXTENSION, "java.lang.ClassNotFoundException: delta.Default")):
        lacking = Submitted(Conf(conf), Context("local"), says=says)
        with pytest.raises(LakeError) as caught:
            refuse_without_delta(lacking)  # type: ignore[arg-type]
        assert caught.value.code == "LW640"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"spark.jars.packages": "io.delta:delta-spark_4.2_2.13:4.4.0"}, "4.4.0"),
        ({"spark.jars": f"file:/jars/other-1.0.jar,{JAR}"}, "4.4.0"),
        ({"spark.driver.extraClassPath": JAR.replace("4.4.0", "4.9.1")}, "4.9.1"),
    ],
)
def test_the_version_of_delta_is_read_from_the_settings(
    settings: dict[str, str], expected: str
) -> None:
    assert delta_version(settings.get) == expected


def test_an_address_is_told_without_its_token() -> None:
    address = "sc://ana@spark.example.com:15002/;token=hush;use_ssl=true"
    assert place_of(address) == "sc://spark.example.com:15002"


def test_a_server_that_does_not_answer_is_told_without_its_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spark_connect, "_TRIES", 0)
    with pytest.raises(LakeError) as caught:
        ConnectSessions("sc://127.0.0.1:1/;user_id=hush").open()
    told: Any = caught.value.problems[0]
    assert (told.code, "hush" in f"{told}{told.notes}") == ("LW643", False)
