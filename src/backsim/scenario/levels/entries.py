"""What a file says about each stock point: entries that overlap, laid over each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backsim.errors import nearest
from backsim.scenario.counting.scenario import counted_suppliers, point_field, policy_fields
from backsim.scenario.counting.units import NotCounted, counts_of
from backsim.scenario.demand.rates import Pair
from backsim.scenario.schema import Scenario, StockPoint, Supplier
from backsim.scenario.yamlfile import Document, Fault, FaultFinder, Location


class Entries(FaultFinder):
    """What the file says about each stock point: its fields, and where each of them stands."""

    def __init__(self, scenario: Scenario, document: Document) -> None:
        self.scenario = scenario
        self.document = document
        self.faults: list[Fault] = []
        self.fields: dict[Pair, dict[str, Any]] = {}
        self.places: dict[Pair, dict[str, Location]] = {}
        self.counts = counts_of(scenario.products)
        self.uncounted = False
        for i, entry in enumerate(scenario.stock):
            for product in self._products(entry, i):
                for site in _selected(entry.sites, scenario.sites):
                    self._lay_over((product, site), entry, i)

    def _products(self, entry: StockPoint, index: int) -> list[str]:
        """The products of an entry, those of its groups where it names some."""
        named = list(_selected(entry.products, self.scenario.products))
        if entry.groups is None:
            return named
        group = {name: product.group for name, product in self.scenario.products.items()}
        known = sorted({name for name in group.values() if name is not None})
        for wanted in entry.groups:
            if wanted not in known and (wanted != "*" or not known):
                expected = "a group that a product has"
                expected += f" ({nearest(wanted, known)})" if known else " (`group` of products)"
                place = ("stock", index, "groups")
                self.fault(place, expected, f"'{wanted}'")
        every = "*" in entry.groups
        return [n for n in named if group[n] in entry.groups or (every and group[n] is not None)]

    def _lay_over(self, pair: Pair, entry: StockPoint, index: int) -> None:
        fields = self.fields.setdefault(pair, {})
        places = self.places.setdefault(pair, {"": ("stock", index)})
        for name in entry.model_fields_set - {"products", "sites", "groups"}:
            fields[name] = getattr(entry, name)
            places[name] = ("stock", index, name)
            with self._counting(pair):
                fields[name] = point_field(pair[0], name, fields[name], self.counts)

    @contextmanager
    def _counting(self, pair: Pair) -> Iterator[None]:
        """A quantity that is no whole number of a product's smallest units is a fault."""
        try:
            yield
        except NotCounted as fault:
            expected = f"{fault.expected}, for {pair[0]}"
            self._fault(pair, str(fault.path[0]), fault.path[1:], expected, fault.found)
            self.uncounted = True

    def suppliers(self) -> Mapping[str, Supplier]:
        """The suppliers, with capacities in the smallest units of what they sell."""
        if not self.counts:
            return self.scenario.suppliers
        sources = {pair: fields.get("supplier") for pair, fields in self.fields.items()}
        return counted_suppliers(self.scenario, sources, self.counts, self.fault)

    def lay_over(self, pair: Pair, name: str, value: Any, place: Location) -> None:
        """Let a field of a stock point have a value that stands elsewhere in the file."""
        self.fields[pair][name] = value
        self.places[pair][name] = place

    def _policy(self, product: str) -> dict[str, Any]:
        """What `policy` says, in the smallest units of a product."""
        site = next((site for name, site in self.fields if name == product), None)
        found: dict[str, Any] = {}
        if site is not None:
            with self._counting((product, site)):
                found = policy_fields(self.scenario.policy, product, self.counts)
        return found

    def _fault(self, pair: Pair, field: str, below: Location, expected: str, found: Any) -> None:
        """A fault of a field, where it stands; one is enough for each place."""
        place = self.places[pair].get(field, ("policy", field))
        if field == "supplier" and below and isinstance(below[0], int):
            place, below = self.document.entry(place, below[0]), below[1:]
        fault = self.document.fault((*place, *below), expected, found)
        if all(fault.path != known.path for known in self.faults):
            self.faults.append(fault)


def _selected(given: tuple[str, ...], names: Any) -> list[str]:
    return list(names) if "*" in given else list(given)
