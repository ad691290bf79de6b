"""A rule as a scenario names it: `{rule: s_S, s: 10, S: 30}`, or just `fcfs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    create_model,
)
from pydantic_core import CoreSchema, core_schema

from backsim.quantities import Days, SomeUnits, Unit
from backsim.rules import FAMILIES, Family, Rule
from backsim.scenario.part import MEMBER, Part, fault, faults, member, nearest
from backsim.scenario.shorthand import Name, Spec


class Cover(Spec):
    """A level as days of mean demand at the stock point, rounded up to whole units."""

    days: Days
    """Days of mean demand."""


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
        """A rule's name alone, or a mapping with its parameters; one alternative a rule."""
        rules = self.family.rules.values()
        names = [rule.name for rule in rules if not _needs_more(rule)]
        mappings = [handler(_written(rule).__pydantic_core_schema__) for rule in rules]
        return {"anyOf": [{"type": "string", "enum": names}, *mappings]}

    def read(self, value: Any) -> RuleUse:
        """Check a rule's name and its parameters."""
        if isinstance(value, RuleUse):
            value = value.to_file()
        if isinstance(value, str):
            value = {"rule": value}
        if not isinstance(value, dict) or not isinstance(value.get("rule"), str):
            raise fault(
                f"a {self.family.name} rule, such as {{rule: {next(iter(self.family.rules))}}}"
            )
        name = value["rule"]
        if name not in self.family.rules:
            known = nearest(name, list(self.family.rules))
            raise faults("rule", [(("rule",), f"a known {self.family.name} rule ({known})", name)])
        model = parameters_model(self.family.rules[name])
        params = model.model_validate({k: v for k, v in value.items() if k != "rule"})
        return RuleUse(name, {k: getattr(params, k) for k in type(params).model_fields})


def _needs_more(rule: Rule) -> bool:
    return "level" in rule.asks or any(p.default is None for p in rule.parameters)


def level_kind(value: Any) -> str:
    """Which of a number of units and a `Cover` a value is meant to be."""
    return MEMBER + ("cover" if isinstance(value, dict | Cover) else "number")


def _level_or_cover(number: Any) -> Any:
    """A number of units, or `{days: 14}`: so many days of mean demand."""
    return Annotated[
        Annotated[number, member("number")] | Annotated[Cover, member("cover")],
        Discriminator(level_kind),
    ]


@cache
def parameters_model(rule: Rule) -> type[BaseModel]:
    """The keys a rule takes in a scenario, from its signature."""
    return create_model(
        f"{rule.family}_{rule.name}", __base__=Part, __doc__=rule.doc, **_keys(rule)
    )


@cache
def _written(rule: Rule) -> type[BaseModel]:
    """The mapping that names a rule and gives its parameters, for the JSON schema."""
    name: Any = Literal[rule.name]
    return create_model(
        f"{rule.family}_{rule.name}",
        __base__=Part,
        __doc__=rule.doc,
        rule=(name, ...),
        **_keys(rule),
    )


def _keys(rule: Rule) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for p in rule.parameters:
        unit = next(
            (m for m in getattr(p.annotation, "__metadata__", ()) if isinstance(m, Unit)), None
        )
        annotation = p.annotation if unit else Annotated[p.annotation, Unit("")]
        if unit and unit.name == "units":
            annotation = _level_or_cover(annotation)
        keys[p.name] = (annotation, ... if p.default is None else p.default)
    if "level" in rule.asks:
        levels = Field(description="Units held back from each customer class; 0 for the others.")
        keys["levels"] = (Mapping[Name, SomeUnits], levels)
    return keys


ReorderRule = Annotated[RuleUse, RuleOf(FAMILIES["reorder"])]
PriorityRule = Annotated[RuleUse, RuleOf(FAMILIES["priority"])]
RationingRule = Annotated[RuleUse, RuleOf(FAMILIES["rationing"])]
