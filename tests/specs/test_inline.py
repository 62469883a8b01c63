"""Each character of SQL in YAML has its place in the file, however the text is written there."""

from __future__ import annotations

import pytest

from lakewright.specs.documents import parse_document
from lakewright.specs.inline import inline_text

STYLES = {
    "literal": "|\n    SELECT a,\n      b\n\n    FROM c\n",
    "literal, blanks between": "|\n    SELECT a\n   \n    FROM c\n",
    "literal, first line blank": "|\n\n    SELECT a\n    FROM c\n",
    "folded": ">\n    SELECT a,\n      b\n    FROM c\n\n\n    WHERE d\n    AND e\n",
    "folded, stripped": ">-\n    SELECT a,\n    b\n",
    "plain": "SELECT a,\n    b\n    FROM c\n",
    "plain with a blank line": "SELECT a,\n\n    b\n    FROM c\n",
    "single quotes": "'SELECT ''x'', a\n    FROM c'\n",
    "double quotes": '"SELECT \\"x\\", \\x41 a\\n FROM \\\n    c"\n',
}


@pytest.mark.parametrize("style", STYLES)
def test_each_word_is_found_where_it_is_written(style: str) -> None:
    written = f"owner: ana\nquery: {STYLES[style]}tags: [z]\n"
    document = parse_document("t.yml", written, [])
    assert document is not None
    node = document.find(("query",))
    assert node is not None
    text = inline_text(document, node)
    lines = written.split("\n")
    for offset, character in enumerate(text.text):
        place = text.place(offset)
        if (character.isalpha() and character != "A") or character in ",'":
            assert lines[place.line - 1][place.column - 1] == character, (offset, character)
