"""The project's files and what they mean, from the cache as far as it holds.

Only for verbs that change nothing: what is deployed is compiled from its files, always.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakewright.cli.stored import (
    Stored,
    cache_folder,
    digest_texts,
    load_stored,
    save_stored,
)
from lakewright.graph import Graph, Step, compile_project
from lakewright.specs import (
    Project,
    ProjectFiles,
    TableSpec,
    load_read,
    read_files,
)
from lakewright.specs.layout import SETTINGS, is_shared


@dataclass(frozen=True, slots=True)
class Checkout:
    """A project on disk. `stored`: what is kept of it, made under the same settings."""

    read: ProjectFiles
    digests: Mapping[str, str]
    project: Project  # without its tables when there is something stored
    stored: Stored | None


def read_checkout(path: str) -> Checkout:
    """The files of the project around `path`; SpecError when there is none."""
    read = read_files(path)
    digests = digest_texts(read.files)
    stored = None
    if not read.problems:
        stored = load_stored(cache_folder(os.environ), read.root)
    if stored is not None and stored.files.get(SETTINGS) == digests[SETTINGS]:
        return Checkout(read, digests, stored.frame, stored)
    return Checkout(read, digests, load_read(read), None)


def load_checkout(checkout: Checkout) -> Project:
    """The whole project, read from the files."""
    return checkout.project if checkout.stored is None else load_read(checkout.read)


def find_spec(checkout: Checkout, step: Step) -> TableSpec | None:
    """The spec that a step was compiled from."""
    if checkout.stored is None:
        tables = {spec.name: spec for spec in checkout.project.tables}
        return tables.get(step.name)
    # Brings the models of specs, which nothing else here needs.
    from lakewright.specs import reader_of

    found = reader_of(checkout.read.files)([step.where.path])
    return found.get(step.name) if found else None


def compile_checkout(checkout: Checkout) -> Graph:
    """The project's graph; SpecError with all its problems. What is new is kept for next time."""
    stored = checkout.stored
    if stored is not None and stored.files == checkout.digests:
        return stored.graph
    graph = _update(checkout, stored) if stored is not None else None
    frame = checkout.project
    if graph is None:
        with _no_collection():
            frame = load_checkout(checkout)
            graph = compile_project(frame)
    kept = Stored(checkout.digests, frame, graph)
    save_stored(cache_folder(os.environ), checkout.read.root, kept)
    return graph


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Trees of queries live until all are compiled: looking for garbage among them finds none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _update(checkout: Checkout, stored: Stored) -> Graph | None:
    """The stored graph with what changed; None when all must be compiled."""
    if stored.files.keys() != checkout.digests.keys():
        return None
    changed = {path for path, digest in checkout.digests.items() if stored.files[path] != digest}
    if any(is_shared(path) for path in changed):
        return None

    # The parser of SQL and the models of specs: not needed where nothing changed.
    from lakewright.graph import recompile
    from lakewright.specs import reader_of

    return recompile(stored.graph, stored.frame, changed, reader_of(checkout.read.files))
