"""What a search has found and what it promises, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backsim.errors import listed
from backsim.present.numbers import PLUS_MINUS, interval, number, percent, plain_number
from backsim.report.words import condition, label
from backsim.results.units import unit_suffix
from backsim.search.worlds import Phase

if TYPE_CHECKING:
    from backsim.search.search import Kept, Search

WHAT_FOR = {Phase.SEARCH: "to search", Phase.CHOICE: "to choose", Phase.FIGURES: "for the figures"}


def finding(search: Search, sign: str = PLUS_MINUS) -> str:
    """The finding in one paragraph: the policy, what is promised of it, what was spent."""
    return f"{promise(search, sign)} {_Words(search, sign).spent()}"


def promise(search: Search, sign: str = PLUS_MINUS) -> str:
    """The policy, and what is promised of it; this much is the same whenever it is searched."""
    return " ".join(_Words(search, sign).sentences())


class _Words:
    """The sentences of a finding."""

    def __init__(self, search: Search, sign: str) -> None:
        self.search, self.sign = search, sign
        self.asked = search.problem.asked
        self.level = percent(self.asked.confidence)
        assert self.asked.objective is not None
        self.spec = self.asked.objective.metric
        self.suffix = unit_suffix(self.spec.unit, search.problem.present.scenario)

    def sentences(self) -> Iterator[str]:
        if self.search.best is None:
            yield self.none_feasible()
        else:
            yield self.first()
            yield from map(self.kept, self.search.kept)
            yield self.compared()
        if self.search.problem.service is not None and self.search.figures is not None:
            yield self.traded()

    def none_feasible(self) -> str:
        limits = listed([condition(c) for c in self.asked.constraints])
        search, choice = self.search, self.search.choice
        sure = f"{self.level}, each judged to within the tolerance of its constraints"
        told = f"None of the {len(choice.points):,} policies tried keeps {limits} ({sure})."
        if search.nearest is None:
            return told
        return f"{told} {self.nearest()} Allow for less, or widen the ranges that are searched."

    def nearest(self) -> str:
        """Which policy comes nearest, and with what."""
        assert self.search.nearest is not None
        reached = [
            f"{label(k.constraint.metric)} {interval(k.estimate, self.sign)}"
            for k in self.search.kept
        ]
        return f"'{self.search.nearest.name}' comes nearest, with {listed(reached)}."

    def first(self) -> str:
        """The policy, its objective, and the present policy beside it."""
        search = self.search
        assert search.best is not None
        verb = "has" if search.promised else "may have"
        best = "lowest" if search.problem.sign > 0 else "highest"
        kept = " of the policies that keep the constraints" if self.asked.constraints else ""
        text = f"'{search.best.name}' {verb} the {best} {label(self.spec)}{kept}"
        if search.cost is None:
            return f"{text}."
        text += f": {interval(search.cost, self.sign)}{self.suffix}"
        saved = search.saving
        if saved is None:
            return f"{text}. It is the present policy ({self.level}, {self.figures()})."
        more = "less" if saved.mean < 0 else "more"
        amount = f"{number(abs(saved.mean), saved.half_width, self.sign)}{self.suffix}"
        known = "" if saved.significant else ", a difference that may be chance"
        return f"{text}, {amount} {more} than today{known} ({self.level}, {self.figures()})."

    def figures(self) -> str:
        """What the figures are from."""
        assert self.search.figures is not None
        return (
            f"{self.search.figures.counts[0]:,} replications that neither search nor choice has "
            "seen"
        )

    def kept(self, kept: Kept) -> str:
        """Whether a constraint is kept, and at least with what."""
        if kept.estimate.count == 0:
            return f"There was no order to measure {label(kept.constraint.metric)}."
        side = "at least" if kept.constraint.relation == ">=" else "at most"
        reached = f"{side} {plain_number(kept.bound)} ({self.level})"
        if kept.surely:
            return f"It keeps {condition(kept.constraint)}: it has {reached}."
        return f"Whether it keeps {condition(kept.constraint)} is not sure: it has {reached}."

    def compared(self) -> str:
        """What the choice among all policies tried has come to."""
        search, choice = self.search, self.search.choice
        if choice.selection is None:
            return (
                f"Nothing is promised: the budget ended before the {len(choice.points):,} policies "
                f"tried could be compared, which takes {choice.needs:,} more replications."
            )
        zone = f"{plain_number(choice.indifference)}{self.suffix}"
        method = choice.selection.method
        if choice.decided:
            alike = [f"'{name}'" for name in search.alike]
            return (
                f"None of the {len(choice.points):,} policies tried, its neighbours among them, is "
                f"better by more than {zone} ({self.level}, {method})."
                + (f" {listed(alike)} may be as good." if alike else "")
            )
        others = [point for point in choice.running if point != search.point]
        running = [f"'{search.problem.space.name(point)}'" for point in others]
        left = (
            f"{listed(running)} could not be told from it to within {zone}"
            if running
            else "it was open whether it keeps the constraints"
        )
        return (
            f"Nothing is promised: when the budget ended, {left} ({self.level}, {method}). That "
            f"takes at most {choice.needs:,} more replications."
        )

    def traded(self) -> str:
        """What more service costs along the frontier."""
        service = self.search.problem.service
        assert service is not None
        found = self.search.trade_off()
        ends = [plain_number(float(found[str(service)].iloc[i])) for i in (0, -1)]
        if len(found) < 2:
            return f"No policy trades {label(self.spec)} for {label(service)}."
        point = 0.01 if service.unit == "share" else 1.0
        prices = [plain_number(point * float(p)) for p in found["price"].iloc[1:]]
        more = "one point" if service.unit == "share" else "one unit"
        price = prices[0] if len(prices) == 1 else f"{prices[0]} to {prices[-1]}"
        return (
            f"The frontier of {len(found)} policies goes from {label(service)} {ends[0]} to "
            f"{ends[1]}; {more} more costs {price}{self.suffix}."
        )

    def spent(self) -> str:
        """What was spent."""
        spent = self.search.spent
        parts = [f"{n:,} {WHAT_FOR[phase]}" for phase, n in spent.replications.items() if n]
        return (
            f"Spent: {spent.total:,} replications of {spent.points:,} policies "
            f"({', '.join(parts)}) in {spent.seconds:,.0f} s."
        )
