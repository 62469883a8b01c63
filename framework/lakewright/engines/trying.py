"""What a build would do with each row: cast, flagged and split as there, fetched, not written."""

from __future__ import annotations

import pyarrow as pa

from lakewright.engines.building import Frames, flag_rows, shape_rows
from lakewright.engines.messages import explaining
from lakewright.engines.port import BuildJob, FileRows, TriedRows
from lakewright.engines.rules import DROPPED, FAILED, Rules, verdict


def try_rows(frames: Frames, job: BuildJob) -> TriedRows:
    """All produced rows of a job, by their fate; its sinks are not touched."""
    rules = Rules.of(job.checks, reads_files=isinstance(job.rows, FileRows))
    with explaining(job.rows):
        flagged = flag_rows(frames, job, rules, shape_rows(frames, job))
    with explaining(job.rows, flagged):
        rows = flagged.toArrow()
    apart, dropped = _apart(rows), _flags(rows, DROPPED)
    names = [field.name for field in job.fields]
    kept = [not away and not gone for away, gone in zip(apart, dropped, strict=True)]
    quarantined = rows.filter(pa.array(apart, pa.bool_()))
    failed = (
        quarantined[FAILED] if FAILED in rows.column_names else pa.array([], pa.list_(pa.string()))
    )
    return TriedRows(
        kept=rows.filter(pa.array(kept, pa.bool_())).select(names),
        quarantined=quarantined.select(names).append_column("_failed_rules", failed),
        dropped=rows.filter(pa.array(dropped, pa.bool_())).select(names),
        failed=_failures(rows, rules, kept),
    )


def _failures(rows: pa.Table, rules: Rules, kept: list[bool]) -> dict[str, int]:
    """Of `fail` and `warn` rules among the kept rows, of the others among all."""
    return {
        check.name: sum(
            not passes and (keeps or check.on_fail not in {"fail", "warn"})
            for passes, keeps in zip(_flags(rows, verdict(index)), kept, strict=True)
        )
        for index, check in enumerate(rules.checks)
    }


def _apart(rows: pa.Table) -> list[bool]:
    if FAILED not in rows.column_names:
        return [False] * rows.num_rows
    return [bool(names) for names in rows[FAILED].to_pylist()]


def _flags(rows: pa.Table, name: str) -> list[bool]:
    return rows[name].to_pylist() if name in rows.column_names else [False] * rows.num_rows
