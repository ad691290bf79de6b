"""A rule as a scenario names it: `{rule: s_S, s: 10, S: 30}`, or just `fcfs`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Discriminator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from backsim.errors import ALIKE, nearest
from backsim.quantities import (
    LEVELS,
    Days,
    Level,
    PositiveDays,
    PositiveUnits,
    SafetyFactor,
    Share,
    Unit,
)
from backsim.rules import FAMILIES, Family, Parameter, Rule, process
from backsim.scenario.part import MEMBER, Part, fault, faults, member
from backsim.scenario.shorthand import Name, Spec

DAYS = re.compile(r"\s*([0-9.]+)\s*d(?:ays?)?\s*")
"""Days as people write them: `25 days`."""


class Cover(Spec):
    """A level as days of mean demand at the stock point, rounded up to whole units."""

    days: Days
    """Days of mean demand."""

    @model_validator(mode="before")
    @classmethod
    def _no_text(cls, value: Any) -> Any:
        if isinstance(value, str) and (number := DAYS.fullmatch(value)):
            raise fault(f"`{{days: {number[1]}}}`, or a number of units", repr(value))
        return value


class Above(Spec):
    """A level above another one of the rule: `S: {units: 30, above: s}`."""

    units: PositiveUnits | None = None
    """Units above the other level."""
    days: PositiveDays | None = None
    """Days of mean demand above it, rounded up to whole units."""
    above: Name
    """The other level."""

    @model_validator(mode="after")
    def _one_way(self) -> Above:
        if (self.units is None) == (self.days is None):
            raise fault("either `units` or `days`", "both" if self.units else "neither")
        return self


class Target(Spec):
    """A level that reaches a service target, computed from the scenario's demand and lead time.

    It is the smallest whole number that does. `backsim resolve` shows it; docs/reorder.md has the
    formulas.
    """

    cycle_service: Share | None = None
    """Probability that the demand over lead time and review period is at most the level."""
    fill_rate: Share | None = None
    """Share of units served from stock, for the order size of the rule."""
    demand: Literal["normal", "gamma", "compound"] = "gamma"
    """Assumed distribution of the demand over the lead time. `compound` is exact: compound Poisson,
    or sums of periodic demand.
    """

    @model_validator(mode="after")
    def _one_target(self) -> Target:
        if (self.cycle_service is None) == (self.fill_rate is None):
            raise fault("either `cycle_service` or `fill_rate`", "both")
        return self


class Service(Spec):
    """A safety factor from a cycle service: the quantile of the normal distribution."""

    cycle_service: Share
    """Probability that demand does not exceed its mean plus the safety stock."""


class SafetyStock(Spec):
    """A level given as units above the mean demand over lead time and review period."""

    safety_stock: Level
    """Units above the mean."""


Relative = Cover | Above | Target | SafetyStock
"""A level that is not written as a number."""


@dataclass(frozen=True, slots=True)
class RuleUse:
    """A rule by name, with its parameters."""

    rule: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_file(self) -> dict[str, Any]:
        """The rule as a scenario file spells it."""
        return {"rule": self.rule, **each_value(self.params, _plain)}


def each_value(params: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Parameters with every value changed, also those of the customer classes."""
    return {
        name: each_value(value, change) if isinstance(value, Mapping) else change(value)
        for name, value in params.items()
    }


def of_class(value: Any, name: str, rest: Any = None) -> Any:
    """A parameter's value for a customer class; `rest` if a mapping does not name it."""
    return value.get(name, rest) if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    return value.model_dump(exclude_none=True) if isinstance(value, Spec) else value


@dataclass(frozen=True, slots=True)
class RuleOf:
    """Pydantic annotation: a `RuleUse` of one family."""

    family: Family

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate against the registry as it is then, so that a user's rules count too."""
        return core_schema.with_info_plain_validator_function(
            lambda value, info: self.read(value, info.context),
            serialization=core_schema.plain_serializer_function_ser_schema(RuleUse.to_file),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A rule's name alone, or a mapping with its parameters; one alternative a rule."""
        rules = self.family.rules.values()
        if not rules:  # all are of files that are not known here
            return {"anyOf": [{"type": "string"}, {"type": "object", "required": ["rule"]}]}
        names = [rule.name for rule in rules if not _needs_more(rule)]
        mappings = [handler(_written(rule).__pydantic_core_schema__) for rule in rules]
        return {"anyOf": [{"type": "string", "enum": names}, *mappings]}

    @property
    def word(self) -> str:
        """What one of the family is called."""
        return self.family.name if self.family is process else f"{self.family.name} rule"

    def read(self, value: Any, context: Any = None) -> RuleUse:
        """Check a rule's name and its parameters."""
        if isinstance(value, RuleUse):
            value = value.to_file()
        if isinstance(value, str):
            value = {"rule": value}
        if not isinstance(value, dict) or not isinstance(value.get("rule"), str):
            such = next(iter(self.family.rules), "NAME")
            raise fault(f"{_article(self.word)} {self.word}, such as {{rule: {such}}}")
        name = value["rule"]
        if name not in self.family.rules:
            rules = list(self.family.rules)
            known = nearest(name, rules) or "a file of yours, --rules, has none"
            if rules and not get_close_matches(name, rules, cutoff=ALIKE):
                known += "; one of your own needs --rules FILE"
            raise faults("rule", [(("rule",), f"a known {self.word} ({known})", name)])
        model = parameters_model(self.family.rules[name])
        params = model.model_validate(
            {k: v for k, v in value.items() if k != "rule"}, context=context
        )
        return RuleUse(name, {k: getattr(params, k) for k in type(params).model_fields})


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _needs_more(rule: Rule) -> bool:
    return any(p.default is None for p in rule.parameters)


def level_kind(value: Any) -> str:
    """Which of a number of units and a `Cover` a value is meant to be."""
    return MEMBER + ("cover" if isinstance(value, dict | Spec) or _says_days(value) else "number")


def _says_days(value: Any) -> bool:
    return isinstance(value, str) and DAYS.fullmatch(value) is not None


def _relative_kind(value: Any) -> str | None:
    """Which way of writing a level a value is meant to be: by its keys."""
    if isinstance(value, Spec):
        value = value.model_dump(exclude_none=True)
    if not isinstance(value, dict):
        return level_kind(value)
    kinds = (
        ("safety", ("safety_stock",)),
        ("target", ("cycle_service", "fill_rate")),
        ("above", ("above", "units")),
        ("cover", ("days",)),
    )
    return next((MEMBER + kind for kind, keys in kinds if any(k in value for k in keys)), None)


def _or_cover(number: Any) -> Any:
    """A number of units, or `{days: 14}`: so many days of mean demand."""
    return Annotated[
        Annotated[number, member("number")] | Annotated[Cover, member("cover")],
        Discriminator(level_kind),
    ]


def _or_relative(number: Any) -> Any:
    """A level as a number of units, or in any of the ways that reorder rules allow."""
    return Annotated[
        Annotated[number, member("number")]
        | Annotated[Cover, member("cover")]
        | Annotated[Above, member("above")]
        | Annotated[Target, member("target")]
        | Annotated[SafetyStock, member("safety")],
        Discriminator(
            _relative_kind,
            custom_error_type="fault",
            custom_error_message="{expected}",
            custom_error_context={
                "expected": "units, or a mapping with the key days, above, cycle_service, fill_rate"
                " or safety_stock",
                "found": "",
            },
        ),
    ]


def _or_service(number: Any) -> Any:
    """A safety factor as a number, or from a cycle service."""
    return Annotated[
        Annotated[number, member("number")] | Annotated[Service, member("cover")],
        Discriminator(level_kind),
    ]


def _class_kind(value: Any) -> str:
    return MEMBER + ("classes" if isinstance(value, Mapping) else "number")


def _for_each_class(number: Any, value: Any) -> Any:
    """A number for all customer classes, or a mapping with a value for each."""
    return Annotated[
        Annotated[number, member("number")] | Annotated[Mapping[Name, value], member("classes")],
        Discriminator(_class_kind),
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
    return {
        p.name: (_allowed(rule.family, p), ... if p.default is None else p.default)
        for p in rule.parameters
    }


def _allowed(family: str, p: Parameter) -> Any:
    """What a scenario may give for a parameter."""
    has_unit = any(isinstance(m, Unit) for m in getattr(p.annotation, "__metadata__", ()))
    number = p.annotation if has_unit else Annotated[p.annotation, Unit("")]
    if family == process.name:  # no stock point's demand is meant
        return number
    value = _or_cover(number) if p.unit == "units" else number
    if p.annotation == SafetyFactor:
        return _or_service(number)
    if p.each_class:
        return _for_each_class(number, value)
    return _or_relative(number) if p.annotation in LEVELS and family == "reorder" else value


ReorderRule = Annotated[RuleUse, RuleOf(FAMILIES["reorder"])]
PriorityRule = Annotated[RuleUse, RuleOf(FAMILIES["priority"])]
RationingRule = Annotated[RuleUse, RuleOf(FAMILIES["rationing"])]
ForecastRule = Annotated[RuleUse, RuleOf(FAMILIES["forecast"])]
NoticeRule = Annotated[RuleUse, RuleOf(FAMILIES["notice"])]
EstimateRule = Annotated[RuleUse, RuleOf(FAMILIES["estimate"])]
SourcingRule = Annotated[RuleUse, RuleOf(FAMILIES["sourcing"])]
SplitRule = Annotated[RuleUse, RuleOf(FAMILIES["split"])]
Process = Annotated[RuleUse, RuleOf(process)]
