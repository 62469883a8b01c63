"""CSV as RFC 4180 has it: quoted delimiters, quotes and line ends; a header or none.

Blocks in which every quote opens or closes a whole field go through Arrow. All others, and those
with a
record that Arrow refuses, go through Python's own reader, which knows each record's line and text.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from lakewright.engines.records.lines import Lines, line_encoding, read_lines
from lakewright.engines.records.names import column_names
from lakewright.engines.records.rows import LONGEST_RAW, Rows, unlocated
from lakewright.engines.records.values import Reading, RecordFileError

_LONGEST_FIELD = 16 << 20


def csv_records(reading: Reading) -> Iterator[Rows]:
    """The records behind the header."""
    lines = read_lines(reading)
    names = csv_columns(reading, lines)
    layout = _Layout(reading, names)
    while block := lines.rest():
        if layout.quotes_whole_fields(block):
            number = lines.number
            lines.skip(block)
            yield layout.read_fast(block, number)
        else:
            yield layout.read_slowly(lines)


def csv_columns(reading: Reading, lines: Lines) -> tuple[str, ...]:
    """The file's columns; `lines` stands at the first record of data afterwards."""
    if not reading.header:
        first = Lines(iter([lines.rest()]))
        record = next(_Records(reading, first), None)
        given = [name for name, _ in reading.fields]
        width = len(record.values) if record else len(given)
        return tuple((given + [f"_c{at}" for at in range(len(given), width)])[:width])
    record = next(_Records(reading, lines), None)
    if record is None:
        raise RecordFileError("LW703", reading.path, "it is empty: not even a header")
    if record.bad:
        raise RecordFileError("LW703", reading.path, "its header cannot be read")
    return column_names(reading.path, record.values)


class _Record:
    """One record: its values, or the fact that it has none."""

    __slots__ = ("bad", "line", "raw", "values")

    def __init__(self, values: list[str], line: int, raw: str, *, bad: bool) -> None:
        self.values = values
        self.line = line
        self.raw = raw
        self.bad = bad


class _Records:
    """Iterates over records one by one; blank lines are none."""

    def __init__(self, reading: Reading, lines: Lines) -> None:
        csv.field_size_limit(_LONGEST_FIELD)
        self._lines = lines
        self._encoding = line_encoding(reading)
        self._taken: list[str] = []
        self._undecodable = False
        self._reader = csv.reader(self._feed(), delimiter=reading.delimiter, strict=True)

    def __iter__(self) -> _Records:
        return self

    def __next__(self) -> _Record:
        while True:
            self._taken.clear()
            self._undecodable = False
            number = self._lines.number
            try:
                values, bad = next(self._reader), False
            except csv.Error:
                values, bad = [], True
            if not values and not bad:
                continue
            raw = "".join(self._taken).rstrip("\r\n")[:LONGEST_RAW]
            return _Record(values, number, raw, bad=bad or self._undecodable)

    def _feed(self) -> Iterator[str]:
        while line := self._lines.line():
            try:
                text = line.decode(self._encoding)
            except UnicodeDecodeError:
                text = line.decode(self._encoding, errors="backslashreplace")
                self._undecodable = True
            self._taken.append(text)
            yield text


class _Layout:
    """Where the reading's fields are in the records of one file."""

    def __init__(self, reading: Reading, names: Sequence[str]) -> None:
        places = {name.lower(): at for at, name in enumerate(names)}
        self._reading = reading
        self._width = len(names)
        self._places = [places.get(name.lower()) for name, _ in reading.fields]
        mark = re.escape(reading.delimiter).encode()
        self._field = re.compile(
            rb'(?:^|(?<=[\n%b]))"[^"]*(?:""[^"]*)*"(?=\r?\n|%b|\Z)' % (mark, mark)
        )

    def quotes_whole_fields(self, block: bytes) -> bool:
        """Whether the quotes of a block of records leave nothing open or doubtful."""
        return b'"' not in block or b'"' not in self._field.sub(b"", block)

    def read_fast(self, block: bytes, number: int) -> Rows:
        """Records of a block of whole records; slowly when one of them is no good."""
        again = partial(self.read_slowly_from, block, number)
        try:
            encoding = line_encoding(self._reading)
            data = block if encoding == "utf-8" else block.decode(encoding).encode()
            table = self._parse(data)
        except (pa.ArrowInvalid, UnicodeError):
            return again()
        chunks = [
            None if at is None else table.column(str(at)).combine_chunks() for at in self._places
        ]
        return unlocated(self._filled(chunks, table.num_rows), table.num_rows, again)

    def read_slowly_from(self, block: bytes, number: int) -> Rows:
        return self.read_slowly(Lines(iter([block]), number))

    def read_slowly(self, lines: Lines) -> Rows:
        """Records up to the end of the block where one ends."""
        records = []
        for record in _Records(self._reading, lines):
            record.bad = record.bad or len(record.values) != self._width
            records.append(record)
            if lines.at_block_end:
                break
        blank = [None] * self._width
        values = [blank if record.bad else record.values for record in records]
        turned = list(zip(*values, strict=True)) or [()] * self._width
        chunks = [
            None if at is None else self._with_nulls(pa.array(turned[at], pa.string()))
            for at in self._places
        ]
        return Rows(
            self._filled(chunks, len(records)),
            pa.array([record.bad for record in records], pa.bool_()),
            pa.array([record.line for record in records], pa.int64()),
            pa.array([record.raw for record in records], pa.string()),
        )

    def _parse(self, data: bytes) -> pa.Table:
        names = [str(at) for at in range(self._width)]
        wanted = [str(at) for at in self._places if at is not None]
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=names, use_threads=False),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._reading.delimiter, newlines_in_values=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=wanted or names[:1],
                null_values=list(self._reading.null_values),
                strings_can_be_null=True,
            ),
        )

    def _with_nulls(self, values: pa.Array) -> pa.Array:
        nulls = pa.array(self._reading.null_values, pa.string())
        return pc.if_else(pc.is_in(values, nulls), pa.scalar(None, pa.string()), values)

    @staticmethod
    def _filled(chunks: Sequence[pa.Array | None], count: int) -> list[pa.Array]:
        return [pa.nulls(count, pa.string()) if chunk is None else chunk for chunk in chunks]
