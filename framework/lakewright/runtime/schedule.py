"""Runs work in build order, several at a time, and stops handing out work when told to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

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
    out more; after a False what is under way is waited for. Its exceptions are raised here.
    """
    if workers == 1:
        _run_alone(needs, work)
        return
    done: set[TableName] = set()
    started: set[TableName] = set()
    with ThreadPoolExecutor(workers, thread_name_prefix="table") as pool:
        running: dict[Future[bool], TableName] = {}
        go_on = True
        try:
            while True:
                for name in _ready(needs, done, started) if go_on else ():
                    started.add(name)
                    running[pool.submit(work, name)] = name
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    done.add(running.pop(future))
                    go_on = future.result() and go_on
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run_alone(needs: Needs, work: Callable[[TableName], bool]) -> None:
    done: set[TableName] = set()
    while ready := _ready(needs, done, done):
        name = ready[0]
        done.add(name)
        if not work(name):
            return


def _ready(needs: Needs, done: set[TableName], started: set[TableName]) -> list[TableName]:
    return [name for name, before in needs.items() if name not in started and before <= done]
