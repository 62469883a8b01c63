"""What catalogs show of a lake's releases, and what a collection therefore leaves."""

from __future__ import annotations

from collections.abc import Iterator

from lakewright.errors import LakeError
from lakewright.lake import Lake, Release, list_served
from lakewright.plans.retaining import Need, find_served


def needs_of_catalogs(lake: Lake) -> Iterator[Need]:
    """What served views of all environments read, ended ones included."""
    for environment in lake.environments():
        for catalog, note in list_served(lake.store, environment).items():
            releases = list(_records(lake, environment, note.shown))
            yield from find_served(releases, f"{catalog} of {environment}")


def tell_standing(lake: Lake, environment: str) -> list[str]:
    """A note for each catalog that shows something of an environment that has ended."""
    return [
        f"{catalog} still shows {environment}: `lakewright env drop {environment}` takes its views"
        " away, and then its files can be collected"
        for catalog in sorted(list_served(lake.store, environment))
    ]


def _records(lake: Lake, environment: str, numbers: tuple[int, ...]) -> Iterator[Release]:
    for number in numbers:
        try:
            yield lake.release(environment, number)
        except LakeError as error:
            if error.code != "LW514":  # no release of that number: nothing can show it
                raise
