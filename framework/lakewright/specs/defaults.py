"""`_defaults.yml`: what a folder gives to the tables below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.specs.documents import Document, parse_document
from lakewright.specs.expectations import read_rules, rule_places
from lakewright.specs.models import AnyTableModel, DefaultsModel, WrittenModel, keys_of
from lakewright.specs.validation import validate_model
from lakewright.specs.values import ExpectSpec, SourceFile

LISTS = ("tags", "cluster_by", "publish_with")


@dataclass(frozen=True, slots=True)
class Defaults:
    """One `_defaults.yml`. `model` is None when it could not be read."""

    file: SourceFile
    document: Document | None
    model: DefaultsModel | None
    rules: tuple[ExpectSpec, ...] = ()

    def written(self, key: str) -> bool:
        return self.model is not None and key in self.model.model_fields_set

    def line(self, key: str) -> str:
        """`path:line` of a key, as `show` prints it."""
        assert self.document is not None, "a key was written in a document"
        return f"{self.file.path}:{self.document.key_place(key).line}"


@dataclass(slots=True)
class Merged:
    """A table's keys after its defaults. `places` are those of all rules, counted together."""

    values: dict[str, Any] = field(default_factory=dict)
    rules: list[ExpectSpec] = field(default_factory=list)  # inherited; the table's own come after
    places: dict[str, Place] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)


def read_defaults(files: Iterable[SourceFile], problems: list[Problem]) -> dict[str, Defaults]:
    """Folder to its defaults."""
    found = {}
    for file in files:
        defaults, reasons = _read_file(file)
        problems.extend(reasons)
        found[str(PurePosixPath(file.path).parent)] = defaults
    return found


# Pure in the file; the released code of many tables brings the same few files each time.
@lru_cache(maxsize=256)
def _read_file(file: SourceFile) -> tuple[Defaults, tuple[Problem, ...]]:
    problems: list[Problem] = []
    # An empty file is a folder that gives nothing.
    blank = not file.text.strip()
    document = None if blank else parse_document(file.path, file.text, problems)
    model = validate_model(DefaultsModel, document, problems) if document else None
    rules = read_rules(document, model.expect, problems) if document and model else ()
    usable = None if problems else model
    return Defaults(file, document, usable, rules), tuple(problems)


def chain_of(path: str, defaults: Mapping[str, Defaults]) -> tuple[Defaults, ...]:
    """The defaults above the spec at `path`, the outermost first."""
    folders = reversed(PurePosixPath(path).parents)
    return tuple(defaults[str(folder)] for folder in folders if str(folder) in defaults)


def merge_defaults(
    model: AnyTableModel, document: Document | None, chain: tuple[Defaults, ...]
) -> Merged:
    """What a table says and what the folders above give it: lists add, all else is overridden."""
    merged = Merged()
    for key in keys_of(DefaultsModel):
        if key not in type(model).model_fields or key == "expect":
            continue
        own, written = getattr(model, key), key in model.model_fields_set
        givers = [defaults for defaults in chain if defaults.written(key)]
        if key in LISTS:
            merged.values[key] = _add_words(key, own, givers, merged)
        elif givers and not written:
            merged.values[key] = getattr(givers[-1].model, key)
            merged.provenance[key] = givers[-1].line(key)
        else:
            merged.values[key] = own
    if isinstance(model, WrittenModel):
        for defaults in chain:
            _add_rules(merged, defaults)
    if document is not None:
        merged.places.update(rule_places(document, first=len(merged.rules)))
    return merged


def _add_words(
    key: str, own: tuple[str, ...], givers: list[Defaults], merged: Merged
) -> tuple[str, ...]:
    origin: dict[str, str] = {}
    for defaults in givers:
        for word in getattr(defaults.model, key):
            origin.setdefault(word, defaults.line(key))
    merged.provenance.update({f"{key}.{word}": line for word, line in origin.items()})
    return tuple(dict.fromkeys((*origin, *own)))


def _add_rules(merged: Merged, defaults: Defaults) -> None:
    if defaults.document is None or not defaults.written("expect"):
        return
    first = len(merged.rules)
    merged.places.update(rule_places(defaults.document, first=first))
    merged.rules.extend(defaults.rules)
    for index, rule in enumerate(defaults.rules):
        merged.provenance[f"expect.{first + index}"] = f"{rule.where.path}:{rule.where.line}"
