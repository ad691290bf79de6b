"""Costs, revenue and profit, per day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.results.metrics.averages import Stocks
from backsim.results.metrics.communication import Conversation
from backsim.results.metrics.delivery import Deliveries
from backsim.results.metrics.fulfilment import Rerouted
from backsim.results.metrics.orders import Orders
from backsim.results.metrics.prices import AtPrices
from backsim.results.metrics.purchases import Purchases, Reactions
from backsim.results.metrics.registry import COST, LESS, MORE, NEITHER, metric
from backsim.results.metrics.returns import Returned
from backsim.results.metrics.substitution import Substitution
from backsim.results.metrics.sums import Sums
from backsim.results.metrics.unitcosts import average_costs
from backsim.results.metrics.waste import Waste
from backsim.scenario.costtable import CostTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MONEY = "money per day"


class Costs:
    """The costs that add up: each by stock point, or by customer class and stock point."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self._found: dict[str, Floats | None] = {}

    def __getitem__(self, name: str) -> Floats | None:
        """One cost; None where there is no such thing."""
        if name not in self._found:
            self._found[name] = PARTS[name](self.m, self.m.model.costs)
        return self._found[name]

    def of_stock(self, without: Sequence[str] = ()) -> Floats:
        """The costs of stock and purchases, or all but some of these, by stock point."""
        found = [self[name] for name in ADDED if name not in without]
        return np.asarray(sum(v for v in found if v is not None and v.ndim == 1))

    def of_customers(self) -> Floats:
        """The costs of customers, by class and stock point."""
        found = [self[name] for name in ADDED]
        return np.asarray(sum(v for v in found if v is not None and v.ndim == 2))

    def total(self, without: Sequence[str] = ()) -> Floats:
        """All costs, or all but some, by stock point."""
        found = [self[name] for name in ADDED if name not in without]
        kinds = [[v for v in found if v is not None and v.ndim == n] for n in (1, 2)]
        return np.asarray(sum(kinds[0]) + sum(v.sum(axis=0) for v in kinds[1]))


ADDED = (
    *("holding", "transit", "ordering", "transfer", "purchase", "expedite"),
    *("reroute", "backorder_unit", "backorder_time", "lost_margin", "express", "substitute"),
    *("contact", "goodwill", "waste", "returned", "repair", "shipment", "split"),
    "rework",
)
"""The order in which they are added, which decides the last bit."""

PARTS: dict[str, Callable[[Sums, CostTable], Floats | None]] = {}
"""name of a cost -> how it is reckoned, by stock point or by class and stock point."""

Part = Callable[[Sums, CostTable], "Floats | None"]


def cost(name: str) -> Callable[[Part], Part]:
    """Declare a part of `cost.total`, and the metric that shows it."""

    def declare(part: Part) -> Part:
        PARTS[name] = part

        @metric(
            MONEY,
            better=LESS,
            group=COST,
            name=f"cost.{name}",
            label=f"{name.replace('_', ' ')} cost",
            definition=part.__doc__ or "",
            part_of="cost.total",
        )
        def shown(m: Sums) -> Floats:
            found = m.of(Costs)[name]
            if found is None:
                return m.nothing
            return m.fold_stock(found) if found.ndim == 1 else m.fold(found)

        return part

    return declare


@cost("holding")
def _holding(m: Sums, rates: CostTable) -> Floats:
    """Stock on hand and reserved."""
    return rates["holding"] * m.of(Stocks).held


@cost("transit")
def _transit(m: Sums, rates: CostTable) -> Floats:
    """Units on their way from another site."""
    return rates["transit"] * m.of(Stocks).in_transit


@cost("transfer")
def _transfer(m: Sums, rates: CostTable) -> Floats | None:
    """Units transferred from other sites of the same level."""
    purchases = m.of(Purchases)
    return rates["transfer"] * purchases.transferred if purchases.transfers else None


@cost("ordering")
def _ordering(m: Sums, rates: CostTable) -> Floats:
    """Purchases placed (joint ones once) and their items."""
    purchases = m.of(Purchases)
    return rates["ordering"] * purchases.led + rates["ordering_item"] * purchases.count


@cost("purchase")
def _purchase(m: Sums, rates: CostTable) -> Floats:
    """Units bought from suppliers when they are ordered, with surcharges and price breaks."""
    purchases = m.of(Purchases)
    extra = purchases.surcharges - purchases.discounts if rates.breaks else purchases.surcharges
    return rates["purchase"] * purchases.bought + extra / m.days


@cost("waste")
def _waste(m: Sums, rates: CostTable) -> Floats | None:
    """Units that expired or were scrapped in a recall, in addition to what they cost."""
    waste = m.of(Waste)
    return rates["waste"] * waste.units / m.days if waste.possible else None


@cost("expedite")
def _expedite(m: Sums, rates: CostTable) -> Floats | None:
    """Expedited purchases and their units."""
    expedited = m.of(Reactions).expedited
    if expedited is None:
        return None
    count, units = expedited
    spent = rates["expedite"] * units + rates["expedite_purchase"] * count
    return spent / m.days


@cost("backorder_unit")
def _backorder_unit(m: Sums, rates: CostTable) -> Floats:
    """Units that had to wait, once each."""
    waited = m.missing - m.lost - m.same_instant - m.of(Substitution).at_once
    return rates["backorder_unit"] * waited / m.days


@cost("backorder_time")
def _backorder_time(m: Sums, rates: CostTable) -> Floats:
    """Units waiting, per unit and day."""
    return rates["backorder_time"] * m.backlog


@cost("contact")
def _contact(m: Sums, rates: CostTable) -> Floats:
    """Notices to waiting customers and their inquiries."""
    conversation = m.of(Conversation)
    return (rates["notice"] * conversation.sent + rates["inquiry"] * conversation.asked) / m.days


@cost("goodwill")
def _goodwill(m: Sums, rates: CostTable) -> Floats:
    """Broken promises: once each, and per day past them."""
    broken, late = m.of(Conversation).broken_and_late
    return (rates["broken_promise"] * broken + rates["late_day"] * late) / m.days


@cost("lost_margin")
def _lost_margin(m: Sums, rates: CostTable) -> Floats:
    """Units lost or cancelled."""
    return rates["lost_margin"] * (m.cancelled + m.lost) / m.days


@cost("express")
def _express(m: Sums, rates: CostTable) -> Floats:
    """Units sent to customers by express."""
    return rates["express"] * m.of(Deliveries).express / m.days


@cost("shipment")
def _shipment(m: Sums, rates: CostTable) -> Floats | None:
    """Shipments to customers; each counts where the first of its lines leaves."""
    rate = rates["shipment"]
    return rate * m.of(Orders).shipments / m.days if rate.any() else None


@cost("reroute")
def _reroute(m: Sums, rates: CostTable) -> Floats | None:
    """Units served from a site other than where they were ordered."""
    rerouted = m.of(Rerouted)
    return rates["reroute"] * rerouted.units / m.days if rerouted.possible else None


@cost("split")
def _split(m: Sums, rates: CostTable) -> Floats | None:
    """Parts of lines that further sites served."""
    rerouted = m.of(Rerouted)
    if not len(rerouted.splits):
        return None
    return rates["split"] * m.total(rerouted.serving) / m.days


@cost("returned")
def _returned(m: Sums, rates: CostTable) -> Floats | None:
    """Units that customers sent back."""
    found = m.of(Returned)
    return rates["returned"] * found.units("units") / m.days if found.possible else None


@cost("repair")
def _repair(m: Sums, rates: CostTable) -> Floats | None:
    """Units sent back that were repaired."""
    found = m.of(Returned)
    return rates["repair"] * found.units("to_repair") / m.days if found.possible else None


@cost("rework")
def _rework(m: Sums, rates: CostTable) -> Floats | None:
    """Units in stock that were recalled and repaired."""
    waste = m.of(Waste)
    return rates["rework"] * waste.reworked / m.days if waste.recalls else None


@cost("substitute")
def _substitute(m: Sums, rates: CostTable) -> Floats:
    """Substitutes taken, and their discounts."""
    taken = m.of(Substitution)
    return (rates["substitute"] * taken.units + taken.discounts) / m.days


@metric(MONEY, better=LESS, group=COST, name="cost.total", label="total cost", always=True)
def total(m: Sums) -> Floats:
    """All costs, including purchases and lost margins."""
    return m.fold_stock(m.of(Costs).total())


@metric(MONEY, better=MORE, group=COST)
def revenue(m: Sums) -> Floats:
    """Shipped units and substitutes at their prices, less refunds."""
    if m.model.has_dated_prices:
        priced = m.of(AtPrices)
        sold = priced.ordered - priced.of_rest(m.rest["units"] - m.rest["shipped"])
    else:
        sold = m.model.costs.prices * m.shipped
    if m.of(Returned).possible:
        sold = sold - m.of(Returned).refunds
    return m.fold((sold + m.of(Substitution).sales) / m.days)


@metric(MONEY, better=NEITHER, group=COST)
def cost_of_goods_sold(m: Sums) -> Floats:
    """Shipped units that are not in stock again, substitutes and waste, at unit cost."""
    taken, costs = m.of(Substitution), m.of(average_costs)
    substitutes = taken.by_line(costs[taken.taken["stock"]] * taken.taken["units"])
    shipped = m.shipped
    if len(split := m.of(Rerouted).splits):  # these have what they cost at the site that served
        extra = costs[split["stock"]] - costs[m.log.column("stock")[split["line"]]]
        substitutes = substitutes + m.total(m.group[split["line"]], extra * split["units"])
    if m.of(Returned).possible:
        shipped = shipped - m.of(Returned).in_stock_again
    found = m.fold((costs * shipped + substitutes) / m.days)
    if m.of(Waste).possible:  # nobody ordered these
        found = found + np.nan_to_num(m.fold_stock(costs * m.of(Waste).units / m.days))
    return found


@metric(MONEY, better=MORE, group=COST)
def profit(m: Sums) -> Floats:
    """Revenue minus cost of goods sold and all costs except purchases and lost margins."""
    running = m.fold_stock(m.of(Costs).total(without=("purchase", "lost_margin")))
    return m["revenue"] - m["cost_of_goods_sold"] - running


@metric(MONEY, better=NEITHER, group=COST)
def purchase_cash_flow(m: Sums) -> Floats:
    """Cost of purchases when ordered, sold or not: `cost.purchase`."""
    return m["cost.purchase"]


@metric("money", better=LESS, group=COST, tables=("product", "site"))
def stock_value(m: Sums) -> Floats:
    """Units in stock (`stock_units`) at unit cost, time average."""
    return m.fold_stock(m.of(average_costs) * m.of(Stocks).owned)


@metric("money per unit", better=LESS, group=COST, tables=("class",))
def cost_to_serve(m: Sums) -> Floats:
    """All costs except purchases / units shipped.

    Customers' costs are those of their class; costs of stock and of ordering are shared out among
    the classes by the units of the product that were shipped to each, or by all units where none
    were (components, products that serve as substitutes).
    """
    costs, products = m.of(Costs), len(m.model.products)
    stock, own = costs.of_stock(without=("purchase",)), costs.of_customers()
    shipped = np.array([np.bincount(m.product, row, products) for row in m.shipped])
    total = shipped.sum(axis=0)
    all_units = shipped.sum(axis=1, keepdims=True)
    of_all = all_units / max(float(all_units.sum()), 1.0)  # nothing was shipped: there is no cost
    shares = np.where(total > 0, shipped / np.where(total > 0, total, 1.0), of_all)
    by_class = own.sum(axis=1) + shares @ np.bincount(m.product, stock, products)
    found = m.fold_stock(stock + own.sum(axis=0))
    found[1 : 1 + len(by_class)] = by_class
    return found * m.days / np.where(m.all_shipped > 0, m.all_shipped, np.nan)


@metric("money", better=LESS, group=COST)
def cash_tied_up(m: Sums) -> Floats:
    """Stock, and units bought from suppliers that have not arrived, at cost, time average.

    Purchases are paid for when they are ordered.
    """
    stocks = m.of(Stocks)
    paid = stocks.average("on_order_days") - m.of(Purchases).at_sites
    return m.fold_stock(m.of(average_costs) * (stocks.owned + paid))
