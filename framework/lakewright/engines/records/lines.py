"""The lines of a file in blocks that end where a line ends, with their numbers."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from lakewright.engines.records.sources import read_blocks
from lakewright.engines.records.values import Reading, RecordFileError

LONGEST_LINE = 64 << 20
_MARK = codecs.BOM_UTF8


class Lines:
    """A place in a stream of lines. `number` is that of the next line, from 1."""

    def __init__(self, blocks: Iterator[bytes], number: int = 1) -> None:
        self._blocks = blocks
        self._block = b""
        self._at = 0
        self.number = number

    @property
    def at_block_end(self) -> bool:
        return self._at >= len(self._block)

    def rest(self) -> bytes:
        """The whole lines of the current block, or of the next; b"" at the end of the file."""
        if self.at_block_end:
            self._block, self._at = next(self._blocks, b""), 0
        return self._block[self._at :] if self._at else self._block

    def skip(self, block: bytes) -> None:
        """Go on behind what `rest` gave."""
        self.number += block.count(b"\n")
        self._at = len(self._block)

    def line(self) -> bytes:
        """The next line with its end; b"" at the end of the file."""
        if self.at_block_end and not self.rest():
            return b""
        end = self._block.find(b"\n", self._at) + 1 or len(self._block)
        line = self._block[self._at : end]
        self._at = end
        self.number += 1
        return line


def read_lines(reading: Reading) -> Lines:
    """The file's lines in its own encoding; UTF-16 and UTF-32 arrive as UTF-8."""
    return Lines(_whole_lines(reading, _narrow(reading)))


def line_encoding(reading: Reading) -> str:
    """The encoding of the lines that `read_lines` gives."""
    return "utf-8" if _is_wide(reading) else _codec(reading)


def _codec(reading: Reading) -> str:
    try:
        return codecs.lookup(reading.encoding).name
    except LookupError:
        raise RecordFileError(
            "LW704", reading.path, f"there is no encoding `{reading.encoding}`"
        ) from None


def _is_wide(reading: Reading) -> bool:
    return _codec(reading).startswith(("utf-16", "utf-32"))


def _narrow(reading: Reading) -> Iterator[bytes]:
    if not _is_wide(reading):
        yield from read_blocks(reading)
        return
    decoder = codecs.getincrementaldecoder(_codec(reading))()
    try:
        for block in read_blocks(reading):
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise RecordFileError("LW704", reading.path, f"it is not {reading.encoding}") from error


def _whole_lines(reading: Reading, blocks: Iterator[bytes]) -> Iterator[bytes]:
    carry, first = b"", True
    for block in blocks:
        data = carry + block
        if first:
            data, first = data.removeprefix(_MARK), False
        end = data.rfind(b"\n") + 1
        carry = data[end:]
        if len(carry) > LONGEST_LINE:
            raise RecordFileError("LW705", reading.path, "a line is longer than 64 MiB")
        if end:
            yield data[:end]
    if carry:
        yield carry
