"""`${env:NAME}` and `${file:PATH}`: the only ways for a secret or a place outside to get in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lakewright.errors import LakeError, Place, Problem, SpecError

_REFERENCE = re.compile(r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^${}]+)\}")
_BARE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def check_secrets(text: str, where: Place) -> list[Problem]:
    """LW182 when `text` holds a `${` of another form; resolves nothing."""
    rest = _REFERENCE.sub("", text)
    if "${" not in rest:
        return []
    message = "only `${env:NAME}` and `${file:PATH}` can be filled in"
    bare = _BARE.search(rest)
    hint = f"did you mean `${{env:{bare[1]}}}`?" if bare else "what is filled in holds no `$`"
    return [Problem("LW182", message, where, hint=hint)]


def resolve_secrets(
    text: str,
    environ: Mapping[str, str],
    read_file: Callable[[str], str],
    where: Place | None = None,
) -> str:
    """`text` with its references filled in, once: what is filled in is not looked at again.

    LakeError LW181 when a variable is not set, LW183 when a file cannot be read, SpecError LW182
    for any other `${`. Messages name the reference, never a value.
    """
    problems = check_secrets(text, where or Place("", 1))
    if problems:
        raise SpecError("LW182", problems[0].message, where, hint=problems[0].hint)

    def fill(match: re.Match[str]) -> str:
        form, _, name = match[1].partition(":")
        return _variable(name, environ, where) if form == "env" else _file(name, read_file, where)

    return _REFERENCE.sub(fill, text)


def _variable(name: str, environ: Mapping[str, str], where: Place | None) -> str:
    value = environ.get(name)
    if not value:
        message = f"the environment variable {name} is not set"
        raise LakeError("LW181", message, where, hint=f"export {name}=…")
    return value


def _file(path: str, read_file: Callable[[str], str], where: Place | None) -> str:
    try:
        return read_file(path).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8"
        message = f"the file {path} cannot be read: {reason}"
        hint = "a path is read from the project's folder; it may begin with / or ~"
        raise LakeError("LW183", message, where, hint=hint) from error
