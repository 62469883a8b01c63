"""Runs work in build order, several at a time, and stops handing out work when told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import SimpleQueue
from threading import Event, Thread

from lakewright.names import TableName

Needs = Mapping[TableName, frozenset[TableName]]  # table -> those that must be done before it


def run_in_order(
    needs: Needs,
    work: Callable[[TableName], bool],
    *,
    workers: int,
) -> None:
    """Call `work` once for every table after all it needs; at most `workers` at a time.

    `work` runs in a thread of its own (with one worker: in this one) and answers whether to hand
    out more; after a False what is under way is waited for. Its exceptions are raised here. So is
    KeyboardInterrupt, when what is under way has ended; a second one does not wait.
    """
    if workers == 1:
        _run_alone(needs, work)
        return
    crew = _Crew(work, min(workers, len(needs)))
    try:
        crew.start()
        _hand_out(needs, crew)
    finally:
        crew.dismiss()


class _Crew:
    """Threads that take names from one queue and put outcomes into another.

    An executor would lose a thread when an interrupt meets it between starting and noting it; here
    the threads are known before they start.
    """

    def __init__(self, work: Callable[[TableName], bool], size: int) -> None:
        self._work = work
        self._stopped = Event()
        self._names: SimpleQueue[TableName | None] = SimpleQueue()
        self._outcomes: SimpleQueue[tuple[TableName, bool | BaseException]] = SimpleQueue()
        self._threads = [Thread(target=self._serve, daemon=True) for _ in range(size)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def give(self, name: TableName) -> None:
        self._names.put(name)

    def take(self) -> tuple[TableName, bool]:
        """The next table that is done; raises what its work raised."""
        name, outcome = self._outcomes.get()
        if isinstance(outcome, BaseException):
            raise outcome
        return name, outcome

    def dismiss(self) -> None:
        """Wait for what is under way; begin nothing more."""
        self._stopped.set()
        for _ in self._threads:
            self._names.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def _serve(self) -> None:
        while (name := self._names.get()) is not None:
            if self._stopped.is_set():
                continue
            try:
                self._outcomes.put((name, self._work(name)))
            except BaseException as error:  # noqa: BLE001 - raised again where it is taken
                self._outcomes.put((name, error))


def _hand_out(needs: Needs, crew: _Crew) -> None:
    done: set[TableName] = set()
    started: set[TableName] = set()
    go_on = True
    while True:
        for name in _ready(needs, done, started) if go_on else ():
            started.add(name)
            crew.give(name)
        if started == done:
            return
        name, more = crew.take()
        done.add(name)
        go_on = go_on and more


def _run_alone(needs: Needs, work: Callable[[TableName], bool]) -> None:
    done: set[TableName] = set()
    while ready := _ready(needs, done, done):
        name = ready[0]
        done.add(name)
        if not work(name):
            return


def _ready(needs: Needs, done: set[TableName], started: set[TableName]) -> list[TableName]:
    return [name for name, before in needs.items() if name not in started and before <= done]
