"""Why a seed changes: its file, or what its spec says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from lakewright.graph import SeedTransform, Step
from lakewright.lake import Entry, LakeState
from lakewright.plans.values import Reason
from lakewright.specs import SourceFile


def seed_reasons(
    step: Step, entry: Entry, state: LakeState, details: Sequence[str]
) -> Iterator[Reason]:
    """The reasons for other rows, whose file is compared with the released one.

    When more than the file was edited the rows may differ for both reasons: both are told.
    """
    transform = step.transform
    assert isinstance(transform, SeedTransform), "only a seed has a file"
    released = state.code.get(entry.code, ())
    before = {file.path: file.text for file in released}
    now = {file.path: file.text for file in step.files}
    file_moved = before.get(transform.path) != now.get(transform.path)
    if file_moved:
        name = PurePosixPath(transform.path).name
        yield Reason("seed", ", ".join((f"code: {name}", *details)), transform.path)
    if not file_moved or _others(released, transform.path) != _others(step.files, transform.path):
        told = details if details and not file_moved else ("changed",)
        yield Reason("code", "code: " + ", ".join(told))


def _others(files: Sequence[SourceFile], path: str) -> set[SourceFile]:
    return {file for file in files if file.path != path}
