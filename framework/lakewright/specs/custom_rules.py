"""`rules/*.yml`: row rules of the project, one a file. Their SQL is the graph's to check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from lakewright.errors import Problem
from lakewright.names import is_column_name
from lakewright.specs.documents import parse_document
from lakewright.specs.expectations import OPTIONS
from lakewright.specs.plain_words import fits_parameter
from lakewright.specs.rule_models import RuleFileModel
from lakewright.specs.validation import validate_model
from lakewright.specs.values import ParameterSpec, RuleSpec, SourceFile

_RESERVED = frozenset({*OPTIONS, "key"})


@dataclass(frozen=True, slots=True)
class OwnRules:
    """The project's rules by name; `broken` ones are known by name only."""

    known: Mapping[str, RuleSpec] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


NO_RULES = OwnRules()


def read_own_rules(files: Iterable[SourceFile], problems: list[Problem]) -> OwnRules:
    """The rules of all files; a name is defined once."""
    known: dict[str, RuleSpec] = {}
    broken: set[str] = set()
    for file in files:
        rule, name, reasons = _read_file(file)
        problems.extend(reasons)
        if rule is None:
            broken.add(name)
        elif rule.name in known:
            other = known[rule.name].named
            message = f"the rule `{rule.name}` is also defined in {other.path}:{other.line}"
            problems.append(Problem("LW157", message, rule.named, hint="rename one of them"))
        else:
            known[rule.name] = rule
    return OwnRules(known, frozenset(broken - known.keys()))


# Pure in the file; the released code of many tables brings the same few files each time.
@lru_cache(maxsize=256)
def _read_file(file: SourceFile) -> tuple[RuleSpec | None, str, tuple[Problem, ...]]:
    problems: list[Problem] = []
    stem = file.path.rpartition("/")[2].removesuffix(".yml")
    document = parse_document(file.path, file.text, problems)
    model = validate_model(RuleFileModel, document, problems) if document else None
    if document is None or model is None:
        written = document.root.value.get("rule") if document else None
        return None, written if isinstance(written, str) else stem, tuple(problems)
    where = document.place("rule")
    if not is_column_name(model.rule):
        hint = "start with a letter, then letters, digits and underscores"
        problems.append(Problem("LW126", f"`{model.rule}` cannot name a rule", where, hint=hint))
    elif model.rule in _RESERVED or model.rule != model.rule.lower():
        message = f"`{model.rule}` cannot name a rule"
        hint = "use small letters; names of options and `key` are taken"
        problems.append(Problem("LW157", message, where, hint=hint))
    parameters: dict[str, ParameterSpec] = {}
    for name, given in model.parameters.items():
        place = document.key_place("parameters", name)
        if not is_column_name(name) or name != name.lower():
            hint = "use small letters, digits and underscores"
            problems.append(Problem("LW126", f"`{name}` cannot name a parameter", place, hint=hint))
        required = "default" not in given.model_fields_set
        if not required and not fits_parameter(given.default, given.type):
            message = f"the default of `{name}` is no {given.type}"
            place = document.place("parameters", name, "default")
            problems.append(Problem("LW157", message, place))
        parameters[name] = ParameterSpec(given.type, given.default, required)
    if problems:
        return None, model.rule, tuple(problems)
    rule = RuleSpec(
        name=model.rule,
        expression=model.expression,
        where=document.place("expression"),
        named=where,
        file=file,
        parameters=parameters,
        description=model.description,
    )
    return rule, model.rule, ()
