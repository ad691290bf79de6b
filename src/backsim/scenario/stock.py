"""The stock points of a scenario: entries that overlap laid over each other, levels computed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from backsim.entities import Stock
from backsim.quantities import LARGEST_STOCK
from backsim.rules import FAMILIES
from backsim.scenario.ruleuse import Cover, RuleUse, parameters_model
from backsim.scenario.schema import Policy, Scenario, StockPoint
from backsim.scenario.volume import Pair
from backsim.scenario.yamlfile import Document, Fault, Location


class StockPoints:
    """What the file says about each stock point: its fields, and where each of them stands."""

    def __init__(self, scenario: Scenario, document: Document) -> None:
        self.scenario = scenario
        self.document = document
        self.faults: list[Fault] = []
        self.fields: dict[Pair, dict[str, Any]] = {}
        self.places: dict[Pair, dict[str, Location]] = {}
        for i, entry in enumerate(scenario.stock):
            for product in _selected(entry.products, scenario.products):
                for site in _selected(entry.sites, scenario.sites):
                    self._lay_over((product, site), entry, i)

    def _lay_over(self, pair: Pair, entry: StockPoint, index: int) -> None:
        fields = self.fields.setdefault(pair, {})
        places = self.places.setdefault(pair, {"": ("stock", index)})
        for name in entry.model_fields_set - {"products", "sites"}:
            fields[name] = getattr(entry, name)
            places[name] = ("stock", index, name)

    def explicit(self, demand: Mapping[Pair, float]) -> tuple[StockPoint, ...]:
        """Every stock point with every field set; `demand` is in mean units a day."""
        return tuple(self._explicit(pair, demand.get(pair, 0.0)) for pair in self.fields)

    def _explicit(self, pair: Pair, rate: float) -> StockPoint:
        s = self.scenario
        policy = {name: getattr(s.policy, name) for name in Policy.model_fields}
        others = {"inbound": (), "initial": None, "lead_time": None, "supplier": None}
        values: dict[str, Any] = {**policy, **others, **self.fields[pair]}
        values["supplier"] = self._supplier(pair, values["supplier"])
        if values["lead_time"] is None:
            values["lead_time"] = s.suppliers[values["supplier"]].lead_time
        if values["reorder"] is None:
            self._fault(pair, "reorder", (), f"a reorder rule for {_spoken(pair)}", "none")
            values["reorder"] = RuleUse("none")
        for family in FAMILIES:
            values[family] = self._in_units(pair, family, values[family], rate)
        values["initial"] = self._initial(pair, values["initial"], values["reorder"], rate)
        return StockPoint.model_construct(products=(pair[0],), sites=(pair[1],), **values)

    def _fault(self, pair: Pair, field: str, below: Location, expected: str, found: Any) -> None:
        """A fault of a field, where it stands; one is enough for each place."""
        place = self.places[pair].get(field, ("policy", field))
        fault = self.document.fault((*place, *below), expected, found)
        if all(fault.path != known.path for known in self.faults):
            self.faults.append(fault)

    def _supplier(self, pair: Pair, given: str | None) -> str:
        only = next(iter(self.scenario.suppliers))
        if given is None and len(self.scenario.suppliers) > 1:
            expected = f"`supplier` for {_spoken(pair)}, as there are several"
            self._fault(pair, "", (), expected, "none")
        return given or only

    def _in_units(self, pair: Pair, family: str, use: RuleUse, rate: float) -> RuleUse:
        """A rule with every `{days: n}` computed, and its parameters checked once more."""
        params = {name: _units(value, rate) for name, value in use.params.items()}
        model = parameters_model(FAMILIES[family].get(use.rule))
        try:
            params = dict(model.model_validate(params))
        except ValidationError as error:
            for e in error.errors():
                name = str(e["loc"][0])
                found = f"{params[name]} ({use.params[name].days:g} days of mean demand)"
                expected = f"{e['ctx']['expected']} for {_spoken(pair)}"
                self._fault(pair, family, (name,), expected, found)
        if use.rule == "s_S" and family == "reorder" and params["S"] <= params["s"]:
            expected = f"S above s, which is {params['s']:g} (units)"
            self._fault(pair, family, ("S",), expected, params["S"])
        return RuleUse(use.rule, params)

    def _initial(self, pair: Pair, given: Any, use: RuleUse, rate: float) -> int:
        """Units at the start: as given, or what the rule orders for an empty stock point."""
        if given is not None:
            return int(_units(given, rate))
        if any(fault.path[-1] in use.params for fault in self.faults):
            return 0
        rule = FAMILIES["reorder"].get(use.rule)
        offers = {"position": 0, "stock": Stock(), "now": 0.0}
        try:
            arguments = [offers[a] if a in offers else use.params[a] for a in rule.arguments]
            units = max(0, int(rule.function(*arguments)))
        except Exception as error:  # a user's rule may do anything
            expected = f"a rule that can say what to order for an empty stock point ({error})"
            self._fault(pair, "reorder", (), expected, use.rule)
            return 0
        if units > LARGEST_STOCK:
            expected = f"a rule that orders at most {LARGEST_STOCK:,.0f} (units)"
            self._fault(pair, "reorder", (), expected, units)
        return units


def _selected(given: tuple[str, ...], names: Any) -> list[str]:
    return list(names) if "*" in given else list(given)


def _spoken(pair: Pair) -> str:
    return f"{pair[0]} at {pair[1]}"


def _units(value: Any, rate: float) -> Any:
    """Units for a number, or for so many days of mean demand."""
    return math.ceil(value.days * rate - 1e-9) if isinstance(value, Cover) else value
