"""Kinds of tables: one file per kind, all kinds in one tuple."""

from lakewright.specs.kinds.kind import Making, TableKind, Transform
from lakewright.specs.kinds.registry import KINDS, MODELS, writes

__all__ = ["KINDS", "MODELS", "Making", "TableKind", "Transform", "writes"]
