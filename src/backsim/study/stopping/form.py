"""What `replications` of an experiment file may say: a number, or until enough is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BeforeValidator, Discriminator, Field, model_validator

from backsim.quantities import Positive, Unit
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import Spec, word_or

Count = Annotated[int, Ge(2), Le(1_000_000), Unit("")]


def word(value: Any) -> str:
    """Which member of a union a value is of: a word, or something else."""
    return MEMBER + ("word" if isinstance(value, str) else "other")


def _width(value: Any) -> Any:
    """`2 %` as the text it is; a number as it is."""
    if isinstance(value, str):
        number = value.strip().removesuffix("%")
        try:
            share = float(number) / 100
        except ValueError:
            share = 0.0
        if number == value.strip() or not 0 < share < 1:
            raise fault("a number > 0, or a share of the mean such as 2 %")
        return Share(share=share)
    return value


class Share(Spec):
    """A half-width as a share of the mean."""

    share: Annotated[float, Gt(0), Lt(1), Unit("")]
    """The share."""


def _is_share(value: Any) -> str:
    return MEMBER + ("share" if isinstance(value, Share) else "number")


Width = Annotated[
    Annotated[Positive, member("number")] | Annotated[Share, member("share")],
    Discriminator(_is_share),
    BeforeValidator(_width, json_schema_input_type=Positive | str),
]


Until = Annotated[
    Annotated[Literal["best"], member("word")]
    | Annotated[Mapping[str, Width], Field(min_length=1), member("other")],
    Discriminator(word),
    word_or(("best",), "metrics with the half-widths wanted"),
]


def _tolerance(value: Any) -> str:
    return MEMBER + ("by_metric" if isinstance(value, Mapping) else "number")


Tolerance = Annotated[
    Annotated[Positive, member("number")]
    | Annotated[Mapping[str, Positive], Field(min_length=1), member("by_metric")],
    Discriminator(_tolerance),
]


class Sequential(Spec):
    """Replications until enough is known."""

    until: Until
    """`best`: until the best policy is separated; or half-widths, such as {cost.total: 2 %}."""
    indifference: Positive | None = None
    """With `best`: the smallest difference of the objective that matters."""
    constraint_tolerance: Tolerance | None = None
    """With `best` and constraints: the smallest distance from a bound that matters, as a number or
    by metric, such as {fill_rate: 0.002}.  If not given, 0.005 for shares, else 1 % of the
    bound."""
    least: Count = 10
    """Replications of every policy to begin with."""
    most: Count = 1000
    """Replications after which it stops in any case."""

    @model_validator(mode="after")
    def _fits(self) -> Sequential:
        if self.most < self.least:
            raise fault(f"`most` of at least `least`, which is {self.least}", str(self.most))
        if (self.until == "best") != (self.indifference is not None):
            raise fault("`indifference` with `until: best`, and only then")
        if self.constraint_tolerance is not None and self.until != "best":
            raise fault("`constraint_tolerance` only with `until: best`")
        return self


def _number(value: Any) -> str:
    return MEMBER + ("other" if isinstance(value, Mapping | Sequential) else "number")


def _number_or_mapping(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Mapping | Sequential):
        raise fault("a whole number of replications, or a mapping with the key until")
    return value


Replications = Annotated[
    Annotated[Count, member("number")] | Annotated[Sequential, member("other")],
    Discriminator(_number),
    BeforeValidator(_number_or_mapping, json_schema_input_type=Count | Sequential),
]
