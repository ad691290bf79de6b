"""Levels of a rule that are not written as numbers: days of demand, safety stocks, services."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from backsim.entities import Stock, World
from backsim.quantities import LARGEST_STOCK
from backsim.rules import FAMILIES, Rule
from backsim.rules.kinds import is_built_in
from backsim.scenario.demand.laws import MOST_UNITS, Flow
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.levels.lead_time_demand import LeadTimeDemand, Shape, TooMuch
from backsim.scenario.levels.lots import ANY_SIZE, Lots
from backsim.scenario.levels.regular import Regular
from backsim.scenario.levels.starting import AT_THE_LEVEL, Start
from backsim.scenario.schema.rule_use import Above, Cover, RuleUse, SafetyStock, Service, Target

ROUNDING = 1e-9
"""A level this little above a whole number is that number."""

KNOWN: dict[tuple[Any, ...], int] = {}
"""Levels from a service by what they were computed from: a changed model has most of them again."""
MOST_KNOWN = 50_000

STEPS = (0, *(2**i for i in range(16)), *(3**i for i in range(10)))
"""How far below its trigger a rule is asked for its shape."""
MOST_PURCHASES = 10_000
"""Purchases that fill an empty stock point."""


@dataclass(frozen=True)
class Situation:
    """What levels are computed from: a stock point's demand, supply and review.

    `rate` is the mean demand in units a day, `period` the time between reviews (0: continuous),
    `unlimited` says whether the supplier's lead time is all that there is to wait for.
    """

    rate: float
    flows: Sequence[Flow]
    lead_time: Distribution
    period: float
    crossing: bool
    unlimited: bool
    after: bool = False
    """An order is placed after the demand of its instant, and not before."""
    first: float | None = 0.0
    """Day of the first review; None where reviews are on dates."""
    lots: Lots = ANY_SIZE
    """The sizes that purchases may have."""
    start: Start = AT_THE_LEVEL
    """The position before the first order."""

    @property
    def regular(self) -> Regular | None:
        """Demand and reviews that can be counted: at the same times all, after a constant time."""
        times = {(flow.every, flow.first) for flow in self.flows}
        days, spread = self.lead_time.moments()
        if len(times) != 1 or spread or self.first is None:
            return None
        ((each, first),) = times
        return Regular(each, first, self.period, self.first, days, self.after) if each else None

    @property
    def key(self) -> tuple[Any, ...]:
        """All of it as a key: equal keys are equal situations."""
        flows = (
            (f.customer_class, f.rate, f.variance, f.random, *when, f.whole, f.units.tobytes())
            for f in self.flows
            for when in [(f.every, f.first)]
        )
        law = type(self.lead_time).__qualname__, self.lead_time.model_dump_json()
        how = self.crossing, self.unlimited, self.after, self.first, self.lots, self.start
        return (self.rate, self.period, *how, law, *flows)

    @property
    def offers(self) -> dict[str, Any]:
        """What a reorder rule may ask for at the start, apart from the position."""
        days = self.lead_time.moments()[0]
        return {
            "world": _nothing_yet(),
            "stock": Stock(mean_lead_time=days, review_period=self.period),
            "now": 0.0,
            "joint": 0,
            "lead_time": days,
            "review_period": self.period,
            "forecast_mean": self.rate,
            "forecast_variance": sum(flow.variance for flow in self.flows),
        }


@cache
def _nothing_yet() -> World:
    """A world at the start, for rules to read."""
    return World()


class LevelFault(Exception):
    """A level that cannot be computed: below which parameter, what was expected, what found."""

    def __init__(self, where: tuple[str, ...], expected: str, found: Any) -> None:
        super().__init__(expected)
        self.where, self.expected, self.found = where, expected, found


def in_units(rule: Rule, params: Mapping[str, Any], situation: Situation) -> dict[str, Any]:
    """The parameters of a rule, every level a number of units.  Raises LevelFault."""
    targets = [name for name, value in params.items() if isinstance(value, Target)]
    if len(targets) > 1:
        expected = f"one level from a service; {targets[0]} has one already"
        raise LevelFault((targets[1],), expected, _spoken(params[targets[1]]))
    above = {name: value.above for name, value in params.items() if isinstance(value, Above)}
    for name, other in above.items():
        if other not in params or other in above:
            known = ", ".join(n for n in params if n not in above) or "there is none"
            raise LevelFault((name, "above"), f"another level of the rule ({known})", other)

    def numbers(level: int) -> dict[str, Any]:
        found = {name: _number(value, situation, level) for name, value in params.items()}
        return found | {name: found[name] + found[other] for name, other in above.items()}

    if not targets:
        return numbers(0)
    # What a user's rule or distribution says may change while a process runs.
    lasts = rule.built_in and is_built_in(type(situation.lead_time))
    key = (rule.name, repr(params), *situation.key) if lasts else ()
    try:
        level = KNOWN.get(key)
        if level is None:
            level = _level(rule, numbers, targets[0], params[targets[0]], situation)
            if lasts:
                _remember(key, level)
        return numbers(level)
    except TooMuch as units:
        expected = (
            f"less than {MOST_UNITS:,} units over the lead time"
            " (or `cycle_service` with normal or gamma demand)"
        )
        found = f"about {units.args[0]:,.0f}"
        raise LevelFault((targets[0],), expected, found) from None


def _remember(key: tuple[Any, ...], level: int) -> None:
    """Keep a level for the next time that it is asked for; the oldest is forgotten."""
    KNOWN[key] = level
    if len(KNOWN) > MOST_KNOWN:
        KNOWN.pop(next(iter(KNOWN)), None)


def _number(value: Any, situation: Situation, level: int) -> Any:
    """Units of a parameter; `level` of the one that is looked for."""
    if isinstance(value, Mapping):  # by customer class
        return {name: _number(own, situation, level) for name, own in value.items()}
    if isinstance(value, Target):
        return level
    if isinstance(value, Above) and value.units is not None:
        return value.units
    if isinstance(value, Cover | Above):
        return math.ceil((value.days or 0.0) * situation.rate - ROUNDING)
    if isinstance(value, Service):
        from scipy.special import ndtri

        return float(ndtri(value.cycle_service))
    if isinstance(value, SafetyStock):
        days = situation.lead_time.moments()[0] + situation.period
        return math.ceil(situation.rate * days + value.safety_stock - ROUNDING)
    return value


def _level(
    rule: Rule,
    numbers: Callable[[int], dict[str, Any]],
    name: str,
    target: Target,
    situation: Situation,
) -> int:
    """The least level that gives the service."""
    if not situation.unlimited:
        expected = "an unlimited supplier for a level from a service"
        raise LevelFault((name,), expected, "a supplier with a capacity, where purchases queue")
    own = [f.customer_class for f in situation.flows if not f.random and not f.every]
    if own and target.demand == "compound":
        expected = "normal or gamma, as not all orders arrive as Poisson or by period"
        raise LevelFault((name, "demand"), expected, f"compound, with class {own[0]}")
    flows = [flow for flow in situation.flows if flow.mean > 0]
    if not flows:
        return 0
    demand = LeadTimeDemand(flows, situation.lead_time, situation.period, target.demand)

    def shape(level: int) -> Shape | None:
        return shape_of(rule, numbers(level), situation.offers, situation.lots, situation.start)

    steady = False
    if not situation.period and situation.crossing:
        found = shape(max(0, math.ceil(demand.moments(0.0)[0])))
        steady = found is not None and found.one_for_one
    regular = situation.regular
    if target.cycle_service is not None:
        if regular and situation.period:
            demand = demand.counted(regular.each, regular.until_next())
        return math.ceil(demand.quantile(target.cycle_service, steady) - ROUNDING)
    assert target.fill_rate is not None
    if regular:
        demand = demand.counted(regular.each, regular.since_order())
    share = demand.fill_rate(steady)

    def reached(level: int) -> bool:
        found = shape(level)
        if found is None:
            expected = "`cycle_service`, as this rule orders neither up to a level nor in batches"
            raise LevelFault((name,), expected, "fill_rate")
        return share(found) >= float(target.fill_rate or 0.0) - 1e-12

    mean, variance = demand.moments(situation.period)
    most = math.ceil(mean + 12 * math.sqrt(variance)) + 3 * demand.largest + 16
    if not reached(most):
        expected = "a fill rate that can be reached with the rule's other levels"
        raise LevelFault((name, "fill_rate"), expected, target.fill_rate)
    least = -1
    while least > -int(LARGEST_STOCK) and reached(least):
        least *= 2
    while most - least > 1:
        middle = (most + least) // 2
        least, most = (least, middle) if reached(middle) else (middle, most)
    return most


def shape_of(
    rule: Rule,
    params: Mapping[str, Any],
    offers: Mapping[str, Any],
    lots: Lots = ANY_SIZE,
    at_first: Start = AT_THE_LEVEL,
) -> Shape | None:
    """How a rule orders, seen from what it says at some positions; None if in another way."""
    order = orders_by_position(rule, params, offers)
    found, start = _seen(order), at_first.position(max(0, order(0)))
    if found is None:
        return None
    bought = lots.of(order)
    if lots != ANY_SIZE:
        low = _trigger(bought)
        found = _seen(bought) or Shape(low, low + bought(low), bought=bought)
    return replace(found, start=start + bought(start))


def _seen(order: Callable[[int], int]) -> Shape | None:
    """The shape of a rule that orders up to a level, or in batches."""
    if order(-int(LARGEST_STOCK)) <= 0 or order(int(LARGEST_STOCK)) > 0:
        return None
    low = _trigger(order)
    batch = order(low)
    ordered = [order(low - step) for step in STEPS]
    after = [low - step + units for step, units in zip(STEPS, ordered, strict=True)]
    if all(position == after[0] for position in after):
        return Shape(low, after[0])
    whole = all(units % batch == 0 for units in ordered)
    if whole and all(low < position <= low + batch for position in after):
        return Shape(low, low + batch, batch)
    return None


def _trigger(order: Callable[[int], int]) -> int:
    """The highest position at which something is ordered."""
    low, high = -int(LARGEST_STOCK), int(LARGEST_STOCK)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if order(middle) > 0 else (low, middle)
    return low


def follows_forecast(reorder: RuleUse, forecast: RuleUse) -> bool:
    """Whether a stock point forecasts its demand: its reorder rule asks, or a method is named."""
    asks = FAMILIES["reorder"].get(reorder.rule).features
    return forecast.rule != "static" or "FORECASTS" in asks


def orders_by_position(
    rule: Rule, params: Mapping[str, Any], offers: Mapping[str, Any]
) -> Callable[[int], int]:
    """What a reorder rule says at the start, by the position; `offers` is what else it may ask."""
    given = {**offers, "position": 0, "echelon_position": 0}
    arguments = [given[name] if name in given else params[name] for name in rule.arguments]
    places = [
        place
        for place, name in enumerate(rule.arguments)
        if name in ("position", "echelon_position")
    ]
    function = rule.function

    def order(position: int) -> int:
        for place in places:
            arguments[place] = position
        return int(function(*arguments))

    return order


def up_to(rule: Rule, params: Mapping[str, Any], situation: Situation) -> int:
    """What a reorder rule orders in all for an empty stock point, 0 or more.

    Under periodic review it is asked once.  Under continuous review it is asked until it says no
    more, as in the simulation (`kernel.stock.review.order_units`).  Raises ValueError when it
    would go on.
    """
    order, position = orders_by_position(rule, params, situation.offers), 0
    for _ in range(MOST_PURCHASES):
        units = order(position)
        if units <= 0:
            return position
        position += units
        if situation.period or not rule.moves:
            return position
    raise ValueError(f"it orders more than {MOST_PURCHASES:,} times in a row")


def _spoken(value: Any) -> str:
    plain = value.model_dump(exclude_none=True)
    return "{" + ", ".join(f"{k}: {v}" for k, v in plain.items() if k != "demand") + "}"


__all__ = [
    "LevelFault",
    "Situation",
    "follows_forecast",
    "in_units",
    "orders_by_position",
    "shape_of",
    "up_to",
]
