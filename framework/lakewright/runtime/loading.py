"""Ingest: which files are loaded, what their content is, and the ledger that makes it once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from lakewright.engines.port import FileRows, FileToLoad, Session
from lakewright.errors import LakeError, Problem, QualityError
from lakewright.graph import FilesTransform, Step
from lakewright.lake import LEDGER_SCHEMA, Field, FileListing, ListedFile, hash_file
from lakewright.plans import BuildTable
from lakewright.runtime.definitions import INGEST_FIELDS, define_ledger
from lakewright.runtime.run import Group, Member, Run, define_member, record_commits


@dataclass(frozen=True, slots=True)
class Load:
    """The files of one ingest run, each with the digest its content must have while it loads."""

    transform: FilesTransform
    files: tuple[ListedFile, ...]
    digests: tuple[str, ...]

    def without(self, path: str) -> Load:
        """The load less one file, which waits for the next run."""
        kept = [(f, d) for f, d in zip(self.files, self.digests, strict=True) if f.path != path]
        return replace(self, files=tuple(f for f, _ in kept), digests=tuple(d for _, d in kept))


def prepare_load(run: Run, change: BuildTable) -> Load:
    """Hash what is to be loaded. QualityError LW751 for loaded files that were changed since."""
    transform = change.step.transform
    assert isinstance(transform, FilesTransform)
    listing = run.plan.state.inputs[change.table]
    assert isinstance(listing, FileListing)
    if listing.altered and transform.input.on_change == "error":
        raise QualityError.of(_altered(change.step, path) for path in listing.altered)
    if change.refresh == "full":
        _refuse_lost(change.step, listing)
    digests = tuple(hash_file(file.uri) for file in change.files)
    return Load(transform, change.files, digests)


def analyse_files(
    change: BuildTable, load: Load, session: Session
) -> tuple[FileRows, tuple[Field, ...]]:
    """The columns that the files give, with the two that every ingest adds.

    New files must fit the recorded columns; a reload in full follows the declared ones.
    """
    declared = _declared(change.step)
    recorded = _data_fields(change.before.schema) if change.before is not None else ()
    if change.refresh == "full":
        names = {field.name.lower() for field in declared}
        kept = tuple(field for field in recorded if field.name.lower() not in names)
        rows = FileRows(load.transform.input, _to_load(load), (*declared, *kept))
    else:
        rows = FileRows(
            load.transform.input, _to_load(load), recorded or declared, recorded=bool(recorded)
        )
    return rows, session.analyse(rows)


def file_rows(load: Load, fields: tuple[Field, ...]) -> FileRows:
    """What the engine loads: the decided columns of these files."""
    return FileRows(load.transform.input, _to_load(load), _data_fields(fields))


def append_ledger(run: Run, group: Group, change: BuildTable, load: Load) -> Member:
    """Note the loaded files; the ledger's version is released together with the rows.

    A reload in full begins another ledger: the old one tells of rows that are gone.
    """
    step = change.step
    if change.refresh == "full":
        group.members.pop(step.name.ledger, None)
    return note_files(run, group, step, load)


def note_files(run: Run, group: Group, step: Step, load: Load) -> Member:
    """The ledger with the files of `load` noted in it."""
    member = define_member(run, group, step.name.ledger, define_ledger(step))
    if load.files:
        rows = pa.Table.from_pylist(
            [
                {
                    "path": file.path,
                    "size": file.size,
                    "modified": file.modified,
                    "digest": digest,
                    "run_id": run.run_id,
                }
                for file, digest in zip(load.files, load.digests, strict=True)
            ],
            schema=LEDGER_SCHEMA,
        )
        run.lake.tables.append(member.uri, rows, run.token(member.table))
        record_commits(run, member)
    return member


def _to_load(load: Load) -> tuple[FileToLoad, ...]:
    pairs = zip(load.files, load.digests, strict=True)
    return tuple(FileToLoad(file.path, file.uri, digest) for file, digest in pairs)


def _declared(step: Step) -> tuple[Field, ...]:
    return tuple(
        Field(column.name, column.type or "string", column.description)
        for column in step.columns or ()
        if not _is_added(column.name)
    )


def _data_fields(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(field for field in fields if not _is_added(field.name))


def _is_added(name: str) -> bool:
    return any(name.lower() == field.name for field in INGEST_FIELDS)


def _altered(step: Step, path: str) -> Problem:
    return Problem(
        "LW751",
        f"{path} was loaded into {step.name} and its content is another now",
        step.where,
        hint="deliver it under another name, or set on_change: append or ignore",
    )


def _refuse_lost(step: Step, listing: FileListing) -> None:
    """A rebuild reads the files again: those that are gone would be lost without a word."""
    present = {file.path for file in listing.files}
    lost = sorted(path for path in listing.loaded if path not in present)
    if lost:
        raise LakeError(
            "LW752",
            f"{step.name} must be loaded again, and {len(lost)} of its files are gone: {lost[0]}",
            step.where,
            hint="bring the files back; or undo the change; or drop the table and load it afresh",
        )
