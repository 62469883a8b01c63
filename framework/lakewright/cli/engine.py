"""An engine that starts when it is first needed: an empty plan starts none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from lakewright.engines import Capabilities, Engine, Session, engine_capabilities
from lakewright.names import TableName


class OnDemand:
    """An `Engine` by name. `open` is called once, at the first use of a session."""

    def __init__(self, name: str, open_it: Callable[[], Engine]) -> None:
        self._name = name
        self._open = open_it
        self._engine: Engine | None = None
        self._opening = Lock()  # tables are built in several threads, and share one engine

    @property
    def name(self) -> str:
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        return engine_capabilities(self._name)

    @property
    def packages(self) -> Mapping[str, str]:
        return self.started.packages

    @property
    def started(self) -> Engine:
        with self._opening:
            if self._engine is None:
                self._engine = self._open()
            return self._engine

    def session(self) -> Session:
        return self.started.session()

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        self.started.check_tables(features)

    def close(self) -> None:
        """Stop the engine when it was started."""
        if self._engine is not None:
            self._engine.close()
