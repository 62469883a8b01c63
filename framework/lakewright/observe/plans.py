"""A plan as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from lakewright.lake import Held, LakeState, Release, SourceHead
from lakewright.names import TableName
from lakewright.observe.documents import FORMAT_VERSION, moment
from lakewright.observe.drift import drift_document, render_drift
from lakewright.observe.held import since_text, why_text
from lakewright.observe.paint import Paint, Style, cell_width, plain_text
from lakewright.observe.retention import cost_text, retained_bytes
from lakewright.observe.serving import serving_document, serving_line
from lakewright.observe.tables import count, minute, size
from lakewright.plans import (
    BuildTable,
    Change,
    DropTable,
    Plan,
    Reason,
    RestoreTable,
    Serving,
    fate_of,
)
from lakewright.specs import SourceFile, digest_files

_MARKS: dict[str, tuple[str, Style]] = {
    "create": ("+", "good"),
    "rebuild": ("~", "warn"),
    "alter": ("~", "warn"),
    "refresh": (">", "name"),
    "restore": ("<", "warn"),
    "drop": ("-", "bad"),
    "free": ("*", "good"),
}
_COUNTED = ("rebuild", "create", "refresh", "alter", "restore", "drop")
_FOLD_PLAN = 40  # changes that are listed one by one
_FOLD_ACTION = 10  # of each action, when the plan is longer than that
_FOLD_REASONS = 3
_REASONS_WIDTH = 72  # reasons that fit stand on one line


def render_plan(
    plan: Plan,
    *,
    color: bool = False,
    verbose: bool = False,
    retention_days: int | None = None,
    serving: Serving | None = None,
) -> str:
    """What would change and why, for people. Ends with a newline."""
    paint = Paint(color)
    blocks = [_header(plan, paint), _changes(plan, paint, verbose)]
    fates = [(drift, fate_of(plan, drift)) for drift in plan.state.drift]
    blocks += [render_drift(fates, color=color, verbose=verbose)]
    blocks += ["".join(f"note: {plain_text(note)}\n" for note in plan.notes)]
    served = serving_line(serving) if serving is not None else ""
    blocks += [_summary(plan) + _restorable(plan.state, retention_days) + served]
    return "\n".join(block for block in blocks if block)


def plan_document(plan: Plan, serving: Serving | None = None) -> dict[str, Any]:
    """The plan as other programs read it."""
    moving = {change.table for change in plan.changes}
    return {
        "format_version": FORMAT_VERSION,
        "kind": plan.kind,
        "project": plan.graph.project,
        "environment": plan.environment,
        "base_release": plan.base_release,
        "base": plan.state.base or None,
        "created_at": moment(plan.now),
        "today": plan.today.isoformat(),
        "changes": [_change_document(change, plan, moving) for change in plan.changes],
        "pending": [_change_document(change, plan, moving) for change in plan.pending],
        "held": [held_document(held) for held in plan.held],
        "freed": [held_document(held) for held in plan.freed],
        "drift": [drift_document(drift, fate_of(plan, drift)) for drift in plan.state.drift],
        "unchanged": [str(name) for name in plan.unchanged],
        "reads_bytes": plan.reads_bytes,
        "restorable_from": plan.state.restorable_from,
        "retained_bytes": retained_bytes(plan.state.release),
        "notes": list(plan.notes),
        "empty": plan.empty,
        "serve": serving_document(serving) if serving is not None else None,
    }


def held_document(held: Held) -> dict[str, Any]:
    return {
        "table": str(held.table),
        "by": held.by,
        "since_release": held.since_release,
        "check": held.check,
        "reason": held.reason,
    }


def code_of(release: Release) -> str:
    """A short digest of all code a release carries: equal digests, equal code."""
    files = tuple(
        SourceFile(str(name), f"{entry.code} {entry.fingerprint} {entry.metadata}")
        for name, entry in sorted(release.tables.items())
        if entry.code
    )
    return digest_files(files)[:7]


def _header(plan: Plan, paint: Paint) -> str:
    release = plan.state.release
    number = (plan.state.base or f"release {release.release}") if release else ""
    base = (
        f"{number} ({minute(release.created_at)}, code {code_of(release)})"
        if release
        else "none, nothing is released yet"
    )
    return f"{paint(f'Plan for {plan.environment}', 'strong')}    base: {base}\n"


def _changes(plan: Plan, paint: Paint, verbose: bool) -> str:
    listed: list[Change] = [*plan.changes, *plan.pending]
    names = [str(change.table) for change in listed] + [
        str(held.table) for held in (*plan.held, *plan.freed)
    ]
    width = max((cell_width(name) for name in names), default=0)
    shown, folded = _fold(listed, verbose)
    lines: list[str] = []
    for change in shown:
        details = _details(change, verbose, pending=change in plan.pending)
        details += _spared(_spared_under(plan, change.table), verbose)
        lines += _row(change.action, str(change.table), details, width, paint)
    lines += [f"    ... and {number} more to {action}; -v lists all" for action, number in folded]
    for held in plan.held:
        text = f"{since_text(held)}: {why_text(held)}"
        lines += _row("held", str(held.table), [text], width, paint)
    for freed in plan.freed:
        lines += _row("free", str(freed.table), ["was held; nothing is left to do"], width, paint)
    return "".join(f"{line}\n" for line in lines)


def _row(action: str, name: str, details: Sequence[str], width: int, paint: Paint) -> Iterator[str]:
    mark, style = _MARKS.get(action, ("!", "warn"))
    pad = " " * (width - cell_width(name))
    first, *rest = [plain_text(detail) for detail in details] or [""]
    yield f"  {paint(mark, style)} {name}{pad}   {paint(f'{action:<7}', style)}   {first}".rstrip()
    for detail in rest:
        yield " " * (width + 17) + detail


def _details(change: Change, verbose: bool, *, pending: bool) -> list[str]:
    texts = [reason.detail for reason in _worth_saying(change.reasons)]
    if pending:
        texts.append(f"needs --allow-destructive {change.table}")
    elif isinstance(change, BuildTable) and change.refresh == "incremental" and not change.files:
        texts.append("incremental")
    joined = "; ".join(texts)
    if len(joined) <= _REASONS_WIDTH:
        return [joined]
    if verbose or len(texts) <= _FOLD_REASONS:
        return texts
    more = len(texts) - _FOLD_REASONS
    return [*texts[:_FOLD_REASONS], f"... and {count(more, 'more reason')}; -v lists all"]


def _spared_under(plan: Plan, table: TableName) -> tuple[TableName, ...]:
    """Readers of a changed table that stay as they are, in name order."""
    return tuple(sorted(one.table for one in plan.spared if table in one.inputs))


def _spared(names: Sequence[TableName], verbose: bool) -> list[str]:
    if not names:
        return []
    few = len(names) if verbose else _FOLD_REASONS
    shown = ", ".join(map(str, names[:few]))
    more = f" and {len(names) - few} more" if len(names) > few else ""
    verb = "reads" if len(names) == 1 else "read"
    return [f"not affected: {shown}{more} ({verb} no changed column)"]


def _worth_saying(reasons: Sequence[Reason]) -> list[Reason]:
    """Metadata that changes together with code is no news."""
    other = [reason for reason in reasons if reason.kind != "metadata"]
    causes = [reason for reason in other if reason.kind != "fork"]
    return other if causes else list(reasons)


def _fold(changes: Sequence[Change], verbose: bool) -> tuple[list[Change], list[tuple[str, int]]]:
    """The changes to list, and how many more of each action there are. Drops are always listed."""
    if verbose or len(changes) <= _FOLD_PLAN:
        return list(changes), []
    seen: Counter[str] = Counter()
    shown = []
    for change in changes:
        seen[change.action] += 1
        if seen[change.action] <= _FOLD_ACTION or isinstance(change, DropTable):
            shown.append(change)
    listed = Counter(str(change.action) for change in shown)
    return shown, [(action, n - listed[action]) for action, n in seen.items() if n > listed[action]]


def _summary(plan: Plan) -> str:
    if plan.empty and not plan.pending:
        held = f", {len(plan.held)} held" if plan.held else ""
        return f"Nothing to change: {len(plan.unchanged)} unchanged{held}.\n"
    counted = Counter(str(change.action) for change in (*plan.changes, *plan.pending))
    parts = [f"{counted[action]} {action}" for action in _COUNTED if counted[action]]
    parts += [f"{len(plan.held)} held"] if plan.held else []
    parts += [f"{len(plan.freed)} freed"] if plan.freed else []
    unchanged = len(set(plan.unchanged) - {held.table for held in plan.freed})
    parts += [f"{unchanged} unchanged"] if unchanged else []
    reads = _reads(plan.reads_bytes) if plan.changes else ""
    return f"{', '.join(parts)}.{reads}\n"


def _reads(amount: int | None) -> str:
    return "  Reads: unknown." if amount is None else f"  Reads about {size(amount)}."


def _restorable(state: LakeState, retention_days: int | None) -> str:
    if state.release is None or state.base:
        return ""
    text = f"Rollback point: release {state.release.release}."
    if state.restorable_from is not None:
        kept = f" ({retention_days} days)" if retention_days else ""
        cost = cost_text(retained_bytes(state.release))
        text += f"  Restorable back to release {state.restorable_from}{kept}, {cost}."
    return f"{text}\n"


def _change_document(change: Change, plan: Plan, moving: AbstractSet[TableName]) -> dict[str, Any]:
    columns = change.columns
    document: dict[str, Any] = {
        "table": str(change.table),
        "action": change.action,
        "category": change.category,
        "refresh": change.refresh,
        "reasons": [reason.detail for reason in change.reasons],
        "columns": {
            "added": list(columns.added),
            "removed": list(columns.removed),
            "retyped": {name: list(columns.retyped[name]) for name in sorted(columns.retyped)},
        },
        "inputs": _inputs(change, plan.state, moving),
        "not_affected": [str(name) for name in _spared_under(plan, change.table)],
    }
    if isinstance(change, BuildTable):
        document["files"] = [file.path for file in change.files]
    return document


def _inputs(
    change: Change, state: LakeState, moving: AbstractSet[TableName]
) -> dict[str, int | None]:
    """What the change reads -> the version it has now; None for what the plan writes first."""
    if isinstance(change, DropTable | RestoreTable):
        return {}
    return {
        str(name): None if name in moving else _version(name, state)
        for name in change.step.upstream
    }


def _version(name: TableName, state: LakeState) -> int | None:
    head = state.inputs.get(name)
    if isinstance(head, SourceHead):
        return None if head.missing else head.version
    entry = state.release.tables.get(name) if state.release else None
    return entry.version if entry else None
