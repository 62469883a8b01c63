"""The pages behind `lakewright explain`: one file per code, in the installed package."""

from __future__ import annotations

from pathlib import Path

_PAGES = Path(__file__).with_name("pages")


def page_codes() -> tuple[str, ...]:
    """All codes that have a page, sorted."""
    return tuple(sorted(path.stem for path in _PAGES.glob("LW*.md")))


def read_page(code: str) -> str | None:
    """The page of a code such as `LW204` (any case), None when there is none."""
    wanted = code.strip().upper()
    if wanted not in page_codes():
        return None
    return (_PAGES / f"{wanted}.md").read_text(encoding="utf-8")
