"""What may be written in `rules/*.yml`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from lakewright.specs.models import Model
from lakewright.specs.values import ParameterType


def _parameter(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class ParameterModel(Model):
    type: ParameterType = Field(description="column, text, number, boolean, date or list.")
    default: Any = Field(default=None, description="Its value when a table does not say one.")
    description: str = ""


class RuleFileModel(Model):
    """rules/*.yml: a row rule of the project, used in `expect:` like those of Lakewright."""

    rule: str = Field(description="The rule's name.")
    expression: str = Field(description="SQL over one row with :parameters, true where it passes.")
    parameters: dict[
        str, Annotated[ParameterModel, BeforeValidator(_parameter, ParameterType | ParameterModel)]
    ] = Field(default_factory=dict, description="Parameter to its type, or {type, default}.")
    description: str = Field(
        default="", description="What holds, as a sentence; {parameter} stands for its value."
    )
