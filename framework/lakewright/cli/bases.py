"""Where a plan begins when its environment has no release, or when a person wants to compare."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lakewright.cli.workspace import Workspace, locator, open_home
from lakewright.errors import LakeError
from lakewright.graph import Graph
from lakewright.lake import Entry, Lake, LakeState
from lakewright.lake.cloning import clone_mode
from lakewright.lake.forks import Origin, refuse_ended
from lakewright.plans import AlterTable, Plan, has_first_writes, state_over, tell_first_writes


@dataclass(frozen=True, slots=True)
class Over:
    """An environment, of this lake or of one that is only read, and how releases write the lake."""

    source: Lake
    environment: str
    written: str = ""

    def read(self, space: Workspace, own: LakeState, graph: Graph) -> LakeState:
        """The state to plan on: `own`, as if it were forked now; LakeError LW367 without one."""
        base = self.source.state(self.environment, graph.inputs, resolve=locator(space))
        if base.release is None:
            raise LakeError(
                "LW367",
                f"{self.environment} has no release at {self.source.uri}: it cannot be a base",
                hint="apply there first, or name another environment",
            )
        return state_over(own, base, self.origin(base.release.release))

    def origin(self, release: int) -> Origin:
        return Origin(self.environment, release, self.written)


def find_base(space: Workspace, lake: Lake, told: str | None) -> Over | None:
    """What a plan is made over: `--base` when it was said, else the target's `base:` at first."""
    if told is not None:
        return open_base(space, lake, told)
    if space.base is not None and (not lake.exists() or lake.latest(space.environment) is None):
        return open_base(space, lake, space.base.environment)
    return None


def open_base(space: Workspace, lake: Lake, environment: str) -> Over:
    """The environment of the target's base lake when that is its name, else of this lake.

    RefusedError LW512 when the base lake is another project's.
    """
    if space.base is None or space.base.environment != environment:
        over = Over(lake.read_only(), environment)
    else:
        source = open_home(replace(space, lake_uri=space.base.lake)).read_only()
        source.info()
        if space.project is not None:
            source.check_project(space.project.name)
        # A base in the very lake is a fork of an environment here: collections then know of it.
        written = "" if space.base.lake == lake.uri else space.base.written
        over = Over(source, environment, written)
    refuse_ended(over.source, environment, datetime.now(UTC))
    return over


def tell_costs(plan: Plan, space: Workspace, lake: Lake) -> Plan:
    """The plan, which says what the first write of a foreign table copies or clones."""
    if not has_first_writes(plan):
        return plan
    # The package of engines loads much, which other plans do without.
    from lakewright.engines import engine_capabilities
    from lakewright.runtime.definitions import redefines

    able = engine_capabilities(space.engine).shallow_clone

    def clones(entry: Entry) -> bool:
        return clone_mode(lake.entry_uri(entry), lake.uri, shallow=able) == "shallow"

    def alters(change: AlterTable) -> bool:
        return redefines(lake, change.step, change.before)

    return tell_first_writes(plan, clones, alters)
