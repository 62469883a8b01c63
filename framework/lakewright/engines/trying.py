"""What a build would do with each row: cast, flagged and split as there, fetched, not written."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from lakewright.engines.building import Frames, flag_rows, shape_rows
from lakewright.engines.messages import explaining
from lakewright.engines.port import BuildJob, FileRows, TriedRows
from lakewright.engines.rules import DROPPED, FAILED, Rules, verdict


def try_rows(frames: Frames, job: BuildJob) -> TriedRows:
    """All produced rows of a job, by their fate; its sinks are not touched."""
    rules = Rules.of(job.checks, reads_files=isinstance(job.rows, FileRows))
    with explaining(job.rows):
        rows = flag_rows(frames, job, rules, shape_rows(frames, job)).toArrow()
    apart = _apart(rows)
    dropped = rows[DROPPED] if DROPPED in rows.column_names else _all(rows, value=False)
    names = [field.name for field in job.fields]
    kept = pc.and_(pc.invert(apart), pc.invert(dropped))
    quarantined = rows.filter(apart)
    failed = (
        quarantined[FAILED] if FAILED in rows.column_names else pa.array([], pa.list_(pa.string()))
    )
    return TriedRows(
        kept=rows.filter(kept).select(names),
        quarantined=quarantined.select(names).append_column("_failed_rules", failed),
        dropped=rows.filter(dropped).select(names),
        failed=_failures(rows, rules, kept),
    )


def _failures(rows: pa.Table, rules: Rules, kept: pa.ChunkedArray) -> dict[str, int]:
    """Of `fail` and `warn` rules among the kept rows, of the others among all."""
    found = {}
    for index, check in enumerate(rules.checks):
        broken = pc.invert(rows[verdict(index)])
        if check.on_fail in {"fail", "warn"}:
            broken = pc.and_(broken, kept)
        found[check.name] = pc.sum(broken).as_py() or 0
    return found


def _apart(rows: pa.Table) -> pa.ChunkedArray:
    if FAILED not in rows.column_names:
        return _all(rows, value=False)
    return pc.greater(pc.fill_null(pc.list_value_length(rows[FAILED]), 0), 0)


def _all(rows: pa.Table, *, value: bool) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([value] * rows.num_rows, pa.bool_())])
