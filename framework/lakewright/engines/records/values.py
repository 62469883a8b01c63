"""What to read and how, as a plain value, and the one error of reading."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One file and how to read it. `fields` are names and Spark types of the columns to produce.

    `digest` is the SHA-256 the content must have; "" reads without comparing.
    """

    path: str
    uri: str
    digest: str
    format: str
    fields: tuple[tuple[str, str], ...]
    header: bool = True
    delimiter: str = ","
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = ("",)
    ignores_new_columns: bool = False


class RecordFileError(Exception):
    """A file that cannot be loaded. The text crosses processes, so all it knows is in its text."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(f"{code} {{{path}}} {message}")
