"""The selection grammar: `name`, `+name`, `name+`, `2+name+`, `method:value`, wildcards.

A space unites, a comma intersects. Methods: tag, layer, schema, owner, path, source,
state:modified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from lakewright.errors import UsageError
from lakewright.graph.near import near_hint, near_name
from lakewright.graph.values import Graph, Step
from lakewright.names import TableName

_ATOM = re.compile(r"(?:(?P<up>\d*)\+)?(?P<core>[^+]+?)(?:\+(?P<down>\d*))?\Z")
_METHODS = ("tag", "layer", "schema", "owner", "path", "source", "state")
_OUTSIDE = ("source", "ingest")  # kinds whose rows come from outside
_ALL = 1_000_000

Modified = Callable[[], set[TableName]]


def select(
    graph: Graph,
    expressions: Sequence[str],
    exclude: Sequence[str] = (),
    modified: Modified | None = None,
) -> tuple[TableName, ...]:
    """The selected tables in build order; everything without `expressions`.

    Raises UsageError LW301 when nothing is selected or an expression cannot be read.
    """
    chosen = set(graph.steps) if not expressions else _united(graph, expressions, modified)
    chosen -= _united(graph, exclude, modified)
    if not chosen:
        raise _nothing(graph, expressions)
    return tuple(name for name in graph.steps if name in chosen)


def _united(graph: Graph, expressions: Sequence[str], modified: Modified | None) -> set[TableName]:
    chosen: set[TableName] = set()
    for expression in expressions:
        for term in expression.split():
            chosen |= _intersected(graph, term, modified)
    return chosen


def _intersected(graph: Graph, term: str, modified: Modified | None) -> set[TableName]:
    sets = [_atom(graph, atom, modified) for atom in term.split(",") if atom]
    return set.intersection(*sets) if sets else set()


def _atom(graph: Graph, text: str, modified: Modified | None) -> set[TableName]:
    found = _ATOM.match(text)
    if not found:
        raise UsageError("LW301", f"`{text}` is not a selection", hint="for example +silver.x+")
    chosen = _core(graph, found.group("core"), modified)
    up, down = found.group("up"), found.group("down")
    wider = set(chosen)
    if up is not None:
        upstream = {step.name: step.upstream for step in graph.steps.values()}
        wider |= _walk(upstream, chosen, int(up) if up else _ALL)
    if down is not None:
        wider |= _walk(_readers(graph), chosen, int(down) if down else _ALL)
    return wider


def _core(graph: Graph, core: str, modified: Modified | None) -> set[TableName]:
    method, colon, value = core.partition(":")
    if not colon:
        return {name for name in graph.steps if _named(name, core.lower())}
    if method not in _METHODS:
        hint = near_hint(method, _METHODS, f"methods are {', '.join(_METHODS)}")
        raise UsageError("LW301", f"`{method}:` is not a selection method", hint=hint)
    if method == "state":
        return _state(graph, value, modified)
    return {step.name for step in graph.steps.values() if _matches(step, method, value)}


def _state(graph: Graph, value: str, modified: Modified | None) -> set[TableName]:
    if value != "modified":
        raise UsageError("LW301", f"`state:{value}` is not known", hint="write state:modified")
    if modified is None:
        raise UsageError(
            "LW301",
            "`state:modified` needs a released state to compare with",
            hint="it works where an environment is read: plan, apply, ls",
        )
    return modified() & set(graph.steps)


def _named(name: TableName, pattern: str) -> bool:
    """By the full name, or by the last part when the pattern has no dot."""
    return fnmatchcase(str(name) if "." in pattern else name.table, pattern)


def _matches(step: Step, method: str, value: str) -> bool:
    match method:
        case "tag":
            return any(fnmatchcase(tag, value) for tag in step.tags)
        case "layer":
            return fnmatchcase(step.layer, value)
        case "schema":
            return fnmatchcase(step.name.schema, value.lower())
        case "owner":
            return fnmatchcase(step.owner, value)
        case "path":
            return any(_below(file.path, value) for file in step.files) or _below(
                step.where.path, value
            )
    return step.kind in _OUTSIDE and _named(step.name, value.lower())


def _below(path: str, pattern: str) -> bool:
    wanted = pattern.removeprefix("./").rstrip("/")
    return fnmatchcase(path, wanted) or path.startswith(wanted + "/")


def _readers(graph: Graph) -> Mapping[TableName, Iterable[TableName]]:
    readers: dict[TableName, list[TableName]] = {name: [] for name in graph.steps}
    for step in graph.steps.values():
        for read in step.upstream:
            readers[read].append(step.name)
    return readers


def _walk(
    edges: Mapping[TableName, Iterable[TableName]], start: set[TableName], depth: int
) -> set[TableName]:
    seen, level = set(start), set(start)
    while level and depth > 0:
        level = {target for name in level for target in edges[name]} - seen
        seen |= level
        depth -= 1
    return seen


def _nothing(graph: Graph, expressions: Sequence[str]) -> UsageError:
    wanted = " ".join(expressions) or "everything"
    words = [word for word in re.split(r"[\s,+]+", wanted) if word and not word.isdigit()]
    hints = (_near(graph, word) for word in words)
    hint = next((hint for hint in hints if hint), "lakewright ls shows all names")
    return UsageError("LW301", f"nothing is selected by `{wanted}`", hint=hint)


def _near(graph: Graph, word: str) -> str:
    """The nearest word that may stand there, with its method."""
    method, colon, value = word.rpartition(":")
    nearest = near_name(value, _known(graph, word))
    return f"did you mean `{method}{colon}{nearest}`?" if nearest else ""


def _known(graph: Graph, word: str) -> list[str]:
    """What may stand where the word stands: names, or values of its method."""
    steps = list(graph.steps.values())
    match word.partition(":"):
        case ("tag", ":", _):
            return [tag for step in steps for tag in step.tags]
        case ("layer", ":", _):
            return [step.layer for step in steps]
        case ("schema", ":", _):
            return [step.name.schema for step in steps]
        case ("owner", ":", _):
            return [step.owner for step in steps if step.owner]
        case ("path", ":", _):
            return [step.where.path for step in steps]
        case ("source", ":", _):
            steps = [step for step in steps if step.kind in _OUTSIDE]
        case _:
            pass
    return [text for step in steps for text in (str(step.name), step.name.table)]
