"""One table's rows, flagged by the rules, split and written, with every row counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from lakewright.engines.casting import cast_columns
from lakewright.engines.counting import Counts, aggregates, counted, read_numbers
from lakewright.engines.messages import at_place_of, broken_rule, explaining
from lakewright.engines.port import (
    INGEST_FIELDS,
    BuildJob,
    BuildResult,
    Capabilities,
    FileRows,
    Rows,
    Sink,
)
from lakewright.engines.rules import (
    BAD_RECORD,
    FAILED,
    QUARANTINED,
    Rules,
    found,
    literal,
)
from lakewright.errors import QualityError
from lakewright.graph import KeepTest, ReferenceTest
from lakewright.lake import Field
from lakewright.names import TableName, quote

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_RECORD_FIELDS = (Field("_source_line", "bigint"), Field("_raw", "string"))


class Frames(Protocol):
    """What building needs of a session."""

    spark: SparkSession
    capabilities: Capabilities

    def frame(self, rows: Rows) -> DataFrame: ...

    def table(self, table: TableName) -> DataFrame: ...


def build(frames: Frames, job: BuildJob) -> BuildResult:
    """Run the job: see BuildJob for what it promises."""
    rules = Rules.of(job.checks, reads_files=isinstance(job.rows, FileRows))
    with explaining(job.rows):
        flagged = flag_rows(frames, job, rules, shape_rows(frames, job))
    if _needs_staging(frames, job, rules):
        flagged, numbers = _stage(frames, job, rules, flagged)
    else:
        numbers = None
    numbers = _write_kept(frames, job, rules, flagged, numbers)
    quarantined = numbers.get("quarantined", 0)
    if job.quarantine is not None:
        _write_quarantined(frames, job, flagged, job.quarantine, quarantined)
    dropped = numbers.get("dropped", 0)
    return BuildResult(
        produced=numbers["produced"],
        kept=numbers["produced"] - quarantined - dropped,
        quarantined=quarantined,
        dropped=dropped,
        failed=rules.failed(dict(numbers)),
        notes=_notes(frames, job),
    )


def shape_rows(frames: Frames, job: BuildJob) -> DataFrame:
    """The produced rows in the table's columns, and what the reader knows of its records."""
    frame = frames.frame(job.rows)
    extras: tuple[str, ...] = ()
    if isinstance(job.rows, FileRows):
        extras = (*(field.name for field in _RECORD_FIELDS), BAD_RECORD)
        frame = frame.selectExpr("*", f"{_timestamp(job)} AS _ingested_at")
        # The reader was told what it gives: no look at the frame is needed.
        produced = (*job.rows.fields, *INGEST_FIELDS)
    else:
        produced = columns_of(frame)
    columns = cast_columns(job.table, produced, job.fields, at_place_of(job.rows))
    return frame.selectExpr(*columns, *extras)


def columns_of(frame: DataFrame) -> tuple[Field, ...]:
    """Names and types of a frame; the engine analyses it here at the latest."""
    return tuple(Field(field.name, field.dataType.simpleString()) for field in frame.schema)


def flag_rows(frames: Frames, job: BuildJob, rules: Rules, shaped: DataFrame) -> DataFrame:
    """The rows with a verdict for each rule, and their fate where some may be kept apart."""
    frame = shaped
    for index, check in enumerate(rules.checks):
        if isinstance(check.test, ReferenceTest):
            reference = shaped if check.test.to == job.table else frames.table(check.test.to)
            frame = _look_up(frame, reference, check.test, index)
    verdicts = [f"{sql} AS {column}" for column, sql in rules.verdicts()]
    if verdicts:
        frame = frame.selectExpr("*", *verdicts)
    for column, sql in rules.fates() if rules.separates else ():
        frame = frame.selectExpr("*", f"{sql} AS {column}")
    return frame


def _look_up(frame: DataFrame, reference: DataFrame, test: ReferenceTest, index: int) -> DataFrame:
    """Join the distinct keys of the reference, so that no row is lost or doubled."""
    keys = [f"_lw_key_{index}_{position}" for position in range(len(test.columns))]
    pairs = zip(test.to_columns, keys, strict=True)
    known = reference.selectExpr(*(f"{quote(column)} AS {key}" for column, key in pairs)).distinct()
    condition = [
        frame[column] == known[key] for column, key in zip(test.columns, keys, strict=True)
    ]
    joined = frame.join(known.selectExpr("*", f"true AS {found(index)}"), condition, "left")
    return joined.drop(*keys)


def _needs_staging(frames: Frames, job: BuildJob, rules: Rules) -> bool:
    """Whether rows that two actions use are kept: a second look could differ, or cost much."""
    counts_apart = not _counts_on_the_way(frames, job) and _counts_before(job, rules)
    actions = 1 + (job.quarantine is not None) + counts_apart
    if actions == 1:
        return False
    return not _is_repeatable(job, rules)


def _is_repeatable(job: BuildJob, rules: Rules) -> bool:
    """Whether a second look gives the same rows: of files too, whose content is compared."""
    picks = any(isinstance(check.test, KeepTest) for check in rules.checks)
    return job.deterministic or (isinstance(job.rows, FileRows) and not picks)


def _counts_on_the_way(frames: Frames, job: BuildJob) -> bool:
    """Whether the pass that writes counts too.

    Without `observe` only rows of files: they come through Python already, and a second pass
    would parse them again. What a query throws would arrive wrapped in a trace of ours.
    """
    return frames.capabilities.observe or isinstance(job.rows, FileRows)


def _counts_before(job: BuildJob, rules: Rules) -> bool:
    """Without `observe`: whether the written version alone cannot tell all counts."""
    return rules.separates or job.target.mode == "append"


def _stage(
    frames: Frames, job: BuildJob, rules: Rules, flagged: DataFrame
) -> tuple[DataFrame, Mapping[str, int] | None]:
    """The flagged rows kept below the staging folder; counted on the way where that is free."""
    path = f"{job.staging.rstrip('/')}/{job.table.schema}.{job.table.table}"
    if _counts_on_the_way(frames, job):
        numbers = _count_while(frames, rules, flagged, lambda rows: _keep_all(job, rows, path))
    else:
        _keep_all(job, flagged, path)
        numbers = None
    # Stated as text, every column and element may be NULL: engines differ in what they find out.
    schema = ", ".join(
        f"{quote(item.name)} {item.dataType.simpleString()}" for item in flagged.schema
    )
    return frames.spark.read.schema(schema).parquet(path), numbers


def _keep_all(job: BuildJob, rows: DataFrame, path: str) -> None:
    with explaining(job.rows, rows):
        rows.write.mode("overwrite").parquet(path)


def _count_while(
    frames: Frames, rules: Rules, flagged: DataFrame, write: Callable[[DataFrame], None]
) -> Mapping[str, int]:
    """What was counted of the flagged rows while `write` wrote them, once."""
    with counted(flagged, rules.counts(), observe=frames.capabilities.observe) as counting:
        write(counting.frame)
        return counting.numbers()


def _write_kept(
    frames: Frames,
    job: BuildJob,
    rules: Rules,
    flagged: DataFrame,
    numbers: Mapping[str, int] | None,
) -> Mapping[str, int]:
    """Write the rows that the rules let through; what was counted of all produced rows."""

    def write(rows: DataFrame) -> None:
        try:
            with explaining(job.rows):
                guarded = _guarded(frames, job, rules, rows)
            with explaining(job.rows, guarded):
                _write(guarded, job.target)
        except QualityError as error:
            raise _counted_violation(job, rules, flagged, error) from error.__cause__

    if numbers is None and _counts_on_the_way(frames, job):
        return _count_while(frames, rules, flagged, write)
    if numbers is None and _counts_before(job, rules):
        with explaining(job.rows, flagged):
            numbers = _aggregate(flagged, rules.counts())
    write(flagged)
    return numbers if numbers is not None else _count_written(frames, job, rules)


def _guarded(frames: Frames, job: BuildJob, rules: Rules, rows: DataFrame) -> DataFrame:
    """The kept rows in the table's columns; one that breaks a `fail` rule stops the write."""
    kept = rows.where(rules.kept) if rules.separates else rows
    if rules.guards and frames.capabilities.checks_filtered_rows:
        # Changes no row, and no condition moves below it: neither a CHECK nor one of our guards.
        kept = kept.offset(0)
    first, *others = job.fields
    guarded = kept.selectExpr(
        rules.guard(first.name, first.type), *(quote(field.name) for field in others)
    )
    return guarded.selectExpr(*(_noted(frames, field) for field in job.fields))


def _noted(frames: Frames, field: Field) -> str:
    """A column, of the type that Delta is to note.

    Over Spark Connect the strings of a Python function come with the name of their collation. Delta
    would note that too, and other readers could not open the table. A cast to itself costs nothing.
    """
    name = quote(field.name)
    if frames.capabilities.jvm and "string" in field.type:
        return f"cast({name} AS {field.type}) AS {name}"
    return name


def _count_written(frames: Frames, job: BuildJob, rules: Rules) -> Mapping[str, int]:
    """Counts of a table that was just written as a whole, from what is stored."""
    written = frames.spark.read.format("delta").load(job.target.location)
    warnings = Rules(tuple(check for check in rules.checks if check.on_fail == "warn"))
    return _renumbered(
        rules, warnings, _aggregate(flag_rows(frames, job, warnings, written), warnings.counts())
    )


def _renumbered(rules: Rules, part: Rules, numbers: Mapping[str, int]) -> Mapping[str, int]:
    """Counts of some of the rules, numbered as among all of them."""
    places = {id(check): index for index, check in enumerate(rules.checks)}
    renumbered = {
        f"failed_{places[id(check)]}": numbers[f"failed_{index}"]
        for index, check in enumerate(part.checks)
    }
    return {"produced": numbers["produced"], **renumbered}


def _write_quarantined(
    frames: Frames, job: BuildJob, flagged: DataFrame, sink: Sink, quarantined: int
) -> None:
    extras = _RECORD_FIELDS if isinstance(job.rows, FileRows) else ()
    columns = (
        *(_noted(frames, field) for field in job.fields),
        f"{FAILED} AS _failed_rules",
        f"{_timestamp(job)} AS _quarantined_at",
        f"{literal(job.run_id)} AS _run_id",
        *(_noted(frames, field) for field in extras),
    )
    if quarantined == 0 and sink.mode == "append":
        return
    with explaining(job.rows, flagged):
        if quarantined == 0:
            empty = frames.spark.createDataFrame([], flagged.selectExpr(*columns).schema)
            _write(empty, sink)
        else:
            _write(flagged.where(QUARANTINED).selectExpr(*columns), sink)


def _write(frame: DataFrame, sink: Sink) -> None:
    writer = frame.write.format("delta").mode(sink.mode)
    writer.option("userMetadata", sink.token).save(sink.location)


def _aggregate(frame: DataFrame, counts: Counts) -> Mapping[str, int]:
    return read_numbers(frame.selectExpr(*(f"{sql} AS {name}" for name, sql in aggregates(counts))))


def _counted_violation(
    job: BuildJob, rules: Rules, flagged: DataFrame, error: QualityError
) -> QualityError:
    """The same failure with exact counts: one more query, on this path only."""
    if error.code != "LW401" or not rules.guards:
        return error
    with explaining(job.rows, flagged):
        numbers = _aggregate(flagged, rules.violations())
    failed = {name: rows for name, rows in rules.failed(dict(numbers)).items() if rows}
    checks = {check.name: check for check in rules.checks}
    if failed:
        error.problems = tuple(
            broken_rule(job.table, checks[name], rows, numbers["produced"])
            for name, rows in failed.items()
        )
    return error


def _notes(frames: Frames, job: BuildJob) -> tuple[str, ...]:
    if job.cluster_by and not frames.capabilities.clustering:
        return (f"{job.table}: cluster_by is not applied by this engine",)
    return ()


def _timestamp(job: BuildJob) -> str:
    return f"timestamp {literal(job.now.isoformat(sep=' '))}"
