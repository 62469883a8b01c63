"""Brings a catalog to a release: step 7. Idempotent: it looks, and changes only what differs.

The release is what is published; the catalog is a projection of it, redone after a crash and never
believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from lakewright.engines.catalogs import Catalog, CatalogObject, ObjectName
from lakewright.engines.port import Engine
from lakewright.errors import InternalError, LakeError, LakewrightError, RefusedError
from lakewright.lake import Claim, Lake, Release, ServedNote, put_served, read_served
from lakewright.names import TableName
from lakewright.plans import served_marks
from lakewright.runtime.groups import note_jvm
from lakewright.runtime.matching import Matching, redoable
from lakewright.runtime.projecting import Projection, project_release
from lakewright.runtime.values import ServeReport
from lakewright.specs import ServeSpec


@dataclass(frozen=True, slots=True)
class Server:
    """Who serves: its id, its clock, and the seconds it waits for another one to end."""

    run_id: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    patience: Sequence[float] = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
    resolve: Callable[[str], str] = str  # makes a source's written location absolute


def serve_latest(
    lake: Lake, environment: str, spec: ServeSpec, engine: Engine, *, by: Server
) -> ServeReport | None:
    """Bring the target's catalog to the latest release, also to one that comes meanwhile.

    One process an environment and catalog; another one that serves is waited for. What failed is in
    the report, for the release is published all the same. None when nothing is released.
    """
    release = lake.latest(environment)
    if release is None:
        return None
    try:
        catalog = engine.catalog(spec.catalog)
        with _claimed(lake, environment, spec.catalog, by) as claim:
            note_jvm(claim, engine)
            return _follow(lake, release, spec, catalog, by=by, claim=claim)
    except LakewrightError as error:
        failed = error
    except Exception as error:  # noqa: BLE001 - a bug here unpublishes nothing
        failed = InternalError("LW901", f"serving: {type(error).__name__}: {error}")
    problems = tuple(redoable(problem) for problem in failed.problems)
    return ServeReport(spec.catalog, release.release, problems=problems)


def serve_release(
    lake: Lake,
    release: Release,
    spec: ServeSpec,
    catalog: Catalog,
    *,
    resolve: Callable[[str], str] = str,
    hold: Callable[[], None] = lambda: None,
) -> ServeReport:
    """Bring the catalog to `release`: tables, then views, then away with what left the release.

    `hold` is called before each change, and raises when this process may not serve any more. An
    object of a later release is left as it is. LakeError when the catalog cannot be reached or
    the release cannot be read; what one object refuses is in the report.
    """
    note = read_served(lake.store, release.environment, spec.catalog) or ServedNote(0, False)
    number = release.release
    projection = project_release(lake, release, spec, resolve)
    schemas = {*note.schemas, *(name.schema for name in projection.objects)}
    work = Matching(
        lake, lake.info().lake_id, release, catalog, projection, frozenset(note.entries), hold
    )
    found = _look(catalog, schemas)
    if work.differs(found):
        work.entries |= work.entries_to_put(found)
        # What is written to is known before it is: whatever a crash leaves behind is found again.
        shown = {number, *note.shown, *work.left_behind(found)}
        _note(work, spec, ServedNote(number, False, tuple(schemas), (), note.tables, tuple(shown)))
        work.put_all(found)
        work.withdraw_all(found)
        found = _look(catalog, schemas)
        work.verify(found)
    work.entries &= {str(name) for name, item in found.items() if item.kind == "table"}
    work.grant_all(found, spec.readers)
    tables = _served_tables(work, spec)
    shown = {number, *work.left_behind(found)}
    done = not work.problems
    _note(work, spec, ServedNote(number, done, tuple(schemas), (), tables, tuple(shown)))
    return _report(work)


def withdraw_environment(
    lake: Lake, environment: str, catalog_name: str, engine: Engine, *, by: Server
) -> ServeReport:
    """Take away all that serving put for an environment that has ended, and note that nothing is
    left.

    Done again it finds nothing. LakeError LW634 when the catalog cannot be reached, LW463 when
    another process serves; what one object refuses is in the report.
    """
    release = lake.latest(environment)
    assert release is not None, "what is served was released"
    note = read_served(lake.store, environment, catalog_name) or ServedNote(0, False)
    catalog = engine.catalog(catalog_name)
    with _claimed(lake, environment, catalog_name, by) as claim:
        note_jvm(claim, engine)
        work = Matching(
            lake,
            lake.info().lake_id,
            release,
            catalog,
            Projection({}),
            frozenset(note.entries),
            lambda: claim.renew(by.clock()),
        )
        work.withdraw_all(_look(catalog, note.schemas))
        if not work.problems:
            left = ServedNote(release.release, True, note.schemas)
            put_served(lake.store, environment, catalog_name, left)
    return _report(work)


def _follow(
    lake: Lake, release: Release, spec: ServeSpec, catalog: Catalog, *, by: Server, claim: Claim
) -> ServeReport:
    """Serve until no release came meanwhile: who published it may have found the claim taken."""

    def hold() -> None:
        claim.renew(by.clock())

    while True:
        report = serve_release(lake, release, spec, catalog, resolve=by.resolve, hold=hold)
        latest = lake.latest(release.environment)
        if latest is None or latest.release == release.release:
            return report
        release = latest


def _look(catalog: Catalog, schemas: Iterable[str]) -> dict[ObjectName, CatalogObject]:
    return {
        name: item for schema in sorted(schemas) for name, item in catalog.objects(schema).items()
    }


def _note(work: Matching, spec: ServeSpec, note: ServedNote) -> None:
    told = ServedNote(
        note.release,
        note.done,
        tuple(sorted(note.schemas)),
        tuple(sorted(work.entries)),
        note.tables,
        tuple(sorted(note.shown)),
    )
    put_served(work.lake.store, work.release.environment, spec.catalog, told)


def _served_tables(work: Matching, spec: ServeSpec) -> Mapping[str, str]:
    """The marks of all tables for which nothing is left to do."""
    release = work.release
    marks = served_marks(spec, release.tables.values(), release.environment)
    return {
        str(table): mark
        for table, mark in sorted(marks.items())
        if ObjectName(*spec.name_of(table, release.environment)) not in work.unserved
    }


def _report(work: Matching) -> ServeReport:
    left = (f"{table} is not served: {why}" for table, why in work.projection.left_out.items())
    put = [name for name in work.put if name not in work.unserved]
    return ServeReport(
        work.catalog.name,
        work.release.release,
        tuple(map(str, put)),
        tuple(map(str, work.withdrawn)),
        len(work.projection.objects.keys() - work.unserved - set(put)),
        (*work.notes, *left),
        tuple(work.problems),
    )


@contextmanager
def _claimed(lake: Lake, environment: str, catalog: str, by: Server) -> Iterator[Claim]:
    """The right to serve an environment into a catalog; LakeError LW463 after all patience."""
    group = TableName("__served", catalog)
    claim: Claim | None = None
    for wait in (*by.patience, None):
        try:
            claim = lake.claim(environment, group, by.run_id, by.clock())
            break
        except RefusedError as error:
            if wait is None:
                raise LakeError(
                    "LW463", f"another process serves {environment} into {catalog}"
                ) from error
            time.sleep(wait)
    assert claim is not None, "the last attempt breaks or raises"
    try:
        yield claim
    finally:
        claim.release()
