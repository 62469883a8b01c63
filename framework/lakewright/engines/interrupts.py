"""Ctrl-C stays with this process, also when a library inside it takes the signal for itself.

Sail's server ends itself at SIGINT: Python would never hear of the interrupt, and every query would
ask a server that is gone. What was set before is put back through Python's own C functions, which
any thread may call.
"""

from __future__ import annotations

import ctypes
import signal
import time


class KeptInterrupt:
    """Remembers who is called at SIGINT now; `restore` gives it back to them."""

    def __init__(self) -> None:
        self._before = _get(signal.SIGINT)

    def restore(self, patience: float = 0.0) -> None:
        """Put it back; waits up to `patience` seconds for somebody to have taken it."""
        ends = time.monotonic() + patience
        while _get(signal.SIGINT) == self._before and time.monotonic() < ends:
            time.sleep(0.001)
        if _get(signal.SIGINT) != self._before:
            _set(signal.SIGINT, self._before)


def _get(number: int) -> int | None:
    call = ctypes.pythonapi.PyOS_getsig
    call.restype = ctypes.c_void_p
    found: int | None = call(ctypes.c_int(number))
    return found


def _set(number: int, handler: int | None) -> None:
    call = ctypes.pythonapi.PyOS_setsig
    call.restype = ctypes.c_void_p
    call(ctypes.c_int(number), ctypes.c_void_p(handler))
