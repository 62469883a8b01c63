"""What the YAML and Markdown files beside the models say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lakewright.errors import Problem
from lakewright.specs.dbt.values import DbtFiles, Properties, Property, Remark
from lakewright.specs.documents import Document, parse_document

_DOC = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
_DOC_CALL = re.compile(r"\{\{\s*doc\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]\s*\)\s*\}\}")
_NO_COUNTERPART = {
    "exposures": "what reads the tables is not described here",
    "metrics": "there is no layer of metrics",
    "semantic_models": "there is no layer of metrics",
    "saved_queries": "there is no layer of metrics",
    "snapshots": "keeping the history of a source is not built yet",
    "analyses": "queries that make no table have no place here",
    "functions": "functions of the warehouse are not managed here",
}


def read_properties(files: DbtFiles, remarks: list[Remark]) -> Properties:
    """Everything that is said about models, seeds, sources and unit tests, by name."""
    folders = (*files.model_paths, *files.seed_paths, *files.test_paths)
    paths = sorted({*files.below(folders, ".yml"), *files.below(folders, ".yaml")})
    found: dict[str, list[Property]] = {}
    sources: dict[tuple[str, str], Property] = {}
    owners: dict[str, str] = {}
    for path in paths:
        document = _document(path, files.texts[path], remarks)
        if document is None:
            continue
        for section, items in document.root.value.items():
            if section in _NO_COUNTERPART:
                _tell_unknown(document, section, remarks)
            elif section == "groups":
                owners.update(_owners(items))
            elif section == "sources":
                sources.update(_sources(document))
            elif isinstance(items, list):
                found.setdefault(section, []).extend(_named(document, (section,), items))
    return Properties(
        models={each.name: each for each in found.get("models", ())},
        seeds={each.name: each for each in found.get("seeds", ())},
        sources=sources,
        unit_tests=tuple(found.get("unit_tests", ())),
        docs=_docs(files),
        owners=owners,
    )


def describe(written: Any, docs: Mapping[str, str]) -> str:
    """A description with the blocks that it names; one that is not there stays as written."""
    text = _DOC_CALL.sub(lambda call: docs.get(call[1], call[0]), str(written or ""))
    return re.sub(r"[ \t]+\n", "\n", text).strip()


def as_mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _document(path: str, text: str, remarks: list[Remark]) -> Document | None:
    problems: list[Problem] = []
    document = parse_document(path, text, problems)
    for problem in problems:
        if problem.code != "LW117" or text.strip():
            line = problem.where.line if problem.where else 1
            remarks.append(Remark(path, line, "the file", problem.message))
    return document


def _tell_unknown(document: Document, section: str, remarks: list[Remark]) -> None:
    value = document.root.value[section]
    for at, item in enumerate(as_list(value)):
        name = as_mapping(item).get("name", "")
        line = document.place(section, at).line
        what = f"{section}: {name}".rstrip(": ")
        remarks.append(Remark(document.path, line, what, _NO_COUNTERPART[section]))


def _named(document: Document, loc: tuple[str | int, ...], items: list[Any]) -> Iterator[Property]:
    for at, item in enumerate(items):
        if isinstance(item, Mapping) and item.get("name"):
            yield Property(str(item["name"]), item, document, (*loc, at))


def _sources(document: Document) -> Iterator[tuple[tuple[str, str], Property]]:
    """Each table with what its source says for all of them: the table's own word wins."""
    loc: tuple[str | int, ...] = ("sources",)
    for at, source in enumerate(as_list(document.root.value["sources"])):
        shared = as_mapping(source)
        config = as_mapping(shared.get("config"))
        tables = as_list(shared.get("tables"))
        inherited = {
            key: shared.get(key, config.get(key))
            for key in ("freshness", "loaded_at_field", "meta", "tags", "schema")
        }
        for table in _named(document, (*loc, at, "tables"), tables):
            own = {**as_mapping(table.written.get("config")), **table.written}
            written = {**{k: v for k, v in inherited.items() if v is not None}, **own}
            yield (
                (str(shared.get("name", "")), table.name),
                replace(table, written=written),
            )


def _owners(items: Any) -> Iterator[tuple[str, str]]:
    for group in as_list(items):
        said = as_mapping(group)
        owner = as_mapping(said.get("owner"))
        if said.get("name") and owner:
            yield str(said["name"]), str(owner.get("email") or owner.get("name") or "")


def _docs(files: DbtFiles) -> dict[str, str]:
    folders = (*files.model_paths, *files.seed_paths, *files.macro_paths, *files.test_paths)
    return {
        name: text.strip()
        for path in files.below(folders, ".md")
        for name, text in _DOC.findall(files.texts[path])
    }
