"""The metrics, by name: overall, and by customer class, product and site.

Flow metrics count the orders placed in [warm-up, horizon] and what has become of them by the
horizon; time averages run over [warm-up, horizon].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Log
from backsim.entities import CANCELLED, LOST, NONE
from backsim.errors import InputError
from backsim.results.between import between_sites, transfers_of
from backsim.results.conversation import CONVERSATION, Conversation
from backsim.results.forecasting import FORECASTING, forecast_sums
from backsim.results.reactions import REACTIONS, reactions, surcharges
from backsim.results.remedies import REMEDIES, Remedies
from backsim.results.waits import PERCENTILES, Waits, wait_statistics
from backsim.scenario.lanes import sends_for_units
from backsim.scenario.model import Model

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METRICS: dict[str, tuple[str, str]] = {
    "fill_rate": ("share", "units shipped at the moment of ordering / units ordered"),
    "order_fill_rate": ("share", "orders shipped whole at the moment of ordering / orders"),
    "ready_rate": ("share", "share of time with stock on hand (mean over stock points)"),
    "clear_rate": ("share", "share of time without a backlog (mean over stock points)"),
    "mean_on_hand": ("units", "units free to ship, time average"),
    "mean_reserved": ("units", "units kept for orders that are not whole yet, time average"),
    "mean_backlog": ("units", "units that customers wait for, time average"),
    "mean_on_order": ("units", "units ordered and not received, time average"),
    "mean_in_transit": ("units", "units on their way from another site, time average"),
    "mean_site_backlog": ("units", "units that other sites wait for, time average"),
    "mean_net_stock": (
        "units",
        "on hand less units not yet allotted to waiting lines, time average",
    ),
    "sd_net_stock": (
        "units",
        "standard deviation over time of on hand less backlog (mean over stock points)",
    ),
    "mean_wait": ("days", "days from order to shipment per unit shipped; at once counts 0"),
    **{f"wait_p{p}": ("days", f"{p} % of the units shipped waited no longer") for p in PERCENTILES},
    "backorder_age": ("days", "mean wait of the units shipped that had to wait"),
    "otif": ("share", "orders shipped whole no later than their due date / orders due"),
    "cancel_rate": ("share", "units cancelled while waiting / units ordered"),
    "lost_rate": ("share", "units lost at once / units ordered"),
    "rerouted_rate": ("share", "units served from another site than where ordered / units ordered"),
    **REMEDIES,
    **CONVERSATION,
    "fairness": ("index", "Gini index of the waits per unit: 0 when all wait equally long"),
    "wait_ratio": ("ratio", "longest mean wait of a class / shortest"),
    "orders_per_day": ("per day", "orders placed"),
    "units_per_day": ("units per day", "units ordered"),
    "shipped_per_day": ("units per day", "units shipped, of those ordered"),
    "site_fill_rate": (
        "share",
        "units shipped at the moment of a site's order, or of its components' / units so ordered",
    ),
    "transferred_per_day": ("units per day", "units sent for from other sites of the level"),
    "mean_site_wait": ("days", "days from a site's order to shipment per unit shipped"),
    "purchases_per_day": ("per day", "purchases placed"),
    "units_per_purchase": ("units", "units a purchase"),
    **FORECASTING,
    **REACTIONS,
    "cost.holding": ("money per day", "stock on hand and reserved"),
    "cost.transit": ("money per day", "units on their way from another site"),
    "cost.transfer": ("money per day", "units sent for from other sites of the level"),
    "cost.ordering": ("money per day", "purchases placed, those together once, and their items"),
    "cost.purchase": ("money per day", "units purchased, with the surcharges of sources"),
    "cost.expedite": ("money per day", "purchases brought forward, and their units"),
    "cost.backorder_unit": ("money per day", "units that had to wait, once each"),
    "cost.backorder_time": ("money per day", "units waiting, per unit and day"),
    "cost.contact": ("money per day", "notices to customers who wait, and their inquiries"),
    "cost.goodwill": ("money per day", "promises not kept, once each and per day past them"),
    "cost.lost_margin": ("money per day", "units lost or cancelled"),
    "cost.express": ("money per day", "units sent to customers by express"),
    "cost.reroute": (
        "money per day",
        "units served from another site than where ordered",
    ),
    "cost.substitute": ("money per day", "substitutes taken, and their discounts"),
    "cost.total": ("money per day", "all costs"),
    "revenue": (
        "money per day",
        "units shipped of those ordered, and substitutes, at their prices",
    ),
    "profit": ("money per day", "revenue less all costs except the lost margin"),
}
"""name -> (unit, definition)"""


@dataclass(frozen=True)
class Metrics:
    """The metrics of one run: `metrics["fill_rate"]`, `metrics.get("otif", "class", "gold")`."""

    views: tuple[tuple[str, str], ...]
    values: Mapping[str, Floats]

    @cached_property
    def _place(self) -> dict[tuple[str, str], int]:
        return {view: i for i, view in enumerate(self.views)}

    def __getitem__(self, name: str) -> float:
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def get(self, name: str, dimension: str = "", member: str = "") -> float:
        """A metric, overall or of one class, product or site; nan where it means nothing.

        Raises InputError for an unknown metric, class, product or site.
        """
        if name not in self.values:
            raise InputError(f"expected a metric ({', '.join(self.values)}), got {name!r}")
        if (dimension, member) not in self._place:
            known = [m for d, m in self.views if d == dimension]
            raise InputError(
                f"expected a {dimension or 'dimension'} ({', '.join(known)}), got {member!r}"
            )
        return float(self.values[name][self._place[dimension, member]])

    def rows(self) -> list[tuple[str, str, str, float]]:
        """(metric, dimension, member, value), without those that mean nothing."""
        return [
            (name, *view, float(value))
            for name, values in self.values.items()
            for view, value in zip(self.views, values, strict=True)
            if not np.isnan(value)
        ]

    def frame(self) -> pd.DataFrame:
        """One row a metric and class, product or site."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=["metric", "dimension", "member", "value"])


def views_of(model: Model) -> tuple[tuple[str, str], ...]:
    """(dimension, member) of each value of a metric: overall, then each class, product, site."""
    return (
        ("", ""),
        *(("class", name) for name in model.classes),
        *(("product", name) for name in model.products),
        *(("site", name) for name in model.sites),
    )


def measure(model: Model, log: Log) -> Metrics:
    """The metrics of a run."""
    return _Measurement(model, log).metrics()


class _Measurement:
    """Sums by class and stock point, folded into views, divided into metrics.

    Arrays are of shape (classes, stock points) for what customers do, (stock points,) for the rest,
    and (views,) once folded.
    """

    def __init__(self, model: Model, log: Log) -> None:
        self.model, self.log = model, log
        self.shape = len(model.classes), len(model.stock_points)
        self.days = model.horizon - model.warm_up
        self.product = log.stocks["product"]
        self.site = log.stocks["site"]
        self.time, self.units = log.column("time"), log.column("units")
        self.first = int(np.searchsorted(self.time, model.warm_up))
        self.group = self.groups(log.column("stock"), log.column("customer_class"))
        self.views = views_of(model)
        s = model.scenario
        self.sends = any(map(sends_for_units, s.stock))
        self.reroutes = any(c.served_by is not None for c in s.customers.values())

    def only(self, there: bool, values: Floats) -> Floats:
        """What means something only where the scenario has it."""
        return values if there else np.full(len(self.views), np.nan)

    # -- sums ------------------------------------------------------------------------------

    def groups(self, stock: Any, customer_class: Any) -> Any:
        """The number of each line's class and stock point."""
        if self.shape[0] == 1:
            return stock
        return customer_class if self.shape[1] == 1 else customer_class * self.shape[1] + stock

    def total(self, group: Any, weights: Any = None) -> Floats:
        """Sums over lines, shape (classes, stock points)."""
        size = self.shape[0] * self.shape[1]
        return np.bincount(group, weights, size).astype(float).reshape(self.shape)

    def fold(self, values: Floats) -> Floats:
        """Sums over all, each class, each product, each site; shape (views,)."""
        by_stock = values.sum(axis=0)
        return np.concatenate([[values.sum()], values.sum(axis=1), *self.by_place(by_stock)])

    def fold_stock(self, values: Any, mean: bool = False) -> Floats:
        """Sums (or means) over stock points; nothing by class."""
        values = np.asarray(values, float)
        places = np.concatenate([[values.sum()], *self.by_place(values)])
        if mean:
            ones = np.ones(len(values))
            places /= np.concatenate([[ones.sum()], *self.by_place(ones)])
        return np.insert(places, 1, np.full(self.shape[0], np.nan))

    def by_place(self, values: Floats) -> tuple[Any, Any]:
        return (
            np.bincount(self.product, values, len(self.model.products)),
            np.bincount(self.site, values, len(self.model.sites)),
        )

    def each(self, lines: Any) -> Any:
        """Each of the lines once, in order; `np.unique` is slower."""
        named = np.zeros(len(self.time), bool)
        named[lines] = True
        return np.flatnonzero(named)

    # -- metrics ---------------------------------------------------------------------------

    def metrics(self) -> Metrics:
        with np.errstate(invalid="ignore", divide="ignore"):
            values = {**self.service(), **self.stock(), **self.replenishment()}
            values |= self.between_sites() | self.forecasting()
            values |= self.money()
        return Metrics(self.views, {name: values[name] for name in METRICS})

    def service(self) -> dict[str, Floats]:
        group = self.group[self.first :]
        start = np.searchsorted(self.log.later, self.first)
        later, rest = self.log.later[start:], self.log.rest[start:]
        rest_group = self.group[later]
        units = self.units[self.first :]
        ordered = self.total(group) if (units == 1).all() else self.total(group, units)
        missing = self.total(rest_group, rest["units"] - rest["filled"])
        cancelled = self.total(rest_group, np.where(rest["status"] == CANCELLED, rest["left"], 0))
        lost = self.total(rest_group, np.where(rest["status"] == LOST, rest["left"], 0))
        unshipped = self.total(rest_group, rest["units"] - rest["shipped"])
        self.remedies = Remedies(
            self.model, self.log, self.first, self.group, self.total, self.fold
        )
        self.missing, self.lost = missing - lost - self.remedies.at_once(), cancelled + lost
        self.shipped = ordered - unshipped
        all_ordered, all_shipped = self.fold(ordered), self.fold(self.shipped)
        moved = self.log.reroutes["line"]
        moved = moved[moved >= self.first]
        self.rerouted = self.total(self.group[moved], self.units[moved])
        waits = self.waits(all_shipped)
        orders, whole, due, on_time = self.orders(later, rest)
        self.conversation = Conversation(
            self.log, self.first, self.model.horizon, self.group, self.total, self.fold
        )
        by_class = waits.mean[1 : 1 + self.shape[0]]
        spread = (
            by_class.max() / by_class.min() if self.shape[0] > 1 and by_class.min() > 0 else np.nan
        )
        return {
            "fill_rate": 1.0 - self.fold(missing) / all_ordered,
            "order_fill_rate": whole / orders,
            "otif": on_time / due,
            "cancel_rate": self.fold(cancelled) / all_ordered,
            "lost_rate": self.fold(lost) / all_ordered,
            "rerouted_rate": self.only(self.reroutes, self.fold(self.rerouted) / all_ordered),
            "mean_wait": waits.mean,
            "backorder_age": waits.delayed_mean,
            **self.remedies.metrics(all_ordered, all_shipped, waits.mean),
            **self.conversation.metrics(orders, all_ordered),
            **{f"wait_p{p}": waits.percentiles[i] for i, p in enumerate(PERCENTILES)},
            "fairness": waits.gini,
            "wait_ratio": np.r_[spread, np.full(len(self.views) - 1, np.nan)],
            "orders_per_day": orders / self.days,
            "units_per_day": all_ordered / self.days,
            "shipped_per_day": all_shipped / self.days,
        }

    def waits(self, shipped: Floats) -> Waits:
        """Statistics of the waits of the units shipped, by view."""
        shipments = self.log.shipments
        lines = shipments["line"]
        if self.first:
            shipments = shipments.compress(lines >= self.first)
            lines = shipments["line"]
        wait = shipments["time"] - self.time[lines]
        group = self.group[lines]
        stock = group % self.shape[1]
        codes = (group // self.shape[1], self.product[stock], self.site[stock])
        sizes = (self.shape[0], len(self.model.products), len(self.model.sites))
        return wait_statistics(wait, shipments["units"], codes, sizes, shipped)

    def orders(self, later: Any, rest: Any) -> tuple[Floats, Floats, Floats, Floats]:
        """Orders, those filled whole at once, those due by the horizon, those of them on time.

        `later` are the lines not filled at once, `rest` their records.  By product an order counts
        where its first line stands.
        """
        late = self.remedies.late_lines(later, rest)
        due_time = self.log.column("due")
        heads: Any = slice(self.first, None)
        if self.log.single:
            not_whole = later
        else:
            head = self.log.column("head")
            heads = self.first + np.flatnonzero(
                head[self.first :] == np.arange(self.first, len(head))
            )
            not_whole, late = self.each(head[later]), self.each(head[late])
        orders = self.fold(self.total(self.group[heads]))
        filled = orders - self.fold(self.total(self.group[not_whole]))
        undue = self.group[heads][due_time[heads] > self.model.horizon]
        due = orders - self.fold(self.total(undue))
        late = late[due_time[late] <= self.model.horizon]
        return orders, filled, due, due - self.fold(self.total(self.group[late]))

    def stock(self) -> dict[str, Floats]:
        stocks = self.finished_stocks()
        days = self.days
        self.on_hand = (stocks["on_hand_days"] + stocks["reserved_days"]) / days
        net = stocks["net_days"] / days
        variance = np.maximum(stocks["net_squared_days"] / days - net**2, 0.0)
        self.backlog = self.waiting_days() / days
        return {
            "ready_rate": self.fold_stock(stocks["ready_days"] / days, mean=True),
            "clear_rate": self.fold_stock(stocks["clear_days"] / days, mean=True),
            "mean_on_hand": self.fold_stock(stocks["on_hand_days"] / days),
            "mean_reserved": self.fold_stock(stocks["reserved_days"] / days),
            "mean_on_order": self.fold_stock(stocks["on_order_days"] / days),
            "mean_net_stock": self.fold_stock(net),
            "sd_net_stock": self.fold_stock(np.sqrt(variance), mean=True),
            "mean_backlog": self.fold(self.backlog),
        }

    def finished_stocks(self) -> Any:
        """The stock points with their integrals brought up to the horizon."""
        stocks = self.log.stocks.copy()
        rest = self.model.horizon - np.maximum(stocks["since"], self.model.warm_up)
        net = stocks["on_hand"] - stocks["backlog"]
        stocks["on_hand_days"] += rest * stocks["on_hand"]
        stocks["reserved_days"] += rest * stocks["reserved"]
        stocks["on_order_days"] += rest * stocks["on_order"]
        stocks["ready_days"] += rest * (stocks["on_hand"] > 0)
        stocks["clear_days"] += rest * (stocks["backlog"] == 0)
        stocks["net_days"] += rest * net
        stocks["net_squared_days"] += rest * net**2
        return stocks

    def waiting_days(self) -> Floats:
        """Unit-days of waiting in [warm-up, horizon], shape (classes, stock points).

        Of units shipped late, units that left, and units that still wait.
        """
        start, end = self.model.warm_up, self.model.horizon
        shipments = self.log.shipments
        ordered = self.time[shipments["line"]]
        days = shipments["time"].clip(min=start) - ordered.clip(min=start)
        total = self.total(self.group[shipments["line"]], shipments["units"] * days)
        unshipped = self.log.rest["shipped"] != self.log.rest["units"]
        rest, group = self.log.rest.compress(unshipped), self.group[self.log.later[unshipped]]
        until = np.minimum(rest["closed"], end)
        days = until.clip(min=start) - rest["time"].clip(min=start)
        units = rest["units"] - rest["shipped"]
        return total + self.total(group, units * days)

    def between_sites(self) -> dict[str, Floats]:
        names = ("mean_in_transit", "mean_site_backlog", "site_fill_rate", "mean_site_wait")
        self.in_transit = np.zeros(self.shape[1])
        if not len(self.log.site_lines):
            return dict.fromkeys(names, np.full(len(self.views), np.nan))
        sums = between_sites(self.model, self.log)
        self.in_transit = sums.transit / self.days
        sent = self.fold_stock(sums.sent)
        found = (
            self.fold_stock(self.in_transit),
            self.fold_stock(sums.waiting / self.days),
            self.fold_stock(sums.at_once) / self.fold_stock(sums.units),
            self.fold_stock(sums.waited) / sent,
        )
        return dict(zip(names, found, strict=True))

    def replenishment(self) -> dict[str, Floats]:
        purchases = self.log.purchases
        placed = purchases.compress(purchases["placed"] >= self.model.warm_up)
        size = self.shape[1]
        sent = transfers_of(self.model, placed)
        units = placed["units"][sent]
        self.transferred = np.bincount(placed["stock"][sent], units, size) / self.days
        placed = placed.compress(~sent)
        whole = placed["part_of"] == NONE  # not the parts that a site ships one by one
        self.purchases = np.bincount(placed["stock"][whole], minlength=size) / self.days
        led = placed["stock"][whole & (placed["joined"] == NONE)]  # they lead, or are alone
        self.led = np.bincount(led, minlength=size) / self.days
        self.purchased = np.bincount(placed["stock"], placed["units"], size) / self.days
        count = self.fold_stock(self.purchases)
        return {
            "transferred_per_day": self.only(self.sends, self.fold_stock(self.transferred)),
            "purchases_per_day": count,
            "units_per_purchase": self.fold_stock(self.purchased) / count,
            **self.reactions(),
        }

    def reactions(self) -> dict[str, Floats]:
        self.reacted = found = reactions(self.model, self.log)
        nothing = np.full(len(self.views), np.nan)

        def per_day(sums: tuple[Floats, Floats] | None, which: int = 0) -> Floats:
            return nothing if sums is None else self.fold_stock(sums[which] / self.days)

        return {
            "expedited_per_day": per_day(found.expedited),
            "withdrawn_late_per_day": per_day(found.withdrawn),
            "emergency_per_day": per_day(found.emergency),
            "emergency_share": per_day(found.emergency, 1) / self.fold_stock(self.purchased),
        }

    def forecasting(self) -> dict[str, Floats]:
        """Errors of the forecasts; nan where nothing is forecast."""
        absolute, signed, demand = map(self.fold_stock, forecast_sums(self.model, self.log))
        demand = np.where(demand > 0, demand, np.nan)
        return {"forecast_error": absolute / demand, "forecast_bias": signed / demand}

    def money(self) -> dict[str, Floats]:
        s, cost = self.model.scenario, self.model.cost
        products = [s.products[name] for name in self.model.products]
        classes = list(s.customers.values())

        def of_stock(name: str) -> Floats:
            own = [(() if point.costs is None else (point.costs,)) for point in s.stock]
            owners = zip(own, self.product, strict=True)
            return np.array([cost(name, *first, products[p].costs) for first, p in owners])

        def of_class(name: str) -> Floats:
            rates: Floats = np.array(
                [[cost(name, c.costs, p.costs) for p in products] for c in classes]
            )
            return np.asarray(rates[:, self.product])

        notices, inquiries = self.conversation.notices_and_inquiries()
        broken, late = self.conversation.broken_and_late()
        stock = {
            "cost.holding": of_stock("holding") * self.on_hand,
            "cost.transit": of_stock("transit") * self.in_transit,
            "cost.ordering": of_stock("ordering") * self.led
            + of_stock("ordering_item") * self.purchases,
            "cost.transfer": of_stock("transfer") * self.transferred,
            "cost.purchase": of_stock("purchase") * self.purchased
            + surcharges(self.model, self.log) / self.days,
        }
        if self.reacted.expedited is not None:
            count, units = self.reacted.expedited
            spent = of_stock("expedite") * units + of_stock("expedite_purchase") * count
            stock["cost.expedite"] = spent / self.days
        service = {
            "cost.reroute": of_class("reroute") * self.rerouted / self.days,
            "cost.backorder_unit": of_class("backorder_unit") * self.missing / self.days,
            "cost.backorder_time": of_class("backorder_time") * self.backlog,
            "cost.lost_margin": of_class("lost_margin") * self.lost / self.days,
            "cost.express": of_class("express") * self.remedies.sums[0] / self.days,
            "cost.substitute": (
                of_class("substitute") * self.remedies.substituted + self.remedies.discounts()
            )
            / self.days,
            "cost.contact": (of_class("notice") * notices + of_class("inquiry") * inquiries)
            / self.days,
            "cost.goodwill": (of_class("broken_promise") * broken + of_class("late_day") * late)
            / self.days,
        }
        money = {"cost.expedite": np.full(len(self.views), np.nan)}
        money |= {name: self.fold_stock(v) for name, v in stock.items()}
        money |= {name: self.fold(v) for name, v in service.items()}
        total = self.fold_stock(sum(stock.values()) + sum(v.sum(axis=0) for v in service.values()))
        revenue = self.fold(
            (
                np.array([p.price for p in products])[self.product] * self.shipped
                + self.remedies.sales()
            )
            / self.days
        )
        money |= {"cost.total": total, "revenue": revenue}
        money["cost.transfer"] = self.only(self.sends, money["cost.transfer"])
        money["cost.reroute"] = self.only(self.reroutes, money["cost.reroute"])
        money["profit"] = revenue - total + money["cost.lost_margin"]
        return money
