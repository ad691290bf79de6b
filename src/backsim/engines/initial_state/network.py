"""The tables of a network at time 0: where each stock point buys, and as whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backsim.entities import (
    BY_LINE,
    BY_ORDER,
    BY_UNIT,
    MOST_LEVELS,
    NONE,
    Ancestor,
    Component,
    CustomerClass,
    Node,
    PriceBreak,
    Source,
    Supplier,
    Tariff,
)
from backsim.kernel.grid import to_grid
from backsim.scenario.model import Model
from backsim.scenario.network.lanes import TRANSFERRED, Lane
from backsim.scenario.network.network import Network
from backsim.scenario.network.valuation import unit_costs
from backsim.scenario.schema import SiteSource, Transfers

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup


def add_network(setup: Setup, model: Model) -> None:
    """Fill the tables that say who supplies whom, if anyone does."""
    if "NETWORK" not in setup.switches:
        return
    network = model.network
    classes = _Classes(setup)
    _add_sources(setup, model, classes)
    levels, code = network.levels(), {pair: i for i, pair in enumerate(model.stock_points)}
    for index, pair in enumerate(model.stock_points):
        node = setup.nodes[index]
        node.level = min(levels[pair], MOST_LEVELS)
        node.by_echelon = int(model.scenario.stock[index].asks("ECHELON"))
        parts = network.parts_of(pair)
        if parts:
            kits = model.scenario.stock[index].starts_with == "available"
            way = BY_UNIT if kits else BY_ORDER
            node.makes_as = classes.code(model.sites.index(pair[1]), 1, way, kits)
        node.components_at, node.components = len(setup.components), len(parts)
        setup.components += [Component(code[part], units) for part, units in parts.items()]
        _add_ancestors(setup, network, pair, code)
    for pair in reversed(network.order()):
        index = code[pair]
        setup.nodes[index].prompt = int(_is_prompt(setup, model, index))
    setup.site_classes = frozenset(range(len(model.classes), len(setup.classes)))


def _is_prompt(setup: Setup, model: Model, index: int) -> bool:
    """Whether whatever a stock point orders is there at the same instant: no time passes above it.

    The stock points above it are known already.
    """
    node, point = setup.nodes[index], model.scenario.stock[index]
    if point.review != "continuous" or node.regular != 1:
        return False
    sites = model.scenario.sites
    if sites[point.site].receiving or sites[point.site].shipping:
        return False
    source = setup.sources[node.sources_at]
    if source.mean_time > 0:
        return False
    if source.stock != NONE:
        return bool(setup.nodes[source.stock].prompt)
    supplier = model.scenario.suppliers[model.suppliers[source.supplier]]
    if supplier.capacity != "unlimited" or supplier.lateness or supplier.is_down_at_times:
        return False
    parts = setup.components[node.components_at : node.components_at + node.components]
    return all(setup.nodes[part.stock].prompt for part in parts)


def count_echelons(setup: Setup) -> None:
    """The echelon positions at the start."""
    for stock, node in zip(setup.stocks, setup.nodes, strict=False):
        position = stock.on_hand + stock.on_order
        node.echelon += position
        for row in setup.ancestors[node.ancestors_at : node.ancestors_at + node.ancestors]:
            setup.nodes[row.stock].echelon += position * row.units


class _Classes:
    """The rows that sites order as: one for each site, priority and way of shipment or making."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.codes: dict[tuple[int, int, int, bool], int] = {}

    def code(self, site: int, priority: int, shipment: int, kits: bool = False) -> int:
        """The row of a site's orders."""
        key = (site, priority, shipment, kits)
        if key not in self.codes:
            self.codes[key] = len(self.setup.classes)
            row = CustomerClass(priority=priority, shipment=shipment, site=site, kits=int(kits))
            self.setup.classes.append(row)
        return self.codes[key]


def _add_sources(setup: Setup, model: Model, classes: _Classes) -> None:
    """Nodes, each with its sources in one piece; each source knows its streams on the tape."""
    found: list[list[Source]] = [[] for _ in model.stock_points]
    senders: list[list[Source]] = [[] for _ in model.stock_points]
    for number, lane in enumerate(model.lanes):
        rows_of = senders if lane.transfer else found
        rows_of[lane.stock].append(_source(setup, model, classes, number, lane))
        setup.lane_owners.append(lane.stock)
    # Beyond the scenario's suppliers: sites, whose units may overtake each other, or may not; and
    # sites of the same level.
    setup.suppliers += [Supplier(crossing=1), Supplier(crossing=0), Supplier(crossing=1)]
    for rows, others, point in zip(found, senders, model.scenario.stock, strict=True):
        at = len(setup.sources)
        urgent = [source.emergency is not None for source in point.supplier]
        own = [rows[i] for i in sorted(range(len(rows)), key=urgent.__getitem__)]  # those last
        node = Node(sources_at=at, sources=len(own), regular=len(own) - sum(urgent))
        node.transfers_at, node.transfers = at + len(own), len(others)
        if point.transfers is not None:
            node.transfer_level = point.transfers.level
        node.divides = int(point.divides)
        setup.nodes.append(node)
        setup.sources += own + others
    _add_prices(setup, model)


def _add_prices(setup: Setup, model: Model) -> None:
    """What units cost from each source: by day, and by the size of the purchase."""
    own, standard = model.costs["purchase"], unit_costs(model)
    rows = {source.lane: source for source in setup.sources}
    for number, lane in enumerate(model.lanes):
        row = rows[number]
        row.price = float(own[lane.stock]) if lane.place is None else standard[lane.place]
        row.surcharge = lane.surcharge
        row.tariffs_at = len(setup.tariffs)
        setup.tariffs += [
            Tariff(to_grid(cast(float, later.starts), setup.ticks), later.factor)
            for later in lane.price_factors
        ]
        row.tariffs_end = len(setup.tariffs)
    for index, breaks in model.costs.breaks.items():
        node, price, paid = setup.nodes[index], breaks.price, 0.0
        node.breaks_at = len(setup.price_breaks)
        for one in breaks.breaks:
            if breaks.discount == "incremental":
                paid += (price - one.price) * one.units
            price = one.price
            setup.price_breaks.append(PriceBreak(one.units, price, paid))
        node.breaks_end = len(setup.price_breaks)


def _source(setup: Setup, model: Model, classes: _Classes, number: int, lane: Lane) -> Source:
    row = Source(share=lane.share, lane=number, mean_time=lane.time.moments()[0])
    if lane.supplier is not None:
        row.supplier = lane.supplier
    if lane.place is not None:
        row.stock = lane.place
    site, given = model.sites.index(model.stock_points[lane.stock][1]), lane.given
    if isinstance(given, Transfers):
        row.keep, row.supplier = given.keep, len(model.suppliers) + TRANSFERRED
        row.customer_class = classes.code(site, 1, BY_UNIT)
    elif isinstance(given, SiteSource):
        row.supplier = len(model.suppliers) + int(not given.crossing)
        shipment = BY_UNIT if given.shipment == "partial" else BY_LINE
        row.customer_class = classes.code(site, given.priority, shipment)
    return row


def _add_ancestors(
    setup: Setup, network: Network, pair: tuple[str, str], code: dict[tuple[str, str], int]
) -> None:
    node = setup.nodes[code[pair]]
    above = network.ancestors(pair) if "ECHELON" in setup.switches else {}
    node.ancestors_at, node.ancestors = len(setup.ancestors), len(above)
    setup.ancestors += [Ancestor(code[up], units) for up, units in above.items()]
