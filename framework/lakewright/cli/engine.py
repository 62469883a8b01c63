"""An engine that starts when it is first needed: an empty plan starts none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError
from threading import Lock

from lakewright.engines import Capabilities, Catalog, Engine, Session, engine_capabilities
from lakewright.errors import LakeError
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
        return self.start().packages

    def start(self) -> Engine:
        """The engine, started now if it was not; LakeError LW602 when a package is missing."""
        with self._opening:
            if self._engine is None:
                try:
                    self._engine = self._open()
                except PackageNotFoundError as error:
                    raise LakeError(
                        "LW602",
                        f"the engine `{self._name}` needs {error.name}, which is not installed",
                        hint=f"pip install 'lakewright[{self._name}]', or choose another --engine",
                    ) from error
            return self._engine

    @property
    def jvm_pid(self) -> int | None:
        """Of the started engine; None before, and for one without a JVM."""
        return getattr(self._engine, "jvm_pid", None)

    @property
    def jvm_work(self) -> str | None:
        """What the started engine is to a JVM that it shares."""
        return getattr(self._engine, "jvm_work", None)

    def session(self) -> Session:
        return self.start().session()

    def check_tables(self, features: Mapping[TableName, Sequence[str]]) -> None:
        self.start().check_tables(features)

    def catalog(self, name: str) -> Catalog:
        return self.start().catalog(name)

    def close(self) -> None:
        """Stop the engine when it was started."""
        if self._engine is not None:
            self._engine.close()
