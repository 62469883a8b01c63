"""A first run over rows of our own, so that the JVM has loaded and compiled what runs need."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path

from lakewright.engines.port import BuildJob, Engine, FileRows, FileToLoad, Rows, Sink, SqlRows
from lakewright.errors import Place
from lakewright.graph import Check, RowTest
from lakewright.lake import Field, Pin
from lakewright.names import TableName
from lakewright.specs import FilesInput

_TABLE = TableName("warm", "rows")
_FIELDS = (Field("id", "bigint"), Field("name", "string"))
_QUERY = """
SELECT a.id, max(b.name) AS name FROM (SELECT id FROM range(100)) AS a
LEFT JOIN (SELECT id, concat('n', id) AS name FROM range(100)) AS b ON a.id = b.id
WHERE a.id <> 7 GROUP BY a.id ORDER BY a.id
"""


def warm_up(engine: Engine, folder: Path) -> None:
    """Write and read small tables below `folder`, the way a build does; nothing of it stays."""
    place = folder / f"warm-{uuid.uuid4().hex}"
    session = engine.session()
    try:
        for _ in range(2):
            session.build(_job(place / "query", SqlRows(_QUERY)))
        session.build(_job(place / "files", _file_rows(place)))
        session.bind(_TABLE, Pin(str(place / "query" / "rows"), "", 0))
        session.count_rows(_TABLE, {"all": "true", "named": "name IS NOT NULL"})
        session.fetch(f"SELECT * FROM {session.relation(_TABLE)} ORDER BY id", 5)
    finally:
        session.close()
        shutil.rmtree(place, ignore_errors=True)


def _file_rows(place: Path) -> Rows:
    place.mkdir(parents=True, exist_ok=True)
    file = place / "rows.csv"
    content = b"id,name\n1,a\n"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    given = FilesInput(_TABLE, "*.csv", "csv", Place("rows.yml", 1))
    return FileRows(given, (FileToLoad("rows.csv", str(file), digest),), _FIELDS)


def _job(place: Path, rows: Rows) -> BuildJob:
    checks = (
        Check(
            "small", "rule", "quarantine", RowTest("id < 90"), Place("rows.yml", 1), (), before=True
        ),
        Check(
            "named",
            "rule",
            "fail",
            RowTest("name IS NOT NULL"),
            Place("rows.yml", 1),
            (),
            before=True,
        ),
    )
    return BuildJob(
        table=_TABLE,
        rows=rows,
        fields=_FIELDS,
        checks=checks,
        target=Sink(str(place / "rows"), "overwrite", "warm"),
        quarantine=Sink(str(place / "rows__quarantine"), "overwrite", "warm"),
        deterministic=True,
        staging=str(place / "staged"),
        run_id="warm",
        now=datetime.now(UTC),
    )
