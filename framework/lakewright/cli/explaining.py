"""`explain`: the page of an error code. Loads nothing that could itself be broken."""

from __future__ import annotations

from difflib import get_close_matches

from lakewright.cli.options import Common
from lakewright.cli.streams import Streams
from lakewright.errors import UsageError
from lakewright.errors.pages import page_codes, read_page
from lakewright.observe import FORMAT_VERSION, render_json


def explain_code(common: Common, code: str | None) -> int:
    """`explain`: the page of an error code, or the list of all codes."""
    streams = Streams.of(common)
    if code is None:
        titles = {known: _title(read_page(known) or "") for known in page_codes()}
        if common.json:
            streams.answer(render_json({"format_version": FORMAT_VERSION, "codes": titles}))
        else:
            streams.answer("".join(f"{known}  {title}\n" for known, title in titles.items()))
        return 0
    page = read_page(code)
    if page is None:
        near = get_close_matches(code.upper(), page_codes(), n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "lakewright explain lists all codes"
        raise UsageError("LW344", f"there is no error code `{code}`", hint=hint)
    if common.json:
        told = {"format_version": FORMAT_VERSION, "code": code.upper(), "title": _title(page)}
        streams.answer(render_json({**told, "page": page}))
    else:
        streams.answer(page if page.endswith("\n") else f"{page}\n")
    return 0


def _title(page: str) -> str:
    return page.split("\n", 1)[0].removeprefix("# ").partition(": ")[2]
