"""Values as YAML in one line and one form."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

_UNSAFE = re.compile(r"[^ -~]")  # YAML folds or refuses some of what JSON writes as it is


def write_flow(value: Any) -> str:
    """`value` as flow YAML that reads back as it is; keys are sorted."""
    match value:
        case dict():
            items = (f"{write_flow(key)}: {write_flow(value[key])}" for key in sorted(value))
            return "{" + ", ".join(items) + "}"
        case list():
            return "[" + ", ".join(write_flow(item) for item in value) + "]"
        case date():
            return value.isoformat()
        case _:
            text = json.dumps(value, ensure_ascii=False)
            return _UNSAFE.sub(lambda match: f"\\U{ord(match[0]):08x}", text)
