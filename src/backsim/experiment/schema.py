"""What an experiment file may say: each field once, with its type, default and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Lt
from pydantic import Discriminator, Field, model_validator

from backsim.quantities import Number, Unit
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import Name, Spec, listed, word_or, word_or_other
from backsim.study.stopping import Replications
from backsim.study.stopping.form import Count

Seed = Annotated[int, Ge(0), Unit("", "i8", 2.0**63)]
Confidence = Annotated[float, Ge(0.5), Lt(1), Unit("probability")]
Settings = Mapping[str, Any]
"""Paths of scenario fields (as in `--set`) and what they are set to."""


class Range(Spec):
    """`{min: 10, max: 50}`: any number between two, for a design that samples."""

    min: Number
    """The least value."""
    max: Number
    """The largest value."""
    whole: bool = False
    """Only whole numbers."""
    log: bool = False
    """Equally many in each order of magnitude; both ends above 0."""

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.max <= self.min:
            raise fault(f"`max` above `min`, which is {self.min:g}", f"{self.max:g}")
        if self.log and self.min <= 0:
            raise fault("`min` above 0 for `log: true`", f"{self.min:g}")
        if self.whole and (self.min % 1 or self.max % 1):
            raise fault("whole numbers as `min` and `max` for `whole: true`")
        return self


def _factor(value: Any) -> str:
    if isinstance(value, Range):
        return MEMBER + "range"
    if isinstance(value, Mapping):
        ranged = {"min", "max"} & set(value)
        return MEMBER + ("range" if ranged and not _all_mappings(value) else "named")
    return MEMBER + "levels"


def _all_mappings(value: Mapping[Any, Any]) -> bool:
    return all(isinstance(item, Mapping) for item in value.values())


Factor = Annotated[
    Annotated[tuple[Any, ...], Field(min_length=1), member("levels")]
    | Annotated[Range, member("range")]
    | Annotated[Mapping[Name, Settings], Field(min_length=1), member("named")],
    Discriminator(_factor),
]
"""The levels of one path; a range of it; or named levels that each set several paths."""


SAMPLES = ("latin_hypercube", "sobol", "morris", "sobol_indices")
"""The kinds of sample."""


class Sampled(Spec):
    """A sample of the factors' levels and ranges, evenly spread."""

    latin_hypercube: Count | None = None
    """So many policies: each factor's range is cut into as many slices, each used once."""
    sobol: Count | None = None
    """So many policies, a power of 2, from a scrambled Sobol sequence."""
    morris: Count | None = None
    """Elementary effects: this many base points, a power of 2, each with one policy more per
    factor."""
    sobol_indices: Count | None = None
    """Shares of the variance: this many base points, a power of 2, each with two policies and one
    more per factor."""
    seed: Seed = 1
    """Seed of the sample (not of the simulation)."""

    @model_validator(mode="after")
    def _one_kind(self) -> Sampled:
        given = {n: c for n in SAMPLES if (c := getattr(self, n)) is not None}
        if len(given) != 1:
            raise fault("one of `latin_hypercube`, `sobol`, `morris` and `sobol_indices`")
        ((name, count),) = given.items()
        if name != "latin_hypercube" and count & (count - 1):
            raise fault(f"a power of 2 for `{name}`", str(count))
        if name in ("morris", "sobol_indices") and count < 4:
            raise fault(f"4 or more for `{name}`", str(count))
        return self

    @property
    def kind(self) -> str:
        """Which one it is."""
        return next(name for name in SAMPLES if getattr(self, name) is not None)

    @property
    def base_points(self) -> int:
        """The number that the file says."""
        return int(getattr(self, self.kind))

    def count(self, factors: int) -> int:
        """Points of the sample."""
        more = {"morris": factors + 1, "sobol_indices": factors + 2}
        return self.base_points * more.get(self.kind, 1)


Design = Annotated[
    Annotated[Literal["full"], member("word")] | Annotated[Sampled, member("other")],
    Discriminator(word_or_other),
    word_or(("full",), "a mapping with the key latin_hypercube, sobol, morris or sobol_indices"),
]


Texts = Annotated[tuple[str, ...], Field(min_length=1), listed(str)]


class View(Spec):
    """What is asked of the results, and how many there are."""

    title: str = ""
    """One line for tables and reports."""
    question: str = ""
    """The question it answers, in a sentence."""
    replications: Replications = 30
    """How often each policy is simulated: a number, or until enough is known."""
    seed: Seed = 1
    """Seed of the random numbers; every policy meets the same world."""
    metrics: Texts = ("cost.total", "fill_rate", "mean_wait", "mean_on_hand", "mean_backlog")
    """What is reported: cost.total, fill_rate[gold], mean_wait[product:mug]."""
    objective: str | None = None
    """What is to be made small or large: minimise cost.total, with or without its constraints:
    minimise cost.total subject to fill_rate[gold] >= 0.95 and otif >= 0.9."""
    constraints: Annotated[tuple[str, ...], listed(str)] = ()
    """What a policy must satisfy: fill_rate[gold] >= 0.95."""
    reference: Name | None = None
    """The policy that others are compared with; the first if none is named."""
    confidence: Confidence = 0.95
    """Confidence of intervals and comparisons."""


class ExperimentFile(View):
    """An experiment: which policies, how often, and what is compared."""

    scenario: Annotated[
        Annotated[str, Field(min_length=1), member("word")]
        | Annotated[Mapping[Name, str], Field(min_length=1), member("other")],
        Discriminator(word_or_other),
    ]
    """The scenario file, from the experiment file's folder; or several by name, each tried."""
    set: Settings = Field({})
    """Fields of the scenario, by path, that differ from the file in every policy."""
    policies: Annotated[Mapping[Name, Settings], Field(min_length=2)] | None = None
    """Policies by name, each with the fields that it sets."""
    factors: Annotated[Mapping[Name, Factor], Field(min_length=1)] | None = None
    """Instead of policies: what is varied, by path (levels or a range) or by name."""
    design: Design = "full"
    """How factors combine: each level with each (full), or a sample."""


__all__ = ["ExperimentFile", "Range", "Sampled", "View"]
