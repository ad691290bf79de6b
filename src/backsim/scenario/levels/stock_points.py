"""The stock points of a scenario, with every field set and every level computed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from backsim.quantities import LARGEST_STOCK, LEVELS
from backsim.rules import FAMILIES, PROGRAM, Rule
from backsim.scenario.counting.scenario import no_smallest
from backsim.scenario.demand.laws import Flow
from backsim.scenario.demand.rates import Pair
from backsim.scenario.levels.checks import clashes, without_choice
from backsim.scenario.levels.echelons import fill_echelons, uncounted
from backsim.scenario.levels.entries import Entries
from backsim.scenario.levels.lots import Lots
from backsim.scenario.levels.memo import Memo
from backsim.scenario.levels.refused import refused, spoken_level
from backsim.scenario.levels.service_levels import (
    LevelFault,
    Situation,
    follows_forecast,
    in_units,
    up_to,
)
from backsim.scenario.levels.starting import Start, open_units
from backsim.scenario.network.faults import network_faults
from backsim.scenario.network.fulfilment import serving_sites
from backsim.scenario.network.network import Network
from backsim.scenario.part import MEMBER
from backsim.scenario.schema import (
    Change,
    Observation,
    Policy,
    ResolvedPoint,
    Scenario,
    SupplierSource,
)
from backsim.scenario.schema.rule_use import (
    Cover,
    RuleUse,
    Target,
    of_class,
    parameters_model,
)
from backsim.scenario.yamlfile import Document, Location


class StockPoints(Entries):
    """The stock points of a scenario, with all their levels computed."""

    def __init__(self, scenario: Scenario, document: Document, memo: Memo) -> None:
        super().__init__(scenario, document)
        self.memo = memo
        self._flows: Callable[[], Mapping[Pair, list[Flow]]] = dict
        self._checked: dict[tuple[Any, ...], RuleUse] = {}
        self._alike: dict[tuple[str, int], tuple[RuleUse, RuleUse]] = {}
        """The same by the object, which is kept with what it comes to."""

    def explicit(
        self, customers: Mapping[Pair, float], flows: Callable[[], Mapping[Pair, list[Flow]]]
    ) -> tuple[ResolvedPoint, ...]:
        """Every stock point with every field set.

        `customers` is what they order, in mean units a day; `flows` is asked only where a level
        needs them.
        """
        self._flows = flows
        if self.counts:
            self._policies = {name: self._policy(name) for name in self.scenario.products}
        if self.uncounted:
            return ()
        shared = self.scenario.policy.transfers
        with_transfers = {
            pair: fields if shared is None else {"transfers": shared, **fields}
            for pair, fields in self.fields.items()
        }
        self.network = Network(self.scenario, with_transfers)
        demanded = {site for _, site in customers} | serving_sites(self.scenario)
        for pair, field, below, expected, found in network_faults(self.network, demanded):
            self._fault(pair, field, below, expected, found)
        if self.faults:
            return ()
        demand = self.network.demand(customers)
        points = {pair: self._worked_out(pair, demand[pair]) for pair in self.network.order()}
        for pair, family, expected, what in without_choice(points, self.places):
            self._fault(pair, family, (), expected, what)
        if self.network.is_one:
            given = {pair for pair, f in self.fields.items() if f.get("initial") is not None}
            fill_echelons(self.network, points, given)
            for pair, expected, units in uncounted(
                self.network, points, demand, self.scenario.horizon
            ):
                field = "made_from" if "made_from" in self.places[pair] else ""
                self._fault(pair, field, (), expected, f"{units:,}")
        return tuple(points[pair] for pair in self.fields)

    def _worked_out(self, pair: Pair, rate: float) -> ResolvedPoint:
        if self.counts:  # what one product is counted in may enter others' levels
            return self._explicit(pair, rate)[0]
        given = self.fields[pair], rate, self.scenario.products[pair[0]]
        return self.memo.point(pair, given, lambda: self._explicit(pair, rate))

    def _explicit(self, pair: Pair, rate: float) -> tuple[ResolvedPoint, bool]:
        """A stock point, and whether its levels depend on nothing but mean demand."""
        s = self.scenario
        policy = (
            self._policies[pair[0]]
            if self.counts
            else {name: getattr(s.policy, name) for name in Policy.model_fields}
        )
        others = {"inbound": (), "initial": None, "lead_time": None, "supplier": None}
        others |= {"made_from": None, "costs": None}
        values: dict[str, Any] = {**policy, **others, "raise_levels": 0.0, **self.fields[pair]}
        values["supplier"] = self._supplier(pair, values["supplier"], rate)
        only = values["supplier"][0]
        if values["lead_time"] is None and only.plain and len(values["supplier"]) == 1:
            values["lead_time"] = s.suppliers[only.supplier].lead_time
        if values["reorder"] is None:
            self._fault(pair, "reorder", (), f"a reorder rule for {_spoken(pair)}", "none")
            values["reorder"] = RuleUse("none")
        later = [change.reorder for change in values["changes"] if change.reorder is not None]
        reorders = [values["reorder"], *later]
        forecasts = any(follows_forecast(use, values["forecast"]) for use in reorders)
        targets = any(isinstance(v, Target) for use in reorders for v in use.params.values())
        situation = self._situation(pair, values, rate, forecasts or targets)
        for field, below, expected, found in refused(self.scenario, pair, values):
            self._fault(pair, field, below, expected, found)
        for field, expected, found in no_smallest(values, self.counts.get(pair[0])):
            self._fault(pair, field, ("rule",), expected, found)
        for family in FAMILIES:
            several = isinstance(values[family], tuple)
            uses = values[family] if several else (values[family],)
            found = tuple(self._in_units(pair, (family,), use, situation) for use in uses)
            values[family] = found if several else found[0]
        raised = values.pop("raise_levels")
        values["reorder"] = _raised(values["reorder"], raised)
        values["changes"] = tuple(
            self._changed(pair, i, change, values, situation, raised)
            for i, change in enumerate(values["changes"])
        )
        for field, below, expected, found in clashes(self.scenario, pair, values):
            self._fault(pair, field, below, expected, found)
        seen = values["observe"] or Observation()
        values["observe"] = _informed(seen, situation) if forecasts else None
        if values["transfers"] is not None:
            senders = tuple(site for _, site in self.network.senders(pair))
            values["transfers"] = values["transfers"].model_copy(update={"sites": senders})
        values["initial"] = self._initial(pair, values, situation)
        found = ResolvedPoint.model_construct(products=(pair[0],), sites=(pair[1],), **values)
        return found, not (forecasts or targets)

    def _supplier(self, pair: Pair, given: Sequence[Any] | None, rate: float) -> tuple[Any, ...]:
        only = next(iter(self.scenario.suppliers))
        if given is None and len(self.scenario.suppliers) > 1:
            expected = f"`supplier` for {_spoken(pair)}, as there are several"
            self._fault(pair, "", (), expected, "none")
        sources = given or (SupplierSource(supplier=only),)
        found = [self._source(pair, i, source, rate) for i, source in enumerate(sources)]
        return tuple(found)

    def _source(self, pair: Pair, place: int, source: Any, rate: float) -> Any:
        """A source, with the levels of one for emergencies in units."""
        plan = source.emergency
        if plan is None:
            return source
        up_to = _units(plan.up_to, rate)
        level = up_to - 1 if plan.level is None else _units(plan.level, rate)
        if up_to <= level:
            expected = f"up_to above level, which is {level:g} (units)"
            self._fault(pair, "supplier", (place, "emergency", "up_to"), expected, up_to)
        plan = plan.model_copy(update={"level": level, "up_to": up_to})
        return source.model_copy(update={"emergency": plan})

    def _situation(
        self, pair: Pair, values: Mapping[str, Any], rate: float, with_flows: bool
    ) -> Situation:
        """What the levels of a stock point are computed from."""
        source, review = values["supplier"][0], values["review"]
        if source.site is not None:  # as if it never had to wait there
            time, crossing, unlimited = source.transport, source.crossing, True
        else:
            supplier = self.scenario.suppliers[source.supplier]
            time = source.lead_time or values["lead_time"] or supplier.lead_time
            crossing = supplier.crossing
            unlimited = supplier.capacity == "unlimited"
        return Situation(
            rate=rate,
            flows=self.network.flows(pair, self._flows()) if with_flows else [],
            lead_time=time,
            period=0.0 if review == "continuous" else review.days,
            crossing=crossing,
            unlimited=unlimited,
            after=review == "continuous" or review.after_demand,
            first=0.0 if review == "continuous" else review.first if review.period else None,
            lots=_lots(values),
            start=self._start(pair, values, rate),
        )

    def _start(self, pair: Pair, values: Mapping[str, Any], rate: float) -> Start:
        """What there is before the first order."""
        given = values["initial"]
        return Start(
            given=None if given is None else int(_units(given, rate)),
            under_way=sum(int(inbound.units) for inbound in values["inbound"]),
            open=self._open[pair],
        )

    @cached_property
    def _open(self) -> Counter[Pair]:
        return open_units(self.scenario)

    def _changed(
        self,
        pair: Pair,
        index: int,
        change: Change,
        values: Mapping[str, Any],
        now: Situation,
        raised: float,
    ) -> Change:
        """A change with every level computed; what rules ask for must stay the same."""
        found = {}
        for family in ("reorder", "priority", "rationing"):
            use = getattr(change, family)
            if use is None:
                continue
            at = ("changes", index, family)
            found[family] = self._in_units(pair, at, use, now)
            if family == "reorder":
                found[family] = _raised(found[family], raised)
            rule, before = (FAMILIES[family].get(u.rule) for u in (use, values[family]))
            if PROGRAM in (use.rule, values["priority"].rule):
                self._fault(pair, at[0], at[1:], f"no change where {PROGRAM} decides", use.rule)
            for feature, word in (("ECHELON", "an echelon's position"), ("JOINT", "joint orders")):
                if (feature in rule.features) != (feature in before.features):
                    asks = "asks" if feature in before.features else "does not ask"
                    expected = f"a rule that {asks} for {word}, like {before.name}"
                    self._fault(pair, at[0], at[1:], expected, rule.name)
        return change.model_copy(update=found)

    def _in_units(self, pair: Pair, at: Location, use: RuleUse, situation: Situation) -> RuleUse:
        """A rule with every level computed, and its parameters checked once more.

        What it is does not depend on the stock point where its parameters are numbers.  `at` is
        where it stands below the stock point, its family last.
        """
        family = str(at[-1])
        if (family, id(use)) in self._alike:  # the policy's own, at most stock points
            return self._alike[family, id(use)][1]
        rule = FAMILIES[family].get(use.rule)
        if not rule.parameters:
            return use
        if not all(isinstance(value, int | float) for value in use.params.values()):
            return self._computed(pair, at, rule, use, situation)
        given = ((name, type(value), value) for name, value in use.params.items())
        key, faults = (family, use.rule, *given), len(self.faults)
        found = self._checked.get(key) or self._computed(pair, at, rule, use, situation)
        if len(self.faults) == faults:
            self._checked[key] = found
            self._alike[family, id(use)] = use, found
        return found

    def _computed(
        self, pair: Pair, at: Location, rule: Rule, use: RuleUse, situation: Situation
    ) -> RuleUse:
        family = rule.family
        try:
            params = in_units(rule, use.params, situation)
        except LevelFault as fault:
            self._rule_fault(pair, at, fault.where, fault.expected, fault.found)
            return RuleUse("none") if family == "reorder" else use
        try:
            params = dict(parameters_model(rule).model_validate(params))
        except ValidationError as error:
            for e in error.errors():
                below = tuple(part for part in e["loc"] if MEMBER not in str(part))
                given, number = _below(use.params, below), _below(params, below)
                expected = f"{e['ctx']['expected']} for {_spoken(pair)}"
                found = f"{number} ({spoken_level(given)})"
                self._rule_fault(pair, at, below, expected, found)
        self._check_conditions(pair, at, rule, params)
        return RuleUse(use.rule, self._for_every_class(pair, at, rule, params))

    def _rule_fault(
        self, pair: Pair, at: Location, below: Location, expected: str, found: Any
    ) -> None:
        """A fault of a rule's parameter."""
        self._fault(pair, str(at[0]), (*at[1:], *below), expected, found)

    def _check_conditions(
        self, pair: Pair, at: Location, rule: Rule, params: Mapping[str, Any]
    ) -> None:
        """The rule's own conditions between parameters."""
        where = f" for {_spoken(pair)}" if len(self.fields) > 1 else ""
        for condition in rule.conditions:
            higher, lower = params[condition.parameter], params[condition.other]
            for name in self.scenario.customers:
                if of_class(higher, name) <= of_class(lower, name):
                    unit = next(p.unit for p in rule.parameters if p.name == condition.other)
                    expected = (
                        f"{condition.parameter} above {condition.other}, "
                        f"which is {of_class(lower, name):g} ({unit}){where}"
                    )
                    below = (condition.parameter, *([name] if isinstance(higher, Mapping) else []))
                    self._rule_fault(pair, at, below, expected, of_class(higher, name))

    def _for_every_class(
        self, pair: Pair, at: Location, rule: Rule, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Parameters whose mappings name every customer class."""
        found = dict(params)
        for p in rule.by_class:
            given = params[p.name]
            if isinstance(given, Mapping):
                missing = [name for name in self.scenario.customers if name not in given]
                if missing and p.rest is None:
                    expected = f"a value for every customer class ({', '.join(missing)} missing)"
                    self._rule_fault(pair, at, (p.name,), expected, ", ".join(given) or "none")
                rest = 0.0 if p.rest is None else p.rest
                buyers = [name for name in given if name in self.scenario.sites]
                found[p.name] = {
                    name: given.get(name, rest) for name in (*self.scenario.customers, *buyers)
                }
        return found

    def _initial(self, pair: Pair, values: Mapping[str, Any], situation: Situation) -> int:
        """Units at the start: as given, or so many that the position is at the rule's level.

        The level is what the rule orders for an empty stock point; what is under way is part of it.
        """
        start, use = situation.start, values["reorder"]
        if start.given is not None:
            return start.given
        if any(fault.path[-1] in use.params for fault in self.faults):
            return 0
        rule = FAMILIES["reorder"].get(use.rule)
        try:
            level = up_to(rule, use.params, situation)
        except Exception as error:  # a user's rule may do anything
            expected = (
                "the units there at the start (`stock: [{initial: 0}]`), as the rule cannot say "
                f"what to order for an empty stock point, with nothing else there yet ({error})"
            )
            self._fault(pair, "reorder", (), expected, use.rule)
            return 0
        if level > LARGEST_STOCK:
            expected = f"a rule that orders at most {LARGEST_STOCK:,.0f} (units)"
            self._fault(pair, "reorder", (), expected, level)
        return start.on_hand(level)


def _raised(use: RuleUse, share: float) -> RuleUse:
    """A rule in units with its lowest level changed by a share, and the others by as much."""
    parameters = FAMILIES["reorder"].get(use.rule).parameters
    names = [p.name for p in parameters if p.annotation in LEVELS]
    if not share or not names:
        return use
    shift = round(share * min(use.params[name] for name in names))
    return RuleUse(use.rule, {**use.params, **{n: use.params[n] + shift for n in names}})


def _lots(values: Mapping[str, Any]) -> Lots:
    """The sizes that purchases of a stock point may have."""
    most = values["most_stock"]
    least, multiple = values["least_order"], values["multiple"]
    return Lots(least, multiple) if most == "unlimited" else Lots(least, multiple, most)


def _spoken(pair: Pair) -> str:
    return f"{pair[0]} at {pair[1]}"


def _below(value: Any, path: Location) -> Any:
    """What stands at a path of mappings."""
    for part in path:
        value = value[part]
    return value


def _informed(given: Observation, situation: Situation) -> Observation:
    """How demand is observed, with the forecast at the start: as given, or the scenario's own."""
    start = {"mean": situation.rate, "variance": situation.offers["forecast_variance"]}
    return given.model_copy(
        update={name: value for name, value in start.items() if getattr(given, name) is None}
    )


def _units(value: Any, rate: float) -> Any:
    """Units for a number, or for so many days of mean demand."""
    return math.ceil(value.days * rate - 1e-9) if isinstance(value, Cover) else value
