"""What a search gives: the policy found, what is promised of it, and what was spent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from backsim.errors import InputError, few, listed
from backsim.present.numbers import interval, number, percent, plain_number
from backsim.report.words import condition, label, said, scale_of
from backsim.results.spec import MetricSpec
from backsim.results.units import unit_suffix
from backsim.scenario.model import Model
from backsim.search import words
from backsim.search.choice import Choice
from backsim.search.gap import Gap
from backsim.search.items.choice import ItemsChoice
from backsim.search.items.table import table_of_levels
from backsim.search.kept import Kept, kept_by
from backsim.search.prices import priced
from backsim.search.problem import Problem
from backsim.search.shape import Shape
from backsim.search.space import Point
from backsim.search.spending import Spending
from backsim.statistics import MAXIMISE, Difference, Estimate
from backsim.study.experiment import Policy

if TYPE_CHECKING:
    import pandas as pd

    from backsim.experiment.comparison import Comparison


@dataclass(frozen=True, eq=False)
class Search:
    """The policy found and what is promised of it.

    `best` is None where no policy that was tried keeps the constraints; `nearest` is then the one
    that comes nearest.  `figures` is a study of the policy found and the present one, on random
    numbers that neither the search nor the choice has seen.
    """

    problem: Problem = field(repr=False)
    best: Policy | None
    point: Point | None
    nearest: Policy | None
    choice: Choice | ItemsChoice = field(repr=False)
    figures: Comparison | None = field(repr=False)
    kept: tuple[Kept, ...]
    spent: Spending
    gap: Gap | None = None
    """What it costs above a lower bound on all ways of clearing; None where none applies."""
    shape: Shape | None = field(default=None, repr=False)
    """What is around the policy found; None unless it was asked for (`out`)."""

    def __repr__(self) -> str:
        return f"Search: {self.finding}"

    def _repr_html_(self) -> str:
        """What a notebook shows: the finding, and the policy found beside the present one."""
        head = f"<p>{escape(self.finding)}</p>"
        if self.figures is None:
            return head
        table: str = self.figures.table().to_html(float_format=number, border=0)
        return head + table

    @property
    def promised(self) -> bool:
        """It is decided which policy is best, and that it keeps the constraints."""
        return self.best is not None and self.choice.decided and all(k.surely for k in self.kept)

    @property
    def model(self) -> Model | None:
        """The scenario with the policy found."""
        return None if self.best is None else self.best.model

    @property
    def settings(self) -> dict[str, Any]:
        """Path -> value of the policy found."""
        return {} if self.best is None else dict(self.best.settings)

    @property
    def alike(self) -> tuple[str, ...]:
        """The other policies that the choice could not exclude as the best."""
        if isinstance(self.choice, ItemsChoice):
            return ()
        name = self.problem.space.name
        return tuple(name(point) for point in self.choice.alike if point != self.point)

    @cached_property
    def levels(self) -> pd.DataFrame:
        """The level of every item: product, site, group, level found, and mean demand per day.

        Raises InputError for a search of anything else.
        """
        items, choice = self.problem.items, self.choice
        if items is None or not isinstance(choice, ItemsChoice):
            raise InputError("levels: expected a search of stock[*].reorder")
        return table_of_levels(items, choice.nearest)

    @cached_property
    def cost(self) -> Estimate | None:
        """The objective of the policy found."""
        return None if self.figures is None else self.estimate(self.objective)

    @cached_property
    def saving(self) -> Difference | None:
        """The objective of the policy found less that of the present one, paired."""
        from backsim.study.analysis import against

        if self.figures is None or self.figures.experiment.reference_index == 0:
            return None
        present = self.figures.experiment.reference_index
        return against(self.figures, self.objective, present).get(0)

    @cached_property
    def keep_today(self) -> bool:
        """The present policy keeps the constraints and is better than the one found, beyond chance.

        That can be, within the indifference: a search ends where no more than that is to be gained.
        """
        saved = self.saving
        if saved is None or not saved.significant:
            return False
        return saved.mean * self.problem.sign > 0 and all(k.surely for k in self.today)

    @cached_property
    def today(self) -> tuple[Kept, ...]:
        """Each constraint, with what the present policy has."""
        if self.figures is None:
            return ()
        present = self.figures.experiment.reference_index
        return tuple(kept_by(self.problem, self.figures, present))

    def estimate(self, metric: str | MetricSpec) -> Estimate:
        """A metric of the policy found.  Raises InputError for an unknown metric."""
        from backsim.study.analysis import estimates

        assert self.figures is not None
        return estimates(self.figures, self.figures.spec(metric))[0]

    @property
    def objective(self) -> MetricSpec:
        """The metric that is made small or large."""
        assert self.problem.asked.objective is not None
        return self.problem.asked.objective.metric

    @cached_property
    def promise(self) -> str:
        """What was found and what is promised, without what was spent."""
        return promise(self)

    @cached_property
    def finding(self) -> str:
        """What was found, what is promised and what was spent, in a paragraph."""
        return finding(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        cost, saving = self.cost, self.saving
        choice, of_items = self.choice, dict[str, Any]()
        if isinstance(choice, ItemsChoice):
            prices = zip(self.problem.asked.constraints, choice.prices, strict=True)
            of_items = {
                "levels": _records(self.levels),
                "none_better_by": choice.gap,
                "prices": {str(constraint): price for constraint, price in prices},
            }
        return {
            "title": self.problem.asked.heading,
            "finding": self.finding,
            "promised": self.promised,
            "best": self.best and self.best.name,
            "settings": self.settings,
            "nearest": self.nearest and self.nearest.name,
            "objective": str(self.problem.asked.objective),
            "cost": cost and {"mean": cost.mean, "half_width": cost.half_width},
            "gap": self.gap and self.gap.to_dict(),
            "saving": saving
            and {"mean": -self.problem.sign * saving.mean, "half_width": saving.half_width},
            "keep_today": self.keep_today,
            "constraints": [
                {
                    "constraint": str(k.constraint),
                    "mean": k.estimate.mean,
                    "bound": k.bound,
                    "kept": k.surely,
                }
                for k in self.kept
            ],
            "confidence": self.problem.asked.confidence,
            "indifference": self.choice.indifference,
            "alike": list(self.alike),
            "needs": 0 if choice.decided else choice.needs,
            "trade_off": None if self.problem.service is None else _records(self.trade_off()),
            **of_items,
            "spent": {
                "replications": {p.name.lower(): n for p, n in self.spent.replications.items()},
                "known_from_earlier_runs": self.spent.known,
                "seconds": self.spent.seconds,
                "policies": self.spent.points,
            },
        }

    def trade_off(self) -> pd.DataFrame:
        """The policies that none beats in both objective and service, the cheapest first.

        One row each: both metrics with half-widths; the price, what the objective gets worse by for
        each unit of service more than the row before (paired, half-width of the objective's
        difference); and whether the two cannot be told apart in the objective.

        Raises InputError for a search without `trade_off`.
        """
        if self.problem.service is None or self.figures is None:
            raise InputError("trade_off: expected a search with `trade_off`, two metrics")
        return priced(self.problem, self.figures)

    def table(self) -> pd.DataFrame:
        """The policy found and the present one: one row each, with mean and half-width."""
        import pandas as pd

        return pd.DataFrame() if self.figures is None else self.figures.table()


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): v for name, v in row.items()} for row in table.to_dict("records")]


def finding(search: Search) -> str:
    """The finding in one paragraph: the policy, what is promised of it, its gap, what was spent."""
    told = _Words(search)
    bound = [] if search.gap is None else [words.gap(search.gap, told.suffix, told.level)]
    return " ".join([*told.sentences(), *bound, words.spent(search.spent)])


def promise(search: Search) -> str:
    """The policy, and what is promised of it; this much is the same whenever it is searched."""
    return " ".join(_Words(search).sentences())


class _Words:
    """The sentences of a finding."""

    def __init__(self, search: Search) -> None:
        self.search = search
        self.asked = search.problem.asked
        self.level = percent(self.asked.confidence)
        assert self.asked.objective is not None
        self.spec = self.asked.objective.metric
        unit = unit_suffix(self.spec.unit, search.problem.present.scenario)
        share = self.spec.is_share
        self.suffix, self.apart = (" %", " percentage points") if share else (unit, unit)
        self.scale = scale_of(self.spec)

    def sentences(self) -> Iterator[str]:
        if self.search.best is None:
            yield self.none_feasible()
        else:
            yield self.first()
            yield from map(self.kept, self.search.kept)
            yield self.compared()
            yield from words.at_ends(self.search.problem.space, self.search.point)
        if self.search.problem.service is not None and self.search.figures is not None:
            yield self.traded()

    def none_feasible(self) -> str:
        limits = listed([condition(c) for c in self.asked.constraints])
        search, choice = self.search, self.search.choice
        if isinstance(choice, ItemsChoice):
            return (
                f"Nothing is promised: when the budget ended, it was not certain that any levels "
                f"satisfy {limits}. {words.nearest(search.nearest, search.kept)}"
            )
        sure = f"{self.level}, each judged to within the tolerance of its constraints"
        told = f"None of the {choice.tried:,} policies tried satisfies {limits} ({sure})."
        if search.nearest is None:
            return told
        near = words.nearest(search.nearest, search.kept)
        which = "constraint" if len(self.asked.constraints) == 1 else "constraints"
        if search.today and all(k.surely for k in search.today):
            return f"{told} {near} Today's policy does: keep it, or widen the ranges searched."
        return f"{told} {near} Relax the {which}, or widen the ranges that are searched."

    def first(self) -> str:
        """The policy, its objective, and the present policy beside it."""
        search = self.search
        assert search.best is not None
        verb = "has" if search.promised else "may have"
        best = "lowest" if search.problem.sign > 0 else "highest"
        kept = " of the policies that satisfy the constraints" if self.asked.constraints else ""
        text = f"'{search.best.name}' {verb} the {best} {label(self.spec)}{kept}"
        if search.cost is None:
            return f"{text}."
        cost = f"{interval(search.cost, self.scale)}{self.suffix}"
        text += f": {cost}"
        saved = search.saving
        if saved is None or saved.same:
            own = "It is today's policy" if saved is None else "It is as today in every replication"
            return f"{text}. {own} ({self.level}, {self.figures()})."
        more = "less" if saved.mean < 0 else "more"
        width = self.scale * saved.half_width
        amount = f"{number(self.scale * abs(saved.mean), width)}{self.apart}"
        if search.keep_today:
            return (
                f"Keep today's policy: the search found none that is better. '{search.best.name}' "
                f"has {label(self.spec)} {cost}, {amount} {more} than today "
                f"({self.level}, {self.figures()})."
            )
        saving = f", {amount} {more} than today{self.broken_today()}"
        if not saved.significant:
            saving = f". That it is {amount} {more} than today may be chance"
        return f"{text}{saving} ({self.level}, {self.figures()})."

    def broken_today(self) -> str:
        """That the present policy, which a saving is against, breaks a constraint."""
        known = [k for k in self.search.today if k.estimate.count]
        found = [k.constraint for k in known if not k.constraint.holds(k.estimate.mean)]
        return f", which does not satisfy {listed(list(map(condition, found)))}" if found else ""

    def figures(self) -> str:
        """What the figures are from."""
        assert self.search.figures is not None
        count = self.search.figures.counts[0]
        return f"{count:,} fresh replications, used neither to search nor to choose"

    def kept(self, kept: Kept) -> str:
        """Whether a constraint is kept, and at least with what."""
        if kept.estimate.count == 0:
            return f"There was no order to measure {label(kept.constraint.metric)}."
        side = "at least" if kept.constraint.relation == ">=" else "at most"
        reached = f"{side} {said(kept.constraint.metric, kept.bound)} ({self.level} confidence)"
        if kept.surely:
            return f"It satisfies {condition(kept.constraint)}: it has {reached}."
        return (
            f"It is not certain that it satisfies {condition(kept.constraint)}: it has {reached}."
        )

    def compared(self) -> str:
        """What the choice among all policies tried has come to."""
        search, choice = self.search, self.search.choice
        if isinstance(choice, ItemsChoice):
            return words.of_items(choice, self.asked, self.level, self.amount)
        if choice.selection is None:
            return (
                f"Nothing is promised: the budget ended before the {choice.tried:,} policies "
                f"tried could be compared, which takes {words.about(choice.needs)}."
            )
        zone = self.amount(choice.indifference)
        sure = f"{self.level}, {choice.selection.method}"
        if choice.decided:
            alike = [f"'{name}'" for name in search.alike]
            spare = words.to_spare(self.asked.constraints, search.problem.tolerances)
            near = "compared" if choice.without else "tried, its neighbours among them,"
            return (
                f"None of the {choice.tried:,} policies {near}{spare} "
                f"is better by more than {zone} ({sure})."
                + (f" {listed(alike)} may be as good." if alike else "")
                + self.without(choice)
            )
        others = [point for point in choice.running if point != search.point]
        running = [f"'{search.problem.space.name(point)}'" for point in others]
        return words.undecided(running, zone, sure, choice.needs)

    def without(self, choice: Choice) -> str:
        """What has not been compared, as it has no objective in some replications."""
        if not choice.without:
            return ""
        names = few([f"'{self.search.problem.space.name(p)}'" for p in choice.without], 3)
        return (
            f" Nothing is known of {len(choice.without):,} more ({names}): in some replications "
            f"there is no {label(self.spec)}."
        )

    def amount(self, difference: float) -> str:
        """A difference of the objective."""
        return f"{plain_number(self.scale * difference)}{self.apart}"

    def traded(self) -> str:
        """What more service costs along the frontier."""
        service = self.search.problem.service
        assert service is not None
        found = self.search.trade_off()
        if len(found) < 2:
            return f"No policy trades {label(self.spec)} for {label(service)}."
        ends = [said(service, float(found[str(service)].iloc[i])) for i in (0, -1)]
        each = [service.point * float(p) for p in found["price"].iloc[1:]]
        more = "one point" if service.is_share else "one unit"
        side = "more" if service.sense == MAXIMISE else "less"
        price = self.amount(each[-1])
        if len(each) > 1:
            price = f"{plain_number(self.scale * each[0])} to {price}"
        return (
            f"The frontier of {len(found)} policies goes from {label(service)} {ends[0]} to "
            f"{ends[1]}; {more} {side} costs {price}."
        )
