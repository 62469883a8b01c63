"""What a run says while it goes on: a live list on a terminal, one line a finished table off it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from lakewright.cli.streams import Streams
from lakewright.names import TableName
from lakewright.observe.reports import render_event
from lakewright.runtime import Event, Watch


@contextmanager
def watched(streams: Streams) -> Iterator[Watch]:
    """A watcher to hand to a run. Events may come from several threads."""
    if streams.err.isatty() and streams.err_color:
        with _live(streams) as watch:
            yield watch
    else:
        yield _lines(streams)


def _lines(streams: Streams) -> Watch:
    lock = Lock()

    def watch(event: Event) -> None:
        text = render_event(event, color=streams.err_color)
        if text:
            with lock:
                streams.tell(f"{text}\n")

    return watch


@contextmanager
def _live(streams: Streams) -> Iterator[Watch]:
    # Only a terminal needs it, and it takes a while to load.
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.text import Text

    console = Console(file=streams.err, highlight=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    running: dict[TableName, TaskID] = {}
    lock = Lock()
    with Progress(*columns, console=console, transient=True) as progress:

        def watch(event: Event) -> None:
            with lock:
                if event.kind == "started" and event.table is not None:
                    running[event.table] = progress.add_task(str(event.table), total=None)
                    return
                task = running.pop(event.table, None) if event.table is not None else None
                if task is not None and event.kind != "step":
                    progress.remove_task(task)
                text = render_event(event, color=True)
                if text:
                    progress.console.print(Text.from_ansi(text))

        yield watch
