"""The scenario and the experiment of a calibration, as files to read and change."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from backsim.data.calendarlines import calendars, name_of, review
from backsim.data.calendarlines import sites as sites_of
from backsim.data.calibrate import ASSUMED_LEAD_TIME, Calibration
from backsim.data.fit.calendars import Reviews
from backsim.data.fit.demand import ClassDemand
from backsim.data.fit.items import STEP
from backsim.data.history import in_steps, usual_supplier
from backsim.data.levels import levels_of, rounded
from backsim.data.yamltext import flow, quoted, wrapped
from backsim.errors import counted

WARM_UP, COUNTED = 180, 365
"""Days of the scenario: those that no metric counts, and those that count."""
MIX_PLACES = 4
COSTS = (
    "# The export tells none of these: fill them in before you compare costs or profit.",
    "# costs:",
    "#   holding: {share: 20 %, of: unit_cost, per: year}",
    "#   ordering: 40 # per purchase",
)


def scenario_text(
    found: Calibration,
    start: datetime.date | None = None,
    warm_up: int = WARM_UP,
    counted: int = COUNTED,
) -> str:
    """The scenario file; it starts on the day after the export, unless said."""
    first = start or found.history.last + datetime.timedelta(days=1)
    return "\n".join(_Writer(found, first, warm_up, counted).lines()) + "\n"


def experiment_text(found: Calibration) -> str:
    """An experiment to begin with: as it is, and other orders of serving that can differ."""
    title = found.mapping.title or "Calibrated from an export"
    several = len(found.history.classes) > 1
    others = {"smallest line first": "smallest_first", "first come, first served": "fcfs"}
    if len(set(np.nan_to_num(found.history.masters.due_days))) > 1:
        others = {"by due date": "earliest_due", **others}
    known = [(n, rule) for n, rule in others.items() if rule != found.priority.rule]
    if not several:
        known = known[:1]
    policies = ["  as it is: {}", *(f"  {n}: {{policy.priority: {rule}}}" for n, rule in known)]
    return "\n".join(
        [
            "# Made by `backsim calibrate`: which order of serving waiting customers is better?",
            f"title: {quoted(title)}",
            "question: Does another order of serving waiting customers shorten their waits?",
            "scenario: scenario.yaml",
            "replications: 10",
            "objective: minimise mean_wait",
            "metrics: [fill_rate, mean_wait, cancel_rate, mean_on_hand]",
            "policies:",
            *policies,
            "",
        ]
    )


class _Writer:
    def __init__(
        self, found: Calibration, start: datetime.date, warm_up: int, counted: int
    ) -> None:
        self.found, self.history = found, found.history
        self.start, self.warm_up, self.counted = start, warm_up, counted
        self.names = [quoted(name) for name in self.history.products]
        self.sites = [quoted(name) for name in self.history.sites]
        count = len(self.names)
        group = self.history.masters.group
        self.order = sorted(range(count), key=lambda i: (group[i], self.history.products[i]))

    def lines(self) -> Iterator[str]:
        found, history = self.found, self.history
        days = int(history.days)
        yield f"# Made by `backsim calibrate` from {days} days, {history.first} to {history.last}."
        yield "# data.html says what was read, how well each law fits, and what is missing."
        yield f"title: {quoted(found.mapping.title or 'Calibrated from an export')}"
        if found.mapping.currency:
            yield f"currency: {quoted(found.mapping.currency)}"
        yield f"start: {self.start}"
        yield f"warm_up: {self.warm_up}"
        yield f"horizon: {self.warm_up + self.counted}"
        yield ""
        yield from self.products()
        yield ""
        yield from self.calendars()
        yield ""
        yield from self.suppliers()
        yield ""
        yield from self.customers()
        yield ""
        yield from COSTS
        yield ""
        yield from self.policy()

    def products(self) -> Iterator[str]:
        masters, packs = self.history.masters, self.found.products.pack
        yield "products: # a price of 0 is one that the export does not tell"
        last = None
        for i in self.order:
            if masters.group[i] != last:
                last = masters.group[i]
                yield f"  # group {last or '(none)'}"
            values: dict[str, Any] = {"group": masters.group[i]} if masters.group[i] else {}
            if not math.isnan(masters.price[i]):
                values["price"] = _known(masters.price[i])
            if self.history.smallest[i] < 1:
                values["smallest"] = float(self.history.smallest[i])
            if packs[i] > 1:
                values["pack"] = int(packs[i])
            if not math.isnan(masters.cost[i]):
                values["costs"] = {"purchase": _known(masters.cost[i])}
            yield f"  {self.names[i]}: {flow(values)}"

    def calendars(self) -> Iterator[str]:
        """The sites, and the calendars that they and suppliers keep."""
        named, sites = calendars(self.found), sites_of(self.found)
        if named:
            yield "calendars: # weekdays on which something is received, shipped or dispatched"
            for name, said in named.items():
                yield from wrapped(f"  {name}: ", flow(said))
            yield ""
        if not any(sites.values()):
            yield from wrapped("sites: ", flow(list(sites)))
            return
        yield "sites:"
        for name, keeps in sites.items():
            yield f"  {quoted(name)}: {flow(keeps)}"

    def suppliers(self) -> Iterator[str]:
        yield "suppliers:"
        for supplier in self.found.lead_times:
            fit = supplier.fit
            assumed = {"deterministic": {"value": ASSUMED_LEAD_TIME}}
            law = assumed if fit is None else fit.to_file()
            yield f"  {quoted(supplier.name)}:"
            if supplier.purchases == 0 or fit is None:
                yield "    # ASSUMED, as no purchase has arrived: write the right one"
            else:
                low, high = fit.mean.low, fit.mean.high
                what = "of all suppliers" if supplier.pooled else f"of {supplier.times.events}"
                days = "days" if supplier.works is None else "working days"
                yield f"    # mean {fit.mean.value:.2f} {days} ({low:.2f} to {high:.2f}), {what}"
            yield from wrapped("    lead_time: ", flow(law))
            if supplier.works is not None:
                yield "    lead_time_in: working_days"
                yield f"    calendar: {name_of(supplier.works)}"
            if not supplier.crossing:
                seen, chance = supplier.order.seen, supplier.order.by_chance
                yield f"    crossing: false # {seen} overtakings, {chance:.0f} by chance"
            if supplier.parts.usual > 1:
                share = 1.0 if supplier.works is None else supplier.works.share
                between = rounded(supplier.parts.days * share)
                parts = {"count": supplier.parts.usual, "days": between}
                yield f"    parts: {flow(parts)}"
            if supplier.outages:
                length = sum(o.ends - o.starts for o in supplier.outages) / len(supplier.outages)
                up = max(1.0, (self.history.days - length) / len(supplier.outages))
                yield f"    # down {counted(len(supplier.outages), 'time')} in the history"
                outages = {
                    "up": {"exponential": {"mean": rounded(up)}},
                    "down": {"deterministic": {"value": rounded(length)}},
                    # as a scenario asks beside a calendar
                    **({} if supplier.works is None else {"announced": True}),
                }
                yield f"    disruptions: {flow(outages)}"

    def customers(self) -> Iterator[str]:
        yield "customers:"
        shared = self.found.one_mix and len(self.found.classes) > 1
        for number, demand in enumerate(self.found.classes):
            if not demand.orders:
                continue
            patience = self.found.patience[number]
            due = self.history.masters.due_days[number]
            yield f"  {quoted(demand.name)}:"
            if patience.fit is None:
                yield f"    # {patience.cancelled} cancelled while waiting: too few for a law"
                yield "    tolerance: unlimited"
            else:
                mean = patience.fit.mean
                between = f"{mean.value:.1f} days ({mean.low:.1f} to {mean.high:.1f})"
                waited = f"{patience.cancelled} of {patience.waited} who waited cancelled"
                yield f"    # patience: mean {between}, {waited}"
                yield from wrapped("    tolerance: ", flow(patience.fit.to_file()))
            if self.found.priority.rule == "class_priority":
                yield f"    priority: {self.found.priority.rank[number]}"
            if not math.isnan(due):
                yield f"    due_in: {rounded(due)}"
            shipping = self.found.shipping[number]
            if shipping.shipment != "partial":
                said = f"{shipping.parts} of {shipping.could} that could left in parts"
                yield f"    shipment: {shipping.shipment} # {said}"
            yield "    demand:"
            yield from self.demand(demand, number, shared)

    def demand(self, demand: ClassDemand, number: int, shared: bool) -> Iterator[str]:
        rate, pattern = demand.rate, demand.pattern
        yield f"      # {rate.value:.4g} orders per day ({rate.low:.4g} to {rate.high:.4g})"
        yield f"      arrivals: {flow({'poisson': {'rate': rounded(rate.value)}})}"
        factors: dict[str, Any] = {
            name: list(values)
            for name, values in (("weekdays", pattern.weekdays), ("months", pattern.months))
            if values is not None
        }
        if factors:
            yield "      pattern:"
            for name, values in factors.items():
                yield from wrapped(f"        {name}: ", flow(values))
        yield from wrapped("      lines: ", flow(demand.lines_per_order))
        yield f"      # packs per line: {demand.size_law}"
        yield from wrapped("      size: ", flow(demand.size))
        if len(self.sites) > 1:
            places = range(len(self.sites))
            chosen = self.weights(demand.sites, self.history.sites, places)
            yield from wrapped("      sites: ", flow(chosen))
        if shared and number:
            yield "      products: *mix"
            return
        share = demand.products
        if shared:
            classes = self.found.classes
            packs = [one.products * one.lines * one.mean_size.value for one in classes]
            share = np.sum(packs, axis=0)
        anchor = "&mix " if shared else ""
        yield "      products: # share of the lines, more where these are larger than others"
        text = flow(self.weights(share / share.sum(), self.history.products, self.order))
        yield from wrapped(f"        {anchor}", text)

    def weights(self, share: Any, names: Sequence[str], order: Iterable[int]) -> dict[str, float]:
        return {names[i]: float(f"{share[i]:.{MIX_PLACES}g}") for i in order if share[i] > 0}

    # -- stock -------------------------------------------------------------------------------

    def policy(self) -> Iterator[str]:
        yield "policy:"
        priority = self.found.priority
        if priority.pairs:
            told = ", ".join(f"{n} {100 * x:.0f} %" for n, x in priority.explained.items())
            yield f"  # explained of {priority.pairs:,} pairs of waiting lines: {told}"
        yield f"  priority: {priority.rule}"
        if self.found.calendars.reviews.periodic:
            yield self.review(self.found.calendars.reviews)
        yield "  # assumed where nothing tells the levels: the demand of one and a half lead times"
        known = [one.mean_days for one in self.found.lead_times if one.fit is not None]
        days = max(1, math.ceil(1.5 * max(known, default=ASSUMED_LEAD_TIME)))
        yield f"  reorder: {{rule: s_S, s: {{days: {days}}}, S: {{days: 14, above: s}}}}"
        yield ""
        yield "stock:"
        yield '  - {products: "*"}'
        if len(self.found.lead_times) > 1:
            yield from self.bought_from()
        yield from self.own_lead_times()
        yield from self.multiples()
        yield from self.levels()
        named = [name for name in dict.fromkeys(sorted(self.history.masters.group)) if name]
        if named:
            yield f"  # all levels of a group: --set stock.{quoted(named[0])}.raise_levels=0.1"
        for name in named:
            yield f"  - {{groups: {quoted(name)}, raise_levels: 0}}"

    def review(self, reviews: Reviews) -> str:
        value, said = review(self.found, reviews)
        return f"  review: {flow(value)} # {said}"

    def bought_from(self) -> Iterator[str]:
        """Products by their usual supplier."""
        usual = usual_supplier(self.history)
        for code, name in enumerate(self.history.suppliers):
            mine = [self.history.products[i] for i in self.order if usual[i] == code]
            if mine:
                yield from wrapped("  - products: ", flow(mine))
                yield f"    supplier: {quoted(name)}"
                if (own := self.found.calendars.by_supplier[code]) != self.found.calendars.reviews:
                    yield f"  {self.review(own)}"

    def own_lead_times(self) -> Iterator[str]:
        """Products whose lead times differ from those of their supplier, by steps of 5 %."""
        usual = usual_supplier(self.history)
        for code, supplier in enumerate(self.found.lead_times):
            if supplier.items is None or supplier.fit is None:
                continue
            step = supplier.items.steps
            for k in sorted(set(step.tolist()) - {0}):
                there = set(supplier.items.items[step == k].tolist())
                mine = [
                    self.history.products[i] for i in self.order if i in there and usual[i] == code
                ]
                if mine:
                    factor = STEP**k
                    yield f"  # {factor:.2f} times the lead time of {supplier.name}"
                    yield from wrapped("  - products: ", flow(mine))
                    yield from wrapped("    lead_time: ", flow(supplier.fit.scaled(factor)))

    def multiples(self) -> Iterator[str]:
        """Products by the multiple in which they are bought, where that is more than 1."""
        found = self.found.policy.multiple
        with np.errstate(all="ignore"):
            step = self.history.smallest
            least = np.array([_common(row, of) for row, of in zip(found, step, strict=True)])
        for value in sorted(set(least[least > step].tolist())):
            mine = [self.history.products[i] for i in self.order if least[i] == value]
            yield from wrapped("  - products: ", flow(mine))
            yield f"    multiple: {_known(value)}"

    def levels(self) -> Iterator[str]:
        last = None
        levels = levels_of(self.found)
        idle = [
            self.history.products[i]
            for i in self.order
            if not self.found.products.lines[i]
            and all(math.isnan(levels[i, j][0]) for j in range(len(self.sites)))
        ]
        if idle:
            yield "  # not ordered in the history, and without known levels"
            yield from wrapped("  - products: ", flow(idle))
            yield "    reorder: {rule: none}"
        for i in self.order:
            if self.history.masters.group[i] != last:
                last = self.history.masters.group[i]
                yield f"  # levels of group {last or '(none)'}"
            for j in range(len(self.sites)):
                low, high, origin = levels[i, j]
                if math.isnan(low):
                    continue
                values = {"products": self.history.products[i], "sites": self.history.sites[j]}
                yield f"  - {flow({**values, **self.rule((i, j), low, high, origin)})}"

    def rule(self, place: tuple[int, int], low: float, high: float, origin: str) -> dict[str, Any]:
        """What is ordered when: in lots, or up to a level and at least so much as ever."""
        found = self.found.policy
        told = origin == "master" and not math.isnan(self.history.masters.up_to[place])
        if high - low == found.lot[place] and not told:
            return {"reorder": {"rule": "r_nQ", "r": _whole(low), "Q": _whole(high - low)}}
        made: dict[str, Any] = {"reorder": {"rule": "s_S", "s": _whole(low), "S": _whole(high)}}
        multiple = np.nan_to_num(found.multiple[place], nan=self.history.smallest[place[0]])
        if found.least[place] > math.ceil((high - low) / multiple) * multiple:
            made["least_order"] = _known(found.least[place])
        return made


def _known(value: float) -> float | int:
    """A number that an export tells, without traces of rounding."""
    return _whole(float(f"{value:.10g}"))


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _common(row: Any, step: float) -> float:
    known = np.rint(row[~np.isnan(row)] / step).astype(int)
    return float(in_steps(np.gcd.reduce(known) * step, step)) if len(known) else step


__all__ = ["experiment_text", "scenario_text"]
