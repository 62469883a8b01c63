"""A lake: its releases, code, control records, claims and tables, behind one value.

Nothing is cached: every call reads what is there now. A lake that a command works with is
`confined` to its environment, one that is only a base is `read_only`. Only `create`, `protect`,
`put_*`, `append_history`, `claim` and what `tables` and `store` offer write anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lakewright.errors import LakeError, RefusedError
from lakewright.lake import code, control, paths, state, walking
from lakewright.lake.claims import (
    Claim,
    Claims,
    LocalClaims,
    StoreClaims,
    hold_all,
    never_ended,
)
from lakewright.lake.drift import find_drift
from lakewright.lake.histories import append_history
from lakewright.lake.ports import AlreadyExistsError, DeltaTables, NotFoundError, ObjectStore
from lakewright.lake.putting import put_record
from lakewright.lake.reach import Reach, bare_store, confine_ports, reach_of
from lakewright.lake.records import (
    ControlRecord,
    LakeInfo,
    broken_record,
    decode_info,
    decode_release,
    encode_info,
)
from lakewright.lake.stores import LocalStore, open_store
from lakewright.lake.values import Entry, LakeState, Pin, Release
from lakewright.names import TableName
from lakewright.specs import Input, SourceFile

if TYPE_CHECKING:
    import pyarrow as pa

_SCHEME = re.compile(r"(s3a?|abfss?|az|gs|file|https?):/?(?!/)")


@dataclass(frozen=True, slots=True)
class Lake:
    """A storage root of one project. `uri` is an absolute folder or a URI, without a last slash."""

    uri: str
    store: ObjectStore
    tables: DeltaTables
    claims: Claims | None = None  # None: those that fit the store
    bases: Callable[[str], str] = paths.resolve_base  # a base as written -> its absolute root
    ended: Callable[[str], bool] = never_ended  # ends what a dead run left in a JVM that lives on
    patience: tuple[float, ...] = (0.05, 0.2, 1.0)  # seconds between the attempts to put a release

    # What may be written

    def confined(self, environment: str) -> Lake:
        """This lake for a command in `environment`: writes elsewhere are RefusedError LW542.

        A lake that is confined already is turned to the other environment; one that is only read
        stays so.
        """
        reach = reach_of(self.store)
        if reach is not None and not reach.environment:
            return self
        return self._within(Reach(self.uri, environment))

    def read_only(self) -> Lake:
        """This lake for whoever only reads it: every write is RefusedError LW543."""
        return self._within(Reach(self.uri, ""))

    def check_sink(self, uri: str) -> None:
        """RefusedError LW542, LW543 unless an engine may write at the absolute location."""
        reach = reach_of(self.store)
        if reach is not None:
            reach.check_uri(uri)

    # The lake itself

    def exists(self) -> bool:
        return self._get(paths.INFO) is not None

    def create(self, project: str, lake_id: str, now: datetime) -> LakeInfo:  # noqa: ARG002
        """Make the lake of `project`, or find it made; RefusedError LW512 when it is another's."""
        info = LakeInfo(lake_id, project)
        try:
            self._owner().put_new(paths.INFO, encode_info(info))
        except AlreadyExistsError:
            return self.check_project(project)
        return info

    def info(self) -> LakeInfo:
        """LakeError LW510 when there is no lake, LW511 when a newer Lakewright made it."""
        data = self._get(paths.INFO)
        if data is None:
            raise LakeError(
                "LW510",
                f"there is no lake at {self.uri}",
                hint="`lakewright apply` makes one; or choose another target with `-t`",
            )
        return decode_info(data, paths.INFO)

    def check_project(self, project: str) -> LakeInfo:
        """The lake's info; RefusedError LW512 when it belongs to another project."""
        info = self.info()
        if info.project != project:
            raise RefusedError(
                "LW512",
                f"the lake at {self.uri} belongs to project `{info.project}`, not to `{project}`",
                hint="give this project a lake of its own in lakewright.yml",
            )
        return info

    def protect(self, environment: str) -> None:
        """Mark an environment as protected; twice is once."""
        info = self.info()
        if environment not in info.protected:
            protected = tuple(sorted({*info.protected, environment}))
            self._owner().put(paths.INFO, encode_info(replace(info, protected=protected)))

    # Releases

    def environments(self) -> tuple[str, ...]:
        """Environments that have a release, by name."""
        found, after = [], ""
        while (item := next(self.store.list(paths.ENVIRONMENTS, after), None)) is not None:
            name = item.path.removeprefix(f"{paths.ENVIRONMENTS}/").partition("/")[0]
            if next(self.store.list(paths.releases(name)), None) is not None:
                found.append(name)
            after = f"{paths.environment(name)}0"  # "0" is the character behind "/"
        return tuple(found)

    def numbers(self, environment: str) -> Iterator[int]:
        """Numbers of the releases, rising; records are not read.

        The first of almost every chain is 1: who asks for the first alone lists nothing.
        """
        first = paths.release(environment, 1)
        begins = self._get(first) is not None
        if begins:
            yield 1
        for item in self.store.list(paths.releases(environment), first if begins else ""):
            number = paths.number_of(item.path)
            if number is not None:
                yield number

    def latest(self, environment: str) -> Release | None:
        """The newest release; LakeError LW513 when its record cannot be read.

        A hint says where to begin looking; it may be old, torn or absent. It is written after its
        record, so a record that it names cannot be missing.
        """
        number, data = self._hinted(environment)
        if data is None:
            hinted, number = number, max(self.numbers(environment), default=0)
            if hinted > number:
                raise broken_record(paths.release(environment, hinted), "it was stored and is gone")
            data = self._get(paths.release(environment, number)) if number else None
        if data is None:
            return None
        while (later := self._get(paths.release(environment, number + 1))) is not None:
            number, data = number + 1, later
        return self._release(environment, number, data)

    def release(self, environment: str, number: int) -> Release:
        """LakeError LW514 when there is none of that number."""
        data = self._get(paths.release(environment, number)) if number > 0 else None
        if data is None:
            raise LakeError(
                "LW514",
                f"{environment} has no release {number}",
                hint=f"`lakewright releases -e {environment}` lists them",
            )
        return self._release(environment, number, data)

    def release_at(self, environment: str, moment: datetime) -> Release | None:
        """What readers saw at `moment`, None before the first release; few records are read."""
        return walking.release_at(self, environment, moment)

    def newest_first(self, environment: str) -> Iterator[Release]:
        """Releases from the latest down, each read when it is asked for."""
        return walking.newest_first(self, environment)

    def releases(self, environment: str) -> tuple[Release, ...]:
        """All releases, oldest first; every record is read."""
        return tuple(self.release(environment, number) for number in self.numbers(environment))

    def put_release(self, release: Release) -> Literal["stored", "taken"]:
        """Put the record, durably, unless its number is taken by other bytes.

        The same bytes are put until they are stored or found taken: an error of a put says nothing.
        LakeError LW515 when storage never answers: then the release may exist or not. Another
        LakeError when it is certain that nothing was stored.
        """
        stored = put_record(self.store, release, self.patience)
        if stored == "stored":
            self._hint(release.environment, release.release)
        return stored

    # Code, control, claims, runs

    def put_code(self, environment: str, files: Iterable[SourceFile]) -> str:
        """Store sources once; returns their digest."""
        return code.put_code(self.store, environment, files)

    def code(self, environment: str, digest: str) -> tuple[SourceFile, ...]:
        """Released sources in path order; LakeError LW516 unless they are exactly those."""
        return code.get_code(self.store, environment, digest)

    def released_code(
        self, environment: str, entries: Iterable[Entry]
    ) -> Mapping[str, tuple[SourceFile, ...]]:
        """The sources that entries name, each read when it is first asked for."""
        digests = tuple(sorted({entry.code for entry in entries if entry.code}))
        return code.ReleasedCode(digests, lambda digest: self.code(environment, digest))

    def control(self, environment: str) -> tuple[ControlRecord, ...]:
        """What persons said, in order."""
        return control.read_control(self.store, environment)

    def put_control(self, environment: str, record: ControlRecord) -> ControlRecord:
        """Put under the next free number; returns the record with it."""
        return control.put_control(self.store, environment, record)

    def claim(self, environment: str, group: TableName, run_id: str, now: datetime) -> Claim:
        """The right to write a group; RefusedError LW520 when another run has it."""
        return self._claims().claim(environment, group, run_id, now)

    def claim_all(
        self, environment: str, groups: Iterable[TableName], run_id: str, now: datetime
    ) -> tuple[Claim, ...]:
        """All groups or none, in name order, so that two runs never wait for each other."""
        return hold_all(self._claims(), environment, groups, run_id, now)

    def put_run(self, run_id: str, name: str, data: bytes) -> None:
        self.store.put(paths.run(run_id, name), data)

    def get_run(self, run_id: str, name: str) -> bytes:
        """Raises NotFoundError."""
        return self.store.get(paths.run(run_id, name))

    def runs_uri(self, run_id: str, name: str) -> str:
        """Where a run may stage, absolute."""
        return self.location_uri(paths.run(run_id, name))

    # Tables

    def location_uri(self, location: str) -> str:
        """The absolute location of a relative one; LakeError LW504 when it leaves the lake."""
        return f"{self.uri}/{paths.confine(location)}"

    def new_location(self, environment: str, table: TableName, run_id: str) -> str:
        """A relative location where nothing is, and where no other run will write."""
        plain = paths.table(environment, table)
        if self._is_free(environment, plain):
            return plain
        suffixed = f"{plain}-{_eight(run_id)}"
        taken = 0
        location = suffixed
        while not self._is_free(environment, location):
            taken += 1
            location = f"{suffixed}-{taken}"
        return location

    def entry_uri(self, entry: Entry) -> str:
        """Where an entry's table is, absolute, in this lake or in its base.

        LakeError LW504 when it leaves its root.
        """
        return self._uri(entry.base, entry.location)

    def borrowed_uri(self, borrows: Mapping[str, Any]) -> str:
        """Where the table of an entry's `borrows` is, absolute."""
        return self._uri(str(borrows.get("base", "")), str(borrows["location"]))

    def pin(self, entry: Entry) -> Pin:
        """What a reader of an entry needs; entries of views have none."""
        assert entry.location, f"{entry.table} is a view and has no rows of its own"
        return Pin(self.entry_uri(entry), entry.table_id, entry.version)

    def verify_pin(self, entry: Entry) -> Pin:
        """The pin, after looking that table id and token are those of the entry; else LW533."""
        pin = self.pin(entry)
        try:
            commit = self.tables.commit(pin.location, pin.version)
        except NotFoundError as error:
            raise _moved(entry, "the log does not have that version") from error
        if entry.token and commit.token != entry.token:
            raise _moved(entry, "another commit is at that version")
        self._check_id(pin, str(entry.table))
        return pin

    def read_table(self, pin: Pin, columns: Sequence[str] | None = None) -> pa.Table:
        """The pinned rows, without an engine; LakeError LW533 when another table is there."""
        self._check_id(pin, pin.location)
        return self.tables.rows(pin.location, pin.version, columns)

    def append_history(self, kind: str, rows: pa.Table, *, now: datetime) -> None:
        """Add rows to a history table, which is made, and given missing columns, as they come.

        Runs of all environments may append at the same time.
        """
        append_history(self.tables, self.location_uri(paths.history(kind)), rows, now)

    # What planning reads

    def state(
        self,
        environment: str,
        inputs: Sequence[Input],
        *,
        resolve: Callable[[str], str] = str,
    ) -> LakeState:
        """All that planning needs, by reads only. A missing lake is an empty one.

        `resolve` makes a written location or pattern absolute. The released sources are read when
        they are first asked for.
        """
        info = self.info() if self.exists() else None
        release = self.latest(environment) if info else None
        records = self.control(environment) if info else ()
        entries = tuple(release.tables.values()) if release else ()
        return LakeState(
            lake=self.uri,
            lake_id=info.lake_id if info else "",
            environment=environment,
            protected=info is not None and environment in info.protected,
            release=release,
            inputs=state.read_inputs(self.tables, inputs, release, self.entry_uri, resolve),
            drift=find_drift(self.tables, release, self.entry_uri),
            holds=control.active_holds(records),
            stopped=control.active_stop(records),
            ends_at=control.ends_at(records),
            resumed=control.resumed_at(records),
            restorable_from=control.restorable_from(records, release.release) if release else None,
            code=self.released_code(environment, entries),
        )

    def _claims(self) -> Claims:
        if self.claims is not None:
            return self.claims
        match self.store:
            case LocalStore():
                return LocalClaims(self.store.root, self.ended)
            case _:
                return StoreClaims(self.store)

    def _uri(self, base: str, location: str) -> str:
        if not base:
            return self.location_uri(location)
        return f"{self.bases(base)}/{paths.confine(location)}"

    def _within(self, reach: Reach) -> Lake:
        store, tables, claims = confine_ports(self.store, self.tables, self._claims(), reach)
        return replace(self, store=store, tables=tables, claims=claims)

    def _owner(self) -> ObjectStore:
        """Where `lake.json` is written, which belongs to no environment."""
        reach = reach_of(self.store)
        if reach is not None and not reach.environment:
            reach.check(paths.INFO)
        return bare_store(self.store)

    def _get(self, path: str) -> bytes | None:
        try:
            return self.store.get(path)
        except NotFoundError:
            return None

    def _release(self, environment: str, number: int, data: bytes) -> Release:
        path = paths.release(environment, number)
        found = decode_release(data, path)
        if (found.environment, found.release) != (environment, number):
            raise broken_record(path, "it is the record of another release")
        return found

    def _hinted(self, environment: str) -> tuple[int, bytes | None]:
        text = (self._get(paths.latest_hint(environment)) or b"").strip()
        number = int(text) if text.isdigit() else 0
        return number, self._get(paths.release(environment, number)) if number else None

    def _hint(self, environment: str, number: int) -> None:
        try:
            self.store.put(paths.latest_hint(environment), b"%d\n" % number)
        except LakeError:
            return  # the release is stored; the hint only makes finding it quicker

    def _is_free(self, environment: str, location: str) -> bool:
        if self._get(paths.gone(environment, location)) is not None:
            return False
        if next(self.store.list(location), None) is not None:
            return False
        return self.tables.head(self.location_uri(location)) is None

    def _check_id(self, pin: Pin, told: str) -> None:
        found = self.tables.at(pin.location, pin.version).table_id
        if found != pin.table_id:
            raise LakeError(
                "LW533",
                f"{told} is another table than the release recorded",
                hint="it was replaced at its place; `lakewright apply` builds a new one",
            )


def open_lake(uri: str) -> Lake:
    """The lake at a folder, which is made absolute, or at a URI. It need not exist yet.

    LakeError LW505 for a broken address, LW506 for a folder that Delta's libraries read as
    another one.
    """
    local = "://" not in uri or uri.startswith("file://")
    if local and (scheme := _SCHEME.match(uri)):
        hint = f"write {scheme[1]}://"
        raise LakeError("LW505", f"`{uri}` is neither a folder nor an address", hint=hint)
    root = str(Path(uri.removeprefix("file://")).absolute()) if local else uri.rstrip("/")
    if local and "%" in root:
        raise LakeError(
            "LW506",
            f"a lake cannot lie in {root}: Delta reads `%` in a path as the code of a character",
            hint="rename the folder, or choose another one",
        )
    # Delta's library takes long to load, and what works on values alone needs none of it.
    from lakewright.lake.delta import DeltaLakeTables

    return Lake(root, open_store(root), DeltaLakeTables())


def _eight(run_id: str) -> str:
    return hashlib.sha256(run_id.encode()).hexdigest()[:8]


def _moved(entry: Entry, reason: str) -> LakeError:
    return LakeError(
        "LW533",
        f"{entry.table} version {entry.version} is not the one that was released: {reason}",
        hint="somebody replaced the table; `lakewright doctor` shows what is left of it",
    )
