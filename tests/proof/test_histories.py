"""Whatever happens to a lake, in any order: every release reads as it was made.

The histories of `make check` are always the same ones, so that what fails is the change that was
made; with `HISTORIES` set, as in `make soak`, they are others each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from proof.histories.machine import Histories

EXAMPLES = int(os.environ.get("HISTORIES", "300"))
STEPS = int(os.environ.get("HISTORY_STEPS", "8"))


def test_every_release_of_every_history_reads_as_it_was_made() -> None:
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize="HISTORIES" not in os.environ,
            print_blob=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
