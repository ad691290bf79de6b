"""The sentences of a finding that need no more than a part of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backsim.errors import listed
from backsim.present.numbers import digits_of, interval, plain_number, rough
from backsim.report.words import condition, label, scale_of
from backsim.results.spec import Constraint
from backsim.search.gap import Gap
from backsim.search.items.choice import ItemsChoice
from backsim.search.kept import Kept
from backsim.search.space import Point, Space
from backsim.search.spending import Spending
from backsim.search.worlds import Phase
from backsim.study.experiment import Experiment, Policy

WHAT_FOR = {
    Phase.SEARCH: "to search",
    Phase.CHOICE: "to choose",
    Phase.SHAPE: "to look around",
    Phase.FIGURES: "for the figures",
}


MILLION, TOO_MANY = 1_000_000, 1_000_000_000


def nearest(policy: Policy | None, kept: Sequence[Kept]) -> str:
    """Which policy comes nearest to the constraints, and with what."""
    assert policy is not None
    reached = []
    for one in kept:
        spec = one.constraint.metric
        unit = " %" if spec.is_share else ""
        reached.append(f"{label(spec)} {interval(one.estimate, scale_of(spec))}{unit}")
    return f"'{policy.name}' comes nearest, with {listed(reached)}."


def at_ends(space: Space, point: Point | None) -> Iterator[str]:
    """That a policy is at the end of what was searched, where a better one may be beyond."""
    paths = [] if point is None else space.at_ends(point)
    if paths:
        end, range_ = ("the end", "range") if len(paths) == 1 else ("the ends", "ranges")
        yield (
            f"It is at {end} of the {range_} searched of {listed(paths)}: a better one may be "
            f"beyond; if that is allowed, widen the {range_}."
        )


def to_spare(constraints: Sequence[Constraint], tolerances: Sequence[float]) -> str:
    """Which policies a promise is about: those that keep the constraints by what matters."""
    if not constraints:
        return ""
    kept = []
    for constraint, tolerance in zip(constraints, tolerances, strict=True):
        spec = constraint.metric
        unit = " points" if spec.is_share else ""
        kept.append(f"{condition(constraint)} with {rough(scale_of(spec) * tolerance)}{unit}")
    return f" that satisfies {listed(kept)} to spare"


def undecided(running: Sequence[str], zone: str, sure: str, needs: int) -> str:
    """What the budget did not suffice for; `running` are the policies that may be better."""
    left = "it was not certain that it satisfies the constraints"
    if running:
        left = f"{listed(running)} could not be told from it to within {zone}"
    return (
        f"Nothing is promised: when the budget ended, {left} ({sure}). That takes {about(needs)}."
    )


def about(needs: int) -> str:
    """How many more replications something takes, as nearly as that is known."""
    if needs >= TOO_MANY:
        return "more replications than anyone can play: give a larger `indifference`"
    if needs >= MILLION:
        return f"about {digits_of(needs / MILLION, 2)} million more replications"
    digits = max(0, len(str(needs)) - 2)
    return f"about {round(needs, -digits):,} more replications"


def of_items(
    choice: ItemsChoice, asked: Experiment, level: str, amount: Callable[[float], str]
) -> str:
    """What no other levels are better by, and what more service costs.

    `amount` says a difference of the objective.
    """
    by = f" by more than {amount(choice.gap)}" if choice.gap else ""
    better = f"better{by}"
    kept = " that satisfy the constraints by their tolerances" if asked.constraints else ""
    tried = f", {choice.tried}," if choice.tried else ""
    text = f"No other levels of the {len(choice.nearest):,} items{tried}{kept} are {better}"
    if not choice.decided:
        zone = amount(choice.indifference)
        text += f", which is more than the indifference zone of {zone}: "
        text += "more replications would not tell" if choice.in_vain else "the budget ended"
    text += f" ({level}, a bound on {'all these' if choice.tried else 'all'} levels)."
    for constraint, price in zip(asked.constraints, choice.prices, strict=True):
        if not price:
            continue
        more = "One point" if constraint.metric.is_share else "One unit"
        one = amount(price * constraint.metric.point)
        side = "more" if constraint.relation == ">=" else "less"
        text += f" {more} {side} of {label(constraint.metric)} costs {one} there."
    return text


def gap(found: Gap, suffix: str, level: str) -> str:
    """What no policy or no clearing rule can cost less than, and what the one found costs more."""
    if found.of_all:
        optimum = f"{plain_number(found.least.mean)}{suffix} in the mean, exactly"
        apart = f"{interval(found.apart)}{suffix} more"
        if found.apart.mean <= found.apart.half_width:
            apart = f"no more, as far as can be told ({apart}, {level})"
        none = "In the long run no policy at all" if found.in_the_long_run else "No policy at all"
        return f"{none} costs less than {optimum}; this one costs {apart}."
    worlds = f"a bound in hindsight, the first {found.least.count} of these replications"
    if found.closed:
        return f"With its purchases, no clearing rule can cost less ({worlds})."
    return (
        f"With its purchases, no clearing rule can cost less than {interval(found.least)}{suffix}, "
        f"which is {interval(found.apart)}{suffix} less than its own ({level}, {worlds})."
    )


def spent(found: Spending) -> str:
    """What was spent."""
    parts = [f"{n:,} {WHAT_FOR[phase]}" for phase, n in found.replications.items() if n]
    earlier = f" {found.known:,} of them were there from an earlier run." if found.known else ""
    return (
        f"Spent: {found.total:,} replications of {found.points:,} policies "
        f"({', '.join(parts)}) in {found.seconds:,.0f} s.{earlier}"
    )
