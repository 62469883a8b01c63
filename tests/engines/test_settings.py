"""Settings that specs refuse to change are the ones that every session has."""

from __future__ import annotations

from lakewright.engines.settings import SPARK_SESSION_SETTINGS
from lakewright.specs.settings import FIXED_CONF


def test_what_no_target_may_set_is_what_sessions_are_set_to() -> None:
    assert {name: SPARK_SESSION_SETTINGS.get(name) for name in FIXED_CONF} == FIXED_CONF
