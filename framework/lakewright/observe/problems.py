"""Problems as text: what is wrong, where in the user's own file, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from lakewright.errors import Place, Problem
from lakewright.observe.paint import Paint, cell_width, plain_text

_WINDOW = 160  # characters of a source line that are shown


def render_problems(problems: Iterable[Problem], color: bool = False) -> str:
    """All problems, one block each, and a count when there are several. Ends with a newline."""
    paint = Paint(color)
    listed = tuple(problems)
    blocks = [_render(problem, paint) for problem in listed]
    if len(listed) > 1:
        files = {problem.where.path for problem in listed if problem.where}
        inside = f" in {len(files)} file{'s' if len(files) != 1 else ''}" if files else ""
        blocks.append(paint(f"{len(listed)} errors{inside}", "strong") + "\n")
    return "\n".join(blocks)


def _render(problem: Problem, paint: Paint) -> str:
    head = paint(f"error[{problem.code}]", "bad")
    lines = [f"{head}: {paint(plain_text(problem.message), 'strong')}"]
    gutter = 1
    if problem.where is not None:
        gutter = len(str(problem.where.line))
        lines += _snippet(problem.where, plain_text(problem.label), gutter, paint)
        if problem.where.made:
            lines.append(f"{' ' * (gutter + 2)}= this makes: {_made(problem.where.made)}")
    lines += [f"{' ' * (gutter + 2)}= {plain_text(note)}" for note in problem.notes]
    return "\n".join([*lines, _help(problem, paint)]) + "\n"


def _snippet(place: Place, label: str, gutter: int, paint: Paint) -> list[str]:
    lines = [f"{' ' * (gutter + 1)}{paint('-->', 'dim')} {place}"]
    source, column = _visible(place)
    if not source.strip():
        return lines
    bar = paint("|", "dim")
    before = source[: column - 1]
    span = source[column - 1 : column - 1 + max(place.length, 1)] or " "
    mark = " " * cell_width(before) + "^" * max(cell_width(span), 1)
    note = f" {label}" if label else ""
    return [
        *lines,
        f"{' ' * (gutter + 2)}{bar}",
        f" {paint(str(place.line), 'dim')} {bar} {source}",
        f"{' ' * (gutter + 2)}{bar} {paint(mark + note, 'bad')}",
    ]


def _visible(place: Place) -> tuple[str, int]:
    """The source line as printed and the column in it: no tabs, cut around the span when long."""
    source = plain_text(place.text.rstrip().replace("\t", " "))
    column = min(max(place.column, 1), len(source) + 1)
    if len(source) <= _WINDOW:
        return source, column
    start = max(0, column - 1 - _WINDOW // 3)
    cut = source[start : start + _WINDOW]
    lead, tail = "... " if start else "", " ..." if start + _WINDOW < len(source) else ""
    return f"{lead}{cut}{tail}", column - start + len(lead)


def _made(text: str) -> str:
    line = plain_text(" ".join(text.split()))
    return line if len(line) <= _WINDOW else f"{line[:_WINDOW]} ..."


def _help(problem: Problem, paint: Paint) -> str:
    more = paint(f"lakewright explain {problem.code}", "name")
    if not problem.hint:
        return f"{paint('help', 'good')}: {more}"
    return f"{paint('help', 'good')}: {plain_text(problem.hint)}      more: {more}"
