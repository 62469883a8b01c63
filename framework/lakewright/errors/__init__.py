"""The whole error tree on one screen.

Every error carries one or more problems; a problem has a stable code (its page is
`errors/pages/<code>.md`), the place in the user's own files where there is one, and what to do
next. The kind of an error says who must act; its exit code is what the process ends with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """A span in a file the user wrote; lines and columns count from 1, in characters."""

    path: str
    line: int
    column: int = 1
    length: int = 1
    text: str = ""  # the whole source line, so that stored code can be shown as well
    made: str = ""  # what a macro called there makes of it, where that is what is wrong

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where, and what to do about it."""

    code: str
    message: str
    where: Place | None = None
    hint: str = ""
    label: str = ""  # printed beside the marked span: what is known there
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.code}: {self.message}{hint}"


class LakewrightError(Exception):
    """Root of the tree. `problems` is never empty and keeps the order of the project's files."""

    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        code: str,
        message: str,
        where: Place | None = None,
        *,
        hint: str = "",
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(code, message)
        self.problems: tuple[Problem, ...] = (Problem(code, message, where, hint, notes=notes),)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> LakewrightError:
        """An error of this kind that carries all the given problems."""
        collected = tuple(problems)
        assert collected, "an error needs a problem"
        error = cls(collected[0].code, collected[0].message)
        error.problems = collected
        return error

    @property
    def code(self) -> str:
        return self.problems[0].code

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class SpecError(LakewrightError):
    """Fix the files."""

    exit_code = 2


class UsageError(SpecError):
    """Fix the command: nothing ran."""


class QualityError(LakewrightError):
    """Look at the rows."""

    exit_code = 1


class RefusedError(LakewrightError):
    """A guard said no; say explicitly that you mean it, or change the request."""

    exit_code = 4


class StalePlanError(RefusedError):
    """The lake moved since the plan: plan again."""


class DriftError(RefusedError):
    """Someone else wrote to a table of ours: decide what to do with it."""


class LakeError(LakewrightError):
    """Storage, engine or surroundings; trying again may help."""

    exit_code = 5


class Interrupted(LakewrightError):  # noqa: N818 - nobody's error
    """Somebody stopped the run; run it again."""

    exit_code = 130


class InternalError(LakewrightError):
    """Our bug."""
