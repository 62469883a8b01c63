"""Rows as they are found beside rows as they should be."""

from __future__ import annotations

from collections.abc import Mapping

from proof.histories.model import INGEST, Released, Rows


def compare(found: Mapping[str, Rows], expected: Released, where: str, only: str = "") -> None:
    """Equal rows in any order, over the columns that the model tells of."""
    wanted = {only: expected.tables[only]} if only else dict(expected.tables)
    stored = {table for table in wanted if table in found or table != "gold.large"}
    extra = found.keys() - wanted.keys()
    assert not extra, f"{where} has {extra}"
    for table in sorted(stored):
        assert table in found, f"{where} has no {table}"
        names = sorted({key for row in wanted[table] for key in row})
        one, two = (
            sorted(repr({key: row.get(key) for key in names}) for row in rows)
            for rows in (found[table], wanted[table])
        )
        assert one == two, f"{where} {table}: {one} is not {two}"
        if not table.startswith(INGEST) and wanted[table]:
            assert all(set(row) == set(names) for row in found[table]), f"{where} {table}: columns"
