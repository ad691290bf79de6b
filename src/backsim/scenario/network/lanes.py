"""The ways into a stock point: from a site, from a supplier, from who helps out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.distributions.fields import Distribution
from backsim.scenario.schema import (
    Servers,
    SiteSource,
    StockPoint,
    SupplierSource,
    Throughput,
)

if TYPE_CHECKING:
    from backsim.scenario.model import Model

TRANSFERRED = 2
"""Among the suppliers of purchases, beyond a scenario's own: sites that make transfers.

Before it come sites as sources, with and without crossing.
"""


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
