"""One engine for all tests of a process: fixtures and YAML tests alike."""

from __future__ import annotations

import pytest

from lakewright.engines import Engine, open_engine

_KEY = pytest.StashKey[Engine]()


def shared_engine(config: pytest.Config) -> Engine:
    """The engine of `--engine`, started at its first use and closed when pytest ends."""
    if _KEY not in config.stash:
        engine = open_engine(str(config.getoption("--engine")))
        config.add_cleanup(engine.close)
        config.stash[_KEY] = engine
    return config.stash[_KEY]
