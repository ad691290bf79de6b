"""A rule as a scenario names it: `{rule: s_S, s: 10, S: 30}`, or just `fcfs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    create_model,
)
from pydantic_core import CoreSchema, core_schema

from backsim.quantities import NonNegative, SomeUnits
from backsim.rules import FAMILIES, Family, Rule
from backsim.scenario.part import Part, fault, faults, nearest


class Cover(Part):
    """A level as days of mean demand at the stock point, rounded up to whole units."""

    days: NonNegative


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule by name, with its parameters."""

    rule: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_file(self) -> dict[str, Any]:
        """The rule as a scenario file spells it."""
        plain = {k: v.model_dump() if isinstance(v, Cover) else v for k, v in self.params.items()}
        return {"rule": self.rule, **plain}


@dataclass(frozen=True, slots=True)
class RuleOf:
    """Pydantic annotation: a `RuleUse` of one family."""

    family: Family

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate against the registry as it is then, so that a user's rules count too."""
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(RuleUse.to_file),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """One alternative a rule, from the registry."""
        return {
            "oneOf": [
                {"type": "string", "enum": [r.name for r in self.family.rules.values() if not _needs(r)]},
                *(rule_json_schema(rule) for rule in self.family.rules.values()),
            ]
        }

    def read(self, value: Any) -> RuleUse:
        """Check a rule's name and its parameters."""
        if isinstance(value, RuleUse):
            value = value.to_file()
        if isinstance(value, str):
            value = {"rule": value}
        if not isinstance(value, dict) or not isinstance(value.get("rule"), str):
            raise fault(f"a {self.family.name} rule, such as {{rule: {next(iter(self.family.rules))}}}")
        name = value["rule"]
        if name not in self.family.rules:
            known = nearest(name, list(self.family.rules))
            raise faults("rule", [(("rule",), f"a known {self.family.name} rule ({known})", name)])
        model = parameters_model(self.family.rules[name])
        params = model.model_validate({k: v for k, v in value.items() if k != "rule"})
        return RuleUse(name, {k: getattr(params, k) for k in type(params).model_fields})


def _needs(rule: Rule) -> bool:
    return any(p.default is None for p in rule.parameters)


def _level_kind(value: Any) -> str:
    return "cover" if isinstance(value, dict | Cover) else "number"


def level_or_cover(number: Any) -> Any:
    """A number of units, or `{days: 14}`: so many days of mean demand."""
    return Annotated[
        Annotated[number, Tag("number")] | Annotated[Cover, Tag("cover")],
        Discriminator(_level_kind),
    ]


@cache
def parameters_model(rule: Rule) -> type[BaseModel]:
    """The keys a rule takes in a scenario, from its signature."""
    keys: dict[str, Any] = {}
    for p in rule.parameters:
        unit = p.annotation.__metadata__[-1].name
        annotation = level_or_cover(p.annotation) if unit == "units" else p.annotation
        keys[p.name] = (annotation, ... if p.default is None else p.default)
    if "level" in rule.asks:
        keys["levels"] = (dict[str, SomeUnits], ...)
    return create_model(rule.name, __base__=Part, __doc__=rule.doc, **keys)


def rule_json_schema(rule: Rule) -> dict[str, Any]:
    """The JSON schema of one rule and its parameters."""
    schema = parameters_model(rule).model_json_schema()
    schema["properties"] = {"rule": {"const": rule.name}, **schema.get("properties", {})}
    schema["required"] = ["rule", *schema.get("required", [])]
    return schema


ReorderRule = Annotated[RuleUse, RuleOf(FAMILIES["reorder"])]
PriorityRule = Annotated[RuleUse, RuleOf(FAMILIES["priority"])]
RationingRule = Annotated[RuleUse, RuleOf(FAMILIES["rationing"])]
