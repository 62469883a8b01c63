"""A rollback as text and as JSON: what goes back, from where to where, and what is rewound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from lakewright.lake import Entry, RewoundFile
from lakewright.observe.paint import Paint, plain_text
from lakewright.observe.plans import code_of, plan_document
from lakewright.observe.serving import serving_line
from lakewright.observe.tables import count, figure, minute, render_table, size
from lakewright.plans import Plan, RestoreTable, Rollback, Serving

_FOLD_FILES = 10  # files of one ingest that are listed
_NOW = {
    "there": "still there",
    "changed": "has another content now",
    "gone": "gone: it cannot be loaded again",
}


def render_rollback(
    plan: Plan, serving: Serving | None = None, *, color: bool = False, verbose: bool = False
) -> str:
    """What would go back, for people. Ends with a newline."""
    rollback = _rollback(plan)
    changes = _changes(plan)
    paint = Paint(color)
    blocks = [_header(plan, rollback, paint)]
    if changes:
        blocks.append(_tables(changes, color))
        blocks += [_files(change, verbose, color) for change in changes if change.files]
    blocks.append("".join(f"note: {plain_text(note)}\n" for note in plan.notes))
    served = serving_line(serving) if serving is not None else ""
    blocks.append(_summary(plan, rollback, changes) + served)
    return "\n".join(block for block in blocks if block)


def rollback_document(plan: Plan, serving: Serving | None = None) -> dict[str, Any]:
    """The plan as other programs read it: that of `plan --json`, with what a rollback adds."""
    rollback = _rollback(plan)
    document = plan_document(plan, serving)
    document["changes"] = [
        {**written, **_restore_document(change)}
        for written, change in zip(document["changes"], _changes(plan), strict=True)
    ]
    document["rollback"] = {
        "to": rollback.to.release,
        "mode": rollback.mode,
        "along": [str(name) for name in rollback.along],
        "kept": [str(name) for name in rollback.kept],
        "restorable_from": plan.state.restorable_from,
    }
    return document


def _rollback(plan: Plan) -> Rollback:
    assert plan.rollback is not None, "a rollback plan says what it goes back to"
    return plan.rollback


def _changes(plan: Plan) -> list[RestoreTable]:
    return [change for change in plan.changes if isinstance(change, RestoreTable)]


def _header(plan: Plan, rollback: Rollback, paint: Paint) -> str:
    to = rollback.to
    what = paint(f"Rollback of {plan.environment}", "strong")
    return (
        f"{what}    release {plan.base_release} -> {to.release}"
        f" ({minute(to.created_at)}, code {code_of(to)})\n"
    )


def _tables(changes: Sequence[RestoreTable], color: bool) -> str:
    header = ("", "table", "version", "rows", "bytes", "")
    rows = [
        (
            "<",
            str(change.table),
            _moved(change, _version),
            _moved(change, lambda entry: figure(entry.rows) if entry.location else "-"),
            _moved(change, lambda entry: size(entry.bytes) if entry.location else "-"),
            "; ".join(_remarks(change)),
        )
        for change in changes
    ]
    return render_table(header, rows, color=color, indent="  ")


def _remarks(change: RestoreTable) -> Iterator[str]:
    yield from (reason.detail for reason in change.reasons)
    if change.kind == "source" and change.before and change.after:
        yield "what was consumed; the source itself is not touched"
    if change.files:
        yield f"{count(len(change.files), 'file')} rewound"


def _files(change: RestoreTable, verbose: bool, color: bool) -> str:
    """The rewound files of one ingest: those that cannot be loaded again come first."""
    order = {"gone": 0, "changed": 1, "there": 2}
    files = sorted(change.files, key=lambda file: (order[file.now], file.path))
    shown = files if verbose else files[:_FOLD_FILES]
    rows = [(file.path, size(file.size), _NOW[file.now]) for file in shown]
    header = (f"loaded into {change.table} since", "bytes", "now")
    text = render_table(header, rows, right=("bytes",), color=color, indent="  ")
    rest: Counter[str] = Counter(file.now for file in files[len(shown) :])
    told = ", ".join(f"{rest[now]:,} {_NOW[now]}" for now in order if rest[now])
    return text + (f"  ... and {told}; -v lists all\n" if told else "")


def _summary(plan: Plan, rollback: Rollback, changes: Sequence[RestoreTable]) -> str:
    if plan.empty:
        return f"Nothing to change: everything is as in release {rollback.to.release}.\n"
    held = f", {len(plan.held)} held" if plan.held else ""
    unchanged = f", {len(plan.unchanged)} unchanged" if plan.unchanged else ""
    undo = f"Release {plan.base_release} stays: --to {plan.base_release} undoes this."
    back = plan.state.restorable_from
    restorable = f"  Restorable back to release {back}." if back is not None else ""
    return f"{len(changes)} restore{held}{unchanged}.  No rows are copied.\n{undo}{restorable}\n"


def _moved(change: RestoreTable, figure_of: Any) -> str:
    before = figure_of(change.before) if change.before else "none"
    after = figure_of(change.after) if change.after else "none"
    return before if before == after else f"{before} -> {after}"


def _version(entry: Entry) -> str:
    return str(entry.version) if entry.location or entry.kind == "source" else "-"


def _restore_document(change: RestoreTable) -> dict[str, Any]:
    before, after = change.before, change.after
    return {
        "kind": change.kind,
        "from_version": before.version if before else None,
        "to_version": after.version if after else None,
        "rows_before": before.rows if before else None,
        "rows_after": after.rows if after else None,
        "bytes_before": before.bytes if before else None,
        "bytes_after": after.bytes if after else None,
        "files": [_file_document(file) for file in change.files],
    }


def _file_document(file: RewoundFile) -> dict[str, Any]:
    return {"path": file.path, "size": file.size, "now": file.now}
