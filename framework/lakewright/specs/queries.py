"""Where the query of a spec is: in the twin tree, beside the spec, or under its key `query`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from lakewright.errors import Place, Problem
from lakewright.specs.documents import Document
from lakewright.specs.inline import inline_text
from lakewright.specs.layout import QUERIES, SPECS
from lakewright.specs.macros import Macros
from lakewright.specs.templates import Rendered, render_query
from lakewright.specs.texts import index_text, suggest
from lakewright.specs.values import Segment, SourceFile, SqlText


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the files it is made of, besides the spec."""

    text: SqlText
    files: tuple[SourceFile, ...]


def twin_path(path: str) -> str:
    """The query's place in `sql/` for a spec in `pipelines/`."""
    return str(PurePosixPath(QUERIES, *PurePosixPath(path).parts[1:]).with_suffix(".sql"))


def spec_path(path: str) -> str:
    """The place in `pipelines/` that a spec for the query at `path` would have."""
    return str(PurePosixPath(SPECS, *PurePosixPath(path).parts[1:]).with_suffix(".yml"))


def query_paths(path: str, files: Mapping[str, SourceFile]) -> tuple[str, ...]:
    """The query files that belong to the spec at `path` by their place."""
    beside = str(PurePosixPath(path).with_suffix(".sql"))
    return tuple(place for place in (twin_path(path), beside) if place in files)


def named_query(path: str, query: str, files: Mapping[str, SourceFile]) -> str | None:
    """The file that `query` names: from the root, beside the spec, or in the twin folder."""
    folders = (PurePosixPath(), PurePosixPath(path).parent, PurePosixPath(twin_path(path)).parent)
    places = (str(folder / query) for folder in folders)
    return next((place for place in places if place in files), None)


def is_inline(query: str) -> bool:
    """Whether the key `query` holds SQL and not a path."""
    return "\n" in query.strip() or not query.strip().endswith(".sql")


def read_file_query(
    file: SourceFile, macros: Macros, problems: list[Problem], each: Mapping[str, Any] | None = None
) -> Query | None:
    if not file.text.strip():
        hint = "write one SELECT"
        problems.append(Problem("LW117", f"{file.path} is empty", Place(file.path, 1), hint))
        return None
    rendered = render_query(file.path, file.text, macros, problems, each=each)
    return Query(rendered.text, (file, *rendered.macros)) if rendered else None


def read_query(
    document: Document,
    query: str | None,
    files: Mapping[str, SourceFile],
    macros: Macros,
    problems: list[Problem],
    *,
    each: Mapping[str, Any] | None = None,
) -> Query | None:
    """The query of a spec, None with its problems when there is none or more than one.

    `each` is the table's row of `for_each`.
    """
    path = document.path
    beside = query_paths(path, files)
    if query is None and len(beside) == 1:
        return read_file_query(files[beside[0]], macros, problems, each)
    where = document.place("query" if query is not None else "table")
    if query is not None and not is_inline(query):
        named = named_query(path, query.strip(), files)
        if named is None:
            problems.append(_missing(query.strip(), where, files))
            return None
        others = [place for place in beside if place != named]
        if not others:
            return read_file_query(files[named], macros, problems, each)
        beside = (named, *others)
    elif query is not None and not beside:
        return _inline(document, macros, problems, each)
    elif query is not None:
        beside = ("the key `query`", *beside)
    if not beside:
        hint = f"write it to {twin_path(path)}, or name it with `query` or `python`"
        problems.append(Problem("LW140", "this table has no query", where, hint=hint))
    else:
        message = f"this table has {len(beside)} queries: {' and '.join(beside)}"
        problems.append(Problem("LW141", message, where, hint="keep one of them"))
    return None


def _missing(query: str, where: Place, files: Mapping[str, SourceFile]) -> Problem:
    if query.startswith("/") or ".." in PurePosixPath(query).parts:
        hint = "name a file of the project, from its root"
        return Problem("LW190", f"`{query}` leaves the project", where, hint=hint)
    paths = [path for path in files if path.endswith(".sql")]
    name = PurePosixPath(query).name
    by_name = {PurePosixPath(path).name: path for path in paths}
    near = get_close_matches(name, sorted(by_name), n=1)
    hint = suggest(query, paths) or (f"did you mean `{by_name[near[0]]}`?" if near else "")
    return Problem("LW142", f"there is no file `{query}`", where, hint=hint)


def _inline(
    document: Document, macros: Macros, problems: list[Problem], each: Mapping[str, Any] | None
) -> Query | None:
    node = document.find(("query",))
    assert node is not None, "the key was read"
    before = len(problems)
    rendered = render_query(document.path, node.value, macros, problems, each=each)
    own = inline_text(document, node)
    # Places inside the value, as templates give them, are moved to where the value stands.
    for index in range(before, len(problems)):
        problems[index] = _moved(problems[index], node.value, own)
    return None if rendered is None else Query(_compose(own, rendered), rendered.macros)


def _compose(own: SqlText, rendered: Rendered) -> SqlText:
    """The rendered text with places in the YAML file instead of in the value."""
    segments = []
    for segment in rendered.text.segments:
        if not segment.copied:
            segments.append(Segment(segment.start, _origin(own, segment.origin), copied=False))
            continue
        following = [s.start for s in rendered.text.segments if s.start > segment.start]
        length = (following[0] if following else len(rendered.text.text)) - segment.start
        segments.append(Segment(segment.start, _origin(own, segment.origin), _copied(own, segment)))
        inside = [s for s in own.segments if segment.origin < s.start < segment.origin + length]
        segments += [
            Segment(segment.start + s.start - segment.origin, s.origin, s.copied) for s in inside
        ]
    return SqlText(own.path, own.raw, rendered.text.text, tuple(segments))


def _holding(own: SqlText, offset: int) -> Segment:
    return [segment for segment in own.segments if segment.start <= offset][-1]


def _origin(own: SqlText, offset: int) -> int:
    segment = _holding(own, offset)
    return segment.origin + (offset - segment.start if segment.copied else 0)


def _copied(own: SqlText, segment: Segment) -> bool:
    return _holding(own, segment.origin).copied


def _moved(problem: Problem, value: str, own: SqlText) -> Problem:
    if problem.where is None or problem.where.path != own.path:
        return problem
    text = index_text(own.path, value)
    offset = text.starts[problem.where.line - 1] + problem.where.column - 1
    place = own.place(offset, problem.where.length)
    return Problem(problem.code, problem.message, place, problem.hint, problem.label, problem.notes)
