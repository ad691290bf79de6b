"""Who supplies whom: the stock points as a network, checked, and in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backsim.scenario.discrete import Deterministic
from backsim.scenario.distributions import Distribution
from backsim.scenario.flow import Flow
from backsim.scenario.reactions import emergency_of, misplaced
from backsim.scenario.schema import (
    Scenario,
    Servers,
    SiteSource,
    StockPoint,
    SupplierSource,
    Throughput,
)
from backsim.scenario.volume import Pair
from backsim.scenario.yamlfile import Location

if TYPE_CHECKING:
    from backsim.scenario.model import Model

TRANSFERRED = 2
"""Among the suppliers of purchases, beyond a scenario's own: sites that make transfers.

Before it come sites as sources, with and without crossing.
"""

Found = tuple[Pair, str, Location, str, Any]
"""A fault: stock point, field, place below it, what was expected, what was found."""


@dataclass(frozen=True)
class Lane:
    """One way into a stock point: from a site, or from a supplier; by index into the model."""

    stock: int
    name: str
    place: int | None
    supplier: int | None
    time: Distribution
    service: Distribution
    source: SiteSource | None
    share: float
    transfer: bool = False
    """Units come from another site of the level, when there are too few here."""


def lanes(model: Model) -> list[Lane]:
    """The first source of each stock point, then their further ones, then those of transfers."""
    points = model.scenario.stock
    firsts = [first_lane(model, i) for i in range(len(points))]
    others = [
        _lane(model, i, n) for i, point in enumerate(points) for n in range(1, len(_given(point)))
    ]
    return firsts + others + _transfer_lanes(model)


def sends_for_units(point: StockPoint) -> bool:
    """Whether a stock point may send for units of other sites of its level."""
    return point.transfers is not None and point.transfers.when != "never"


def _transfer_lanes(model: Model) -> list[Lane]:
    """The ways from the sites that may send a stock point units of theirs, in order."""
    code = {pair: i for i, pair in enumerate(model.stock_points)}
    none = Deterministic(value=0.0)

    def lane(stock: int, product: str, site: str, days: Distribution) -> Lane:
        return Lane(stock, site, code[product, site], None, days, none, None, 0.0, True)

    return [
        lane(i, point.products[0], site, point.transfers.days)
        for i, point in enumerate(model.scenario.stock)
        if sends_for_units(point) and point.transfers is not None
        for site in point.transfers.sites
    ]


def first_lane(model: Model, index: int) -> Lane:
    """The first source of a stock point."""
    return _lane(model, index, 0)


def _given(point: StockPoint) -> tuple[Any, ...]:
    assert point.supplier is not None
    return point.supplier


def _lane(model: Model, index: int, number: int) -> Lane:
    point = model.scenario.stock[index]
    source = _given(point)[number]
    none = Deterministic(value=0.0)
    if isinstance(source, SiteSource):
        place = model.stock_points.index((point.products[0], source.site))
        return Lane(
            index, source.site, place, None, source.transport, none, source, source.share or 0.0
        )
    name, time, share = source, point.lead_time, 0.0
    if isinstance(source, SupplierSource):
        name, time, share = source.supplier, source.lead_time, source.share or 0.0
    supplier = model.scenario.suppliers[name]
    service: Distribution = none
    if isinstance(supplier.capacity, Servers):
        service = supplier.capacity.service
    elif isinstance(supplier.capacity, Throughput):
        service = Deterministic(value=1.0 / supplier.capacity.units_per_day)
    code = model.suppliers.index(name)
    return Lane(index, name, None, code, time or supplier.lead_time, service, None, share)


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
        return [(pair[0], source.site) for source in sources if isinstance(source, SiteSource)]

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

    # -- what may be wrong -----------------------------------------------------------------

    def faults(self, demanded: set[str]) -> Iterator[Found]:
        """Everything that is wrong; `demanded` are the sites where customers order."""
        for pair in self.fields:
            yield from self._own_faults(pair)
        yield from self._cycle()
        yield from self._circles()
        if any(self.above.values()):
            yield from self._unread(demanded)

    def _own_faults(self, pair: Pair) -> Iterator[Found]:
        fields = self.fields[pair]
        sources = fields.get("supplier") or ()
        for number, (product, site) in enumerate(self.sites_of(pair)):
            if (product, site) not in self.fields:
                expected = f"a site that keeps {product}, for {pair[1]} to be supplied from"
                yield pair, "supplier", _entry(sources, number, "site"), expected, f"'{site}'"
        for product, site in self.parts_of(pair):
            if (product, site) not in self.fields:
                expected = f"`stock` to hold {product} at {site}, of which {pair[0]} is made"
                yield pair, "made_from", (product,), expected, "no such stock point"
        yield from self._transfer_faults(pair)
        orders = self.above[pair] or self.senders(pair)
        if orders and pair[1] in self.scenario.customers:
            expected = f"another name for site {pair[1]}, which orders beside the customer classes"
            yield pair, "", (), expected, "the name of a customer class"
        if fields.get("made_from") and (len(sources) > 1 or self.sites_of(pair)):
            expected = f"one supplier, the workshop, as {pair[0]} is made from components"
            yield pair, "supplier", (), expected, "a site" if self.sites_of(pair) else "several"
        if fields.get("lead_time") is not None and (len(sources) > 1 or self.sites_of(pair)):
            expected = "no `lead_time` here, but with each source: a site has `transport`"
            yield pair, "lead_time", (), expected, "one"
        names = [s if isinstance(s, str) else getattr(s, "site", None) or s for s in sources]
        names = [getattr(name, "supplier", name) for name in names]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield pair, "supplier", (number,), "each source once", f"'{name}' again"
        for number, expected, found in misplaced(sources):
            yield pair, "supplier", (number,), expected, found
        regular = [source for source in sources if emergency_of(source) is None]
        shares = [float(getattr(source, "share", None) or 0) for source in regular]
        if any(shares) and (0 in shares or abs(sum(shares) - 1) > 1e-9):
            total = "none for some" if 0 in shares else f"{sum(shares):g} in all"
            yield pair, "supplier", (), "a `share` for each source, 1 in all", total

    def _transfer_faults(self, pair: Pair) -> Iterator[Found]:
        transfers = self.fields[pair].get("transfers")
        if transfers is None:
            return
        product, own = pair
        if set(transfers.sites) == {own}:
            yield pair, "transfers", ("sites",), f"another site than {own}", f"'{own}' alone"
        for number, site in enumerate(transfers.sites):
            if (product, site) not in self.fields:
                expected = f"a site that keeps {product}, for {own} to be sent units from"
                yield pair, "transfers", ("sites", number), expected, f"'{site}'"
            if site in transfers.sites[:number]:
                yield pair, "transfers", ("sites", number), "each site once", f"'{site}' again"

    def senders(self, pair: Pair) -> list[Pair]:
        """The stock points that may send a stock point units of theirs, in order."""
        transfers = self.fields[pair].get("transfers")
        sites = () if transfers is None else transfers.sites
        return [(pair[0], site) for site in sites if site != pair[1]]

    def _cycle(self) -> Iterator[Found]:
        pairs = set(self.fields) - set(self.order())
        if not pairs:
            return
        start = next(pair for pair in self.fields if pair in pairs)
        path = [start]
        while path.count(path[-1]) < 2:
            path.append(next(above for above in self.above[path[-1]] if above in pairs))
        path = path[path.index(path[-1]) :]
        words = " <- ".join(f"{product} at {site}" for product, site in path)
        which = "made_from" if path[1] in self.parts_of(path[0]) else "supplier"
        yield path[0], which, (), "a network without a cycle", words

    def _circles(self) -> Iterator[Found]:
        """Those who send each other units stand at one level: none of them supplies another.

        Else a unit could go round: sent by one, bought back from the other.
        """
        group = {pair: pair for pair in self.fields}
        for pair in self.fields:
            for other in self.senders(pair):
                joined = group.get(other, other)
                group = {p: group[pair] if g == joined else g for p, g in group.items()}
        over: dict[Pair, set[Pair]] = {g: set() for g in group.values()}
        for pair, above in self.above.items():
            over[group[pair]] |= {group[up] for up in above if up in group}
        for pair in self.fields:
            if self.senders(pair) and _reaches(over, group[pair]):
                expected = f"sites of one level, none of which supplies another, for {pair[1]}"
                found = ", ".join(site for _, site in self.senders(pair))
                yield pair, "transfers", ("sites",), expected, found
                return

    def _unread(self, demanded: set[str]) -> Iterator[Found]:
        read = demanded | {site for above in self.above.values() for _, site in above}
        read |= {site for pair in self.fields for _, site in self.senders(pair)}
        for site in self.scenario.sites:
            own = [pair for pair in self.fields if pair[1] == site]
            if own and site not in read:
                expected = f"customers or a site to draw on {site}"
                yield own[0], "", (), expected, "no one who does"

    # -- what follows from it --------------------------------------------------------------

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
                share = getattr(source, "share", None) or float(number == 0)
                if isinstance(source, SiteSource):
                    rates[pair[0], source.site] += share * rates[pair]
            for part, units in self.parts_of(pair).items():
                rates[part] += units * rates[pair]
        return rates

    def flows(self, pair: Pair, customers: Mapping[Pair, list[Flow]]) -> list[Flow]:
        """What customers order here, and at the sites that are supplied from here first."""
        below = [other for other in self.fields if self.ancestors(other).get(pair) == 1]
        return [flow for place in (pair, *below) for flow in customers.get(place, [])]

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
        first = [(pair[0], s.site) for s in sources[:1] if isinstance(s, SiteSource)]
        return [(up, 1) for up in first] + list(self.parts_of(pair).items())


def _reaches(over: Mapping[Pair, set[Pair]], start: Pair) -> bool:
    """Whether a way up leads back to its start."""
    seen: set[Pair] = set()
    pending = list(over[start])
    while pending:
        at = pending.pop()
        if at == start:
            return True
        if at not in seen:
            seen.add(at)
            pending += over[at]
    return False


def network_of(model: Model) -> Network:
    """The network of a model."""
    fields = {
        pair: {name: getattr(point, name) for name in ("supplier", "made_from", "transfers")}
        for pair, point in zip(model.stock_points, model.scenario.stock, strict=True)
    }
    return Network(model.scenario, fields)


def _entry(sources: tuple[Any, ...], number: int, key: str) -> Location:
    """Where a site's key stands below `supplier`; `number` counts the sites among the sources."""
    at = [i for i, source in enumerate(sources) if isinstance(source, SiteSource)][number]
    return at, key
