"""Files to records, in Arrow: what runs on an engine's workers, so it needs nothing of
Lakewright's.

The functions here travel to the workers by value; they may import each other, Arrow and obstore.
"""

from lakewright.engines.records.headers import read_header
from lakewright.engines.records.reading import EXTRA_TYPES, read_records
from lakewright.engines.records.values import Reading, RecordFileError

__all__ = ["EXTRA_TYPES", "Reading", "RecordFileError", "read_header", "read_records"]
