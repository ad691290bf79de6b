"""What a file of a search may say: each field once, with its type, default and meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import BeforeValidator, Discriminator, Field, model_validator

from backsim.experiment.schema import Confidence, Seed, Settings, Texts
from backsim.quantities import Number, Positive, Share, Unit
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import Name, Spec, listed
from backsim.scenario.yamlfile import show
from backsim.study.stopping.form import Tolerance, Width

MOST_STEPS = 1_000_000
STEPS = 100
"""Steps between the ends of a range of numbers that names none."""

Whole = Annotated[int, Unit("", "i8")]
Ends = Annotated[tuple[Number, ...], Field(min_length=2, max_length=2)]


def _check(low: float, high: float, step: float) -> None:
    if high <= low:
        raise fault("the lower end first, and an upper end above it", f"[{low:g}, {high:g}]")
    if step > high - low:
        raise fault(f"a step of at most {high - low:g}, from end to end", f"{step:g}")
    if (high - low) / step > MOST_STEPS:
        raise fault(f"at most {MOST_STEPS:,} steps from end to end", f"{(high - low) / step:,.0f}")


class Range(Spec):
    """Numbers between two ends, a step apart."""

    above: Annotated[str, Field(min_length=1)] | None = None
    """The path of another searched number that this one must exceed."""

    @property
    def grid(self) -> tuple[float, float, float]:
        """Lower end, upper end, step."""
        raise NotImplementedError


class Integers(Range):
    """`{integers: [0, 200]}`: whole numbers between two ends."""

    integers: Annotated[tuple[Whole, ...], Field(min_length=2, max_length=2)]
    """The smallest and the largest value."""
    step: Annotated[int, Ge(1), Unit("")] = 1
    """Step between values, from the least on."""

    @model_validator(mode="after")
    def _in_order(self) -> Integers:
        _check(*self.grid)
        return self

    @property
    def grid(self) -> tuple[float, float, float]:
        """Lower end, upper end, step."""
        return (*self.integers, self.step)  # type: ignore[return-value]


class Numbers(Range):
    """`{numbers: [0, 2.5], step: 0.1}`: numbers between two ends."""

    numbers: Ends
    """The smallest and the largest value."""
    step: Positive | None = None
    """Step between values. Default: a hundredth of the range."""

    @model_validator(mode="after")
    def _in_order(self) -> Numbers:
        _check(*self.grid)
        return self

    @property
    def grid(self) -> tuple[float, float, float]:
        """Lower end, upper end, step."""
        low, high = self.numbers
        return low, high, self.step or (high - low) / STEPS


class DaysOfDemand(Range):
    """`{days: [0, 10], step: 0.5}`: a time, or a level in days of mean demand."""

    days: Ends
    """The smallest and the largest value."""
    step: Positive = 1.0
    """Step between values."""

    @model_validator(mode="after")
    def _in_order(self) -> DaysOfDemand:
        _check(*self.grid)
        return self

    @property
    def grid(self) -> tuple[float, float, float]:
        """Lower end, upper end, step."""
        return (*self.days, self.step)  # type: ignore[return-value]


class Levels(Spec):
    """`{family: base_stock}`: the level of a reorder rule, for every stock point its own."""

    family: Name
    """A reorder rule that goes by the inventory position: base_stock, s_S, r_nQ."""
    fixed: Mapping[Name, Any] = {}
    """Its other parameters: {Q: 10}, or {S: {units: 10, above: s}}, which moves with s."""


KINDS = {"integers": "Integers", "numbers": "Numbers", "days": "DaysOfDemand", "family": "Levels"}
"""The key that tells what a mapping says -> its form."""


def _kind(value: Any) -> str:
    if isinstance(value, Range | Levels):
        return MEMBER + type(value).__name__
    if isinstance(value, Mapping):
        return MEMBER + next((KINDS[key] for key in value if key in KINDS), "Integers")
    return MEMBER + "choices"


FORMS: dict[str, type[Range]] = {
    "integers": Integers,
    "numbers": Numbers,
    "days": DaysOfDemand,
}
"""The key of a range -> its form."""


def _choices(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(value) < 2:
        raise fault("at least two choices (what is not tried belongs into `set`)", show(value))
    plain = [_plain(item) for item in value]
    for i, item in enumerate(value):
        if plain[i] in plain[:i]:
            raise fault("each choice once", f"{show(item)} a second time")
    return tuple(map(_with_ranges, value))


def _plain(item: Any) -> Any:
    """A choice as it is compared: a rule without parameters is its name."""
    return item["rule"] if isinstance(item, Mapping) and set(item) == {"rule"} else item


def _with_ranges(item: Any) -> Any:
    """A choice with the numbers of its own that are searched: {rule: x, weight: {numbers: ...}}."""
    if not isinstance(item, Mapping):
        return item
    return {name: _range(given) if _is_range(given) else given for name, given in item.items()}


def _is_range(given: Any) -> bool:
    keys = set(FORMS) & set(given) if isinstance(given, Mapping) else set()
    return len(keys) == 1 and isinstance(given[next(iter(keys))], list | tuple)


def _range(given: Mapping[str, Any]) -> Range:
    form = FORMS[next(key for key in given if key in FORMS)]
    if "above" in given:
        raise fault("no `above` with a number of a choice", show(given["above"]))
    return form.model_validate(given)


def _dimension(value: Any) -> Any:
    form = "{integers: [0, 200]}, {days: [0, 10], step: 0.5}, {numbers: [0, 1]}, or a list"
    if not isinstance(value, Mapping | tuple | Range | Levels):
        raise fault(f"what is to be tried: {form}", show(value))
    if isinstance(value, Mapping) and len(set(KINDS) & set(value)) != 1:
        raise fault(f"one of {', '.join(KINDS)}: {form}", show(value))
    return value


Dimension = Annotated[
    Annotated[Integers, member("Integers")]
    | Annotated[Numbers, member("Numbers")]
    | Annotated[DaysOfDemand, member("DaysOfDemand")]
    | Annotated[Levels, member("Levels")]
    | Annotated[tuple[Any, ...], BeforeValidator(_choices), member("choices")],
    Discriminator(_kind),
    BeforeValidator(_dimension),
]
"""What is tried at one path: numbers between two ends, or a list of choices."""


class Abc(Spec):
    """`{abc: [0.8, 0.95]}`: A, B and C by what a product's demand is worth, the largest first."""

    abc: Annotated[tuple[Share, ...], Field(min_length=2, max_length=2)]
    """The shares of the worth of all demand at which A and B end."""

    @model_validator(mode="after")
    def _in_order(self) -> Abc:
        if self.abc[0] >= self.abc[1]:
            raise fault("the smaller share first", f"{self.abc[0]:g} and {self.abc[1]:g}")
        return self


class GroupTable(Spec):
    """`{file: products.csv, product: number, column: class}`: groups that a table names."""

    file: Annotated[str, Field(min_length=1)]
    """A CSV file, from this file's folder; one row per product."""
    product: Annotated[str, Field(min_length=1)] = "product"
    """The column of the products' names."""
    column: Annotated[str, Field(min_length=1)]
    """The column of the groups."""


def _groups_kind(value: Any) -> str:
    abc = isinstance(value, Abc) or (isinstance(value, Mapping) and "abc" in value)
    return MEMBER + ("abc" if abc else "table")


Groups = Annotated[
    Annotated[Abc, member("abc")] | Annotated[GroupTable, member("table")],
    Discriminator(_groups_kind),
]


class SearchFile(Spec):
    """A search for the cheapest policy that meets the service, among all that a file describes."""

    title: str = ""
    """One line for tables and reports."""
    question: str = ""
    """The question it answers, in a sentence."""
    scenario: Annotated[str, Field(min_length=1)]
    """The scenario file, relative to this file; its own policy is the present one."""
    set: Settings = Field({})
    """Fields of the scenario, by path, that differ from the file in every policy."""
    search: Annotated[Mapping[Name, Dimension], Field(min_length=1)]
    """What is varied, by path of a scenario field (as in `--set`)."""
    groups: Groups | None = None
    """The groups of products that constraints on a group are about, such as
    fill_rate[group:A] >= 0.98. Default: those that the scenario names."""
    objective: str = "minimise cost.total"
    """What to minimise or maximise, optionally with constraints: minimise cost.total subject to
    fill_rate[gold] >= 0.95 and otif >= 0.9.
    """
    constraints: Annotated[tuple[str, ...], listed(str)] = ()
    """What a policy must satisfy: fill_rate[gold] >= 0.95."""
    indifference: Width = Field("0.5 %", validate_default=True)
    """The smallest difference of the objective that matters: a number, or a share such as 0.5 %."""
    constraint_tolerance: Tolerance | None = None
    """The smallest distance from a bound that matters, as a number or by metric, such as
    {fill_rate: 0.002}; a policy that keeps it by less may be passed over.  If not given, 0.005 for
    shares, or a fifth of the distance to 0 or 1 where that is less; else 1 % of the bound."""
    trade_off: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)] | None = None
    """Two metrics, that of the objective and a service: the cheapest policy for each of several
    values of the service, such as [cost.total, fill_rate[gold]]."""
    confidence: Confidence = 0.95
    """Confidence of every statement."""
    replications: Annotated[int, Ge(100), Unit("")] = 100_000
    """Maximum total number of replications, over all policies."""
    figures: Annotated[int, Ge(2), Unit("")] | None = None
    """Minimum number of replications of the final figures.  Default: 30, or 10 for the levels of
    all items."""
    minutes: Positive | None = None
    """Maximum search time in minutes."""
    seed: Seed = 1
    """Seed of the random numbers."""
    metrics: Texts = ("cost.total", "fill_rate", "mean_wait", "mean_on_hand", "mean_backlog")
    """Metrics to report for the policy found and for the present one."""


__all__ = [
    "Abc",
    "DaysOfDemand",
    "Dimension",
    "GroupTable",
    "Integers",
    "Levels",
    "Numbers",
    "Range",
    "SearchFile",
]
