"""Expectations: one file per rule, all rules in one tuple, compiled to checks."""

from lakewright.graph.rules.compiling import CompiledRules, OtherRules, compile_rules, rule_place
from lakewright.graph.rules.foreign_key import referenced_table
from lakewright.graph.rules.own import check_own_rules
from lakewright.graph.rules.registry import RULES

RULE_NAMES = tuple(rule.name for rule in RULES)

__all__ = [
    "RULES",
    "RULE_NAMES",
    "CompiledRules",
    "OtherRules",
    "check_own_rules",
    "compile_rules",
    "referenced_table",
    "rule_place",
]
