"""What became of orders: in time, cancelled, lost, or served in another way."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from backsim.results.metrics.delivery import Deliveries
from backsim.results.metrics.orders import Orders
from backsim.results.metrics.registry import LESS, MORE, NEITHER, SERVICE, WAITING, metric
from backsim.results.metrics.substitution import Substitution
from backsim.results.metrics.sums import Sums
from backsim.results.metrics.waits import Waits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Rerouted:
    """Units served from another site than where they were ordered."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.possible = any(c.served_by is not None for c in m.model.scenario.customers.values())

    @cached_property
    def units(self) -> Floats:
        """Units so served, by the site that serves."""
        lines = self.m.log.reroutes["line"]
        lines = lines[lines >= self.m.first]
        whole = self.m.total(self.m.group[lines], self.m.units[lines])
        return whole + self.m.total(self.serving, self.splits["units"])

    @cached_property
    def splits(self) -> Any:
        """Parts of lines that further sites served."""
        return self.m.log.splits.compress(self.m.log.splits["line"] >= self.m.first)

    @property
    def serving(self) -> Any:
        """The class and the serving stock point of each of these."""
        classes = self.m.log.column("customer_class")[self.splits["line"]]
        return self.m.groups(self.splits["stock"], classes)


@metric("share", better=MORE, group=SERVICE)
def otif(m: Sums) -> Floats:
    """Orders shipped whole no later than their due date / orders due."""
    orders = m.of(Orders)
    return orders.on_time / orders.due


@metric("per order", better=LESS, group=SERVICE)
def shipments_per_order(m: Sums) -> Floats:
    """Shipments to customers / orders; what leaves a site for an order at one instant is one."""
    orders = m.of(Orders)
    return orders.shipped / orders.count


@metric("per day", better=LESS, group=SERVICE)
def shipments_per_day(m: Sums) -> Floats:
    """Shipments to customers; what leaves a site for an order at one instant is one."""
    return m.of(Orders).shipped / m.days


@metric("share", better=LESS, group=SERVICE, tables=("class",), always=True)
def cancel_rate(m: Sums) -> Floats:
    """Units cancelled while waiting / units ordered."""
    return m.per_ordered(m.cancelled)


@metric("share", better=LESS, group=SERVICE, tables=("class",))
def lost_rate(m: Sums) -> Floats:
    """Units lost immediately / units ordered."""
    return m.per_ordered(m.lost)


@metric("share", better=NEITHER, group=SERVICE, tables=("site",))
def rerouted_rate(m: Sums) -> Floats:
    """Units served from a site other than where they were ordered / units ordered."""
    rerouted = m.of(Rerouted)
    return m.per_ordered(rerouted.units) if rerouted.possible else m.nothing


@metric("share", better=NEITHER, group=SERVICE)
def substituted_rate(m: Sums) -> Floats:
    """Units replaced by a substitute / units ordered."""
    return m.per_ordered(m.of(Substitution).units)


@metric("share", better=NEITHER, group=SERVICE)
def reallocated_rate(m: Sums) -> Floats:
    """Units reserved for one order and reallocated to others at a batch run / units ordered."""
    line = m.log.reallocations["line"]  # sites' lines come after the customers'
    rows = m.log.reallocations.compress((line >= m.first) & (line < len(m.log.lines)))
    return m.per_ordered(m.total(m.group[rows["line"]], rows["units"]))


@metric("share", better=NEITHER, group=SERVICE)
def express_rate(m: Sums) -> Floats:
    """Units sent by express / units shipped."""
    return m.fold(m.of(Deliveries).express) / m.all_shipped


@metric("days", better=LESS, group=WAITING)
def delivery_time(m: Sums) -> Floats:
    """Days from order to delivery per unit shipped."""
    waited, deliveries = m.of(Waits).mean, m.of(Deliveries)
    if not deliveries.takes_time:
        return waited
    return waited + m.fold(deliveries.unit_days) / m.all_shipped
