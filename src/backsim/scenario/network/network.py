"""Who supplies whom: the stock points as a network, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from backsim.scenario.demand.laws import Flow
from backsim.scenario.demand.rates import Pair
from backsim.scenario.schema import ResolvedScenario, Scenario


@dataclass
class Network:
    """The stock points that each stock point draws on, with how many units a unit takes.

    `sources`: other sites with the same product, in order; `parts`: components at the same site.
    """

    scenario: Scenario
    fields: Mapping[Pair, Mapping[str, Any]]
    above: dict[Pair, dict[Pair, int]] = field(init=False)
    """All of them."""

    def __post_init__(self) -> None:
        self.above = {
            pair: {**dict.fromkeys(self.sites_of(pair), 1), **self.parts_of(pair)}
            for pair in self.fields
        }

    def sites_of(self, pair: Pair) -> list[Pair]:
        """The stock points that supply a stock point, in order of preference."""
        sources = self.fields[pair].get("supplier") or ()
        return [(pair[0], source.site) for source in sources if source.site is not None]

    def parts_of(self, pair: Pair) -> dict[Pair, int]:
        """The stock points of the components, with the units of each in one unit."""
        made_from = self.fields[pair].get("made_from") or {}
        return {(name, pair[1]): units for name, units in made_from.items()}

    @property
    def is_one(self) -> bool:
        """Whether any stock point draws on another, or has several sources."""
        return any(self.above.values()) or any(
            len(fields.get("supplier") or ()) > 1 for fields in self.fields.values()
        )

    def senders(self, pair: Pair) -> list[Pair]:
        """The stock points that may send a stock point units of theirs, in order."""
        transfers = self.fields[pair].get("transfers")
        sites = () if transfers is None else transfers.sites
        return [(pair[0], site) for site in sites if site != pair[1]]

    def order(self) -> list[Pair]:
        """The stock points, each after all that draw on it; those of a cycle are left out."""
        waiting = dict.fromkeys(self.fields, 0)
        for above in self.above.values():
            for pair in above:
                waiting[pair] = waiting.get(pair, 0) + 1
        ready = [pair for pair in self.fields if not waiting[pair]]
        for pair in ready:
            for up in self.above[pair]:
                waiting[up] -= 1
                if not waiting[up] and up in self.fields:
                    ready.append(up)
        return ready

    def levels(self) -> dict[Pair, int]:
        """How many stock points stand, at most, between each and the last customer."""
        found = dict.fromkeys(self.fields, 0)
        for pair in self.order():
            for up in self.above[pair]:
                found[up] = max(found[up], found[pair] + 1)
        return found

    def demand(self, customers: Mapping[Pair, float]) -> dict[Pair, float]:
        """Mean units a day that are asked of each stock point, by customers and by sites.

        Without shares all that a stock point needs is asked of its first source.
        """
        rates = {pair: customers.get(pair, 0.0) for pair in self.fields}
        for pair in self.order():
            sources = self.fields[pair].get("supplier") or ()
            for number, source in enumerate(sources):
                share = source.share or float(number == 0)
                if source.site is not None:
                    rates[pair[0], source.site] += share * rates[pair]
            for part, units in self.parts_of(pair).items():
                rates[part] += units * rates[pair]
        return rates

    def flows(self, pair: Pair, customers: Mapping[Pair, list[Flow]]) -> list[Flow]:
        """What customers order here, and where it goes first from here: at sites, or as parts."""
        places = {pair: 1, **self._below.get(pair, {})}
        return [
            replace(flow.times(units), whole=flow.whole and place == pair)
            for place, units in places.items()
            for flow in customers.get(place, [])
        ]

    @cached_property
    def _below(self) -> dict[Pair, dict[Pair, int]]:
        """Whom each stock point supplies first, directly or not; its units in each of theirs."""
        found: dict[Pair, dict[Pair, int]] = {}
        for pair in self.fields:
            for up, units in self.ancestors(pair).items():
                found.setdefault(up, {})[pair] = units
        return found

    def ancestors(self, pair: Pair) -> dict[Pair, int]:
        """Whom a stock point is supplied from, near ones first, and their units in each of its own.

        Of several sources the first counts.
        """
        found: dict[Pair, int] = {}
        near = {pair: 1}
        while near:
            further: dict[Pair, int] = {}
            for below, units in near.items():
                for up, each in self._first(below):
                    further[up] = further.get(up, 0) + units * each
            for up, units in further.items():
                found[up] = found.get(up, 0) + units
            near = further
        return found

    def _first(self, pair: Pair) -> list[tuple[Pair, int]]:
        sources = self.fields[pair].get("supplier") or ()
        first = [(pair[0], source.site) for source in sources[:1] if source.site is not None]
        return [(up, 1) for up in first] + list(self.parts_of(pair).items())


def network_of(scenario: ResolvedScenario) -> Network:
    """The network of a resolved scenario."""
    names = ("supplier", "made_from", "transfers")
    fields = {
        (point.product, point.site): {name: getattr(point, name) for name in names}
        for point in scenario.stock
    }
    return Network(scenario, fields)
