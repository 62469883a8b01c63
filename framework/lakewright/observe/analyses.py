"""What an engine's analysis covered, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakewright.observe.tables import count

if TYPE_CHECKING:  # it brings the engines, which `validate` alone never needs
    from lakewright.runtime import Analysis


def render_analysis(analysis: Analysis | None, engine: str) -> str:
    """How many tables were analysed, and why the others were not; nothing without an analysis."""
    if analysis is None:
        return ""
    lines = [f"{engine} analysed {count(len(analysis.fields), 'table')} and their rules.\n"]
    lines += [f"  not analysed: {name}, {why}\n" for name, why in analysis.unknown.items()]
    return "".join(lines)


def analysis_document(analysis: Analysis | None) -> dict[str, Any]:
    """Fields to add to what `validate --json` prints."""
    if analysis is None:
        return {}
    return {
        "analysed": {
            str(name): [{"name": field.name, "type": field.type} for field in fields]
            for name, fields in analysis.fields.items()
        },
        "not_analysed": {str(name): why for name, why in analysis.unknown.items()},
    }
