"""What a file of known answers may say: each field once, with its type, default and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, field_validator, model_validator

from backsim.quantities import NonNegative, Number, Positive
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import Name, Spec
from backsim.scenario.yamlfile import show

Settings = Mapping[str, Any]
"""Paths of scenario fields (as in `--set`) and what they are set to."""


def _metric(value: Any) -> Any:
    if not isinstance(value, str | Mapping):
        raise fault("a metric, or a measure with its argument", show(value))
    return value


Metric = Annotated[Any, BeforeValidator(_metric)]
"""A metric such as `fill_rate[gold]`, a measure (`blocked`, `{wait_above: 2.5}`), a formula."""


def _long_form(value: Any) -> Any:
    """A bare value stands for `{value: ...}`."""
    return value if isinstance(value, Mapping) or value is None else {"value": value}


class Expected(Spec):
    """A known value: a number, or what a measure yields, such as a list of names."""

    value: Any
    """The value, in the source's unit."""
    metric: Metric = ""
    """What the simulation measures: a metric, `fill_rate[gold]`, a measure, or arithmetic of them,
    `1 - fill_rate`; default: the key."""
    set: Mapping[str, Any] = {}
    """Fields of the scenario that differ for this value."""
    unit: Positive = 1.0
    """How many units of the scenario are one unit of the source."""
    tolerance: NonNegative | None = None
    """Numerical error of the value; default: the file's."""
    half_width: NonNegative = 0.0
    """Of the value's own 95 % interval, if the value is itself a simulation estimate."""
    allowance: NonNegative = 0.0
    """By how much the scenario may differ from the source's model; `about` derives it."""
    precision: Positive | None = None
    """Half-width asked of the estimate, as a share of the value; default: see the documentation."""

    @model_validator(mode="after")
    def _one_error(self) -> Expected:
        if self.half_width and self.tolerance:
            raise fault("either `half_width`, for a simulation estimate, or `tolerance`")
        return self


class Optimum(Spec):
    """A level that is optimal, and scenarios that therefore cost no less."""

    value: Any
    """The optimal level or levels, as the source gives them."""
    neighbours: Annotated[Mapping[Name, Settings], Field(min_length=1)]
    """By label, the fields of the scenario that differ at each neighbouring level."""

    @field_validator("neighbours")
    @classmethod
    def _numbers(cls, found: Mapping[str, Settings]) -> Mapping[str, Settings]:
        for label in found:
            try:
                float(label)
            except ValueError:
                raise fault("a number that names the neighbour", f"'{label}'") from None
        return found


def _level(value: Any) -> str:
    return MEMBER + ("optimum" if isinstance(value, Mapping | Optimum) else "level")


def _whole(value: Any) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        raise fault("a whole level, or a mapping with `value` and `neighbours`", show(value))
    return value


Level = Annotated[
    Annotated[int, BeforeValidator(_whole), member("level")]
    | Annotated[Optimum, member("optimum")],
    Discriminator(_level),
]
"""A whole level, whose neighbours are one unit away; or a level with its neighbours."""
OTHERS = MEMBER + "levels"


class Optimal(Spec):
    """`{policy.reorder.S: 13, of: cost.total}`: levels that are optimal, each on its own."""

    of: Metric
    """What is optimal: a metric or a measure."""
    most: bool = False
    """The optimum is the largest value, not the smallest."""
    precision: Positive = 0.001
    """Half-width asked of what a neighbour costs more, as a share of the cost."""
    levels: Annotated[Mapping[Name, Level], Field(min_length=1)] = Field(alias=OTHERS)
    """By path, or by a name, the optimal levels."""

    @model_validator(mode="before")
    @classmethod
    def _gather_levels(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        own = {"of", "most", "precision"}
        levels = {key: item for key, item in value.items() if key not in own}
        if not levels:
            raise fault("a level that is optimal, such as `policy.reorder.S: 13`", "none")
        return {**{key: value[key] for key in own & set(value)}, OTHERS: levels}


class AnswerFile(Spec):
    """A scenario, and what is known about it from a source other than this simulation."""

    source: Annotated[str, Field(min_length=1)]
    """Where the values come from: a publication, or how they were computed."""
    about: str = ""
    """What a reader has to know: conventions, and the derivation of every allowance."""
    exactness: str = ""
    """How exact the source's values are."""
    tolerance: NonNegative = 0.0
    """Numerical error of the values that state none of their own."""
    scenario: Mapping[str, Any]
    """The scenario, as in a file of its own; paths start at this file's folder."""
    random: bool = True
    """Whether replications differ; if not, one run is compared exactly."""
    cycle: NonNegative = 1.0
    """A fast run is shorter by whole numbers of these days; 0: its length matters."""
    lead_times: tuple[Number, ...] = ()
    """Lead times that are replayed, in order of purchase, instead of drawn."""
    expect: Mapping[Name, Annotated[Expected, BeforeValidator(_long_form)]] = {}
    """Known values by name; the name is a metric unless the entry says which metric it is."""
    optimal: Optimal | None = None
    """Levels that are known to be optimal."""

    @model_validator(mode="after")
    def _says_something(self) -> AnswerFile:
        if not self.expect and self.optimal is None:
            raise fault("`expect` or `optimal`, the known answers", "neither")
        if not self.about and any(known.allowance for known in self.expect.values()):
            raise fault("`about`, which derives the allowances", "none")
        return self
