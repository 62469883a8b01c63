"""The type of the `golden` fixture, for signatures."""

from __future__ import annotations

from collections.abc import Callable

Golden = Callable[[str, str], None]
