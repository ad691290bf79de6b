"""A simulated run as the tables of an export: what an ERP would hold of it on its last day."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from backsim.api import Run
from backsim.results.moves import all_moves
from backsim.results.products_units import said
from backsim.scenario.counting.scenario import smallest_of
from backsim.scenario.schema.rule_use import RuleUse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIRST_DAY = datetime.date(2025, 1, 1)
"""Day 0 of a scenario that has no start."""
LEVELS = {"s_S": ("s", "S"), "can_order": ("s", "S")}
"""Rules whose levels a product master holds, and which parameters these are."""

Tables = dict[str, pd.DataFrame]


def tables_of(run: Run) -> Tables:
    """The tables of an export of a run, from its warm-up to its horizon; times are timestamps.

    Units lost at once are not in it, as no order is written.  Orders and purchases from before the
    first day are in it if they were open then.
    """
    model = run.model
    first = np.ceil(model.warm_up)
    start = pd.Timestamp(model.scenario.start or FIRST_DAY)

    def at(days: Any) -> Any:
        return start + pd.to_timedelta(np.round(np.asarray(days, float) * 86_400), unit="s")

    lines = _lines(run, first)
    number = 100_000 + lines["order"]
    place = (lines.groupby("order").cumcount() + 1) * 10
    product = lines["product"].astype(str)
    head = pd.DataFrame({"order": number, "line": place, "product": product})
    return {
        "lines": head.assign(
            units=lines["units"],
            price=product.map(_prices(run)),
            site=lines["site"].astype(str),
            customer_class=lines["class"].astype(str),
            ordered=at(lines["time"]),
            wanted=at(lines["due"]),
        ),
        "shipments": _shipments(run, head, first, at),
        "cancellations": _cancellations(run, head, first, at),
        "purchases": _purchases(run, first, at),
        "stock": _stock(run, first, at),
        "products": _products(run),
    }


def _prices(run: Run) -> dict[str, float]:
    """The price of each product's unit."""
    return {name: _of_unit(run, name, p.price) for name, p in run.model.scenario.products.items()}


def _of_unit(run: Run, product: str, price: float) -> float:
    """The price of a unit, of that of the smallest one, which a model counts in."""
    unit = smallest_of(run.model.scenario.products).get(product)
    return price if unit is None else price * unit.denominator / unit.numerator


def _lines(run: Run, first: float) -> pd.DataFrame:
    """The lines that the export knows: placed from the first day on, or open then."""
    lines = run.orders
    closed = lines["closed"].fillna(np.inf)
    lost = (lines["status"] == "lost") & (lines["shipped"] == 0)
    known: pd.DataFrame = lines[(closed >= first) & ~lost]
    return known


def _shipments(run: Run, head: pd.DataFrame, first: float, at: Any) -> pd.DataFrame:
    """What left at the moment of ordering, and what left later."""
    lines = run.orders.loc[head.index]
    once = lines[(lines["filled_at_once"] > 0) & (lines["time"] >= first)]
    later = run.log.shipments
    later = later[np.isin(later["line"], head.index) & (later["time"] >= first)]
    which = np.r_[once.index.to_numpy(), later["line"]]
    time = np.r_[once["time"].to_numpy(), later["time"]]
    units = np.r_[once["filled_at_once"].to_numpy(), _said(run, later["units"], later["line"])]
    order = np.argsort(time, kind="stable")
    found: pd.DataFrame = head.loc[which[order]].reset_index(drop=True)
    return found.assign(units=units[order], shipped=at(time[order]))


def _said(run: Run, units: Any, line: Any) -> Any:
    """Units of lines in the units of their products."""
    return said(run.model, units, run.log.column("stock")[line])


def _cancellations(run: Run, head: pd.DataFrame, first: float, at: Any) -> pd.DataFrame:
    which, time, units = run.log.gone
    units = _said(run, units, which)
    rows = np.flatnonzero(np.isin(which, head.index) & (time >= first))
    rows = rows[np.argsort(time[rows], kind="stable")]
    found: pd.DataFrame = head.loc[which[rows]].reset_index(drop=True)
    return found.assign(cancelled=at(time[rows]), units=units[rows], reason="too long")


def _purchases(run: Run, first: float, at: Any) -> pd.DataFrame:
    bought = run.purchases
    received = bought["arrives"].where(bought["status"] == "received")
    bought = bought[(received.isna() | (received >= first)) & (bought["units"] > 0)]
    received = received[bought.index]
    return pd.DataFrame(
        {
            "purchase": 500_000 + bought.index,
            "supplier": bought["supplier"].astype(str),
            "product": bought["product"].astype(str),
            "site": bought["site"].astype(str),
            "ordered": at(bought["placed"]),
            "units": bought["units"],
            "confirmed": at(bought["quoted"]) if bought["quoted"].notna().any() else pd.NaT,
            "received": at(received),
        }
    )


def _stock(run: Run, first: float, at: Any) -> pd.DataFrame:
    """Units on hand at the ends of months of 30 days, from what came and what left."""
    model, log = run.model, run.log
    days = np.arange(first - 1, model.horizon, 30.0)
    change = np.zeros((len(model.stock_points), len(days) + 1), np.int64)
    for move in all_moves(log):
        slot = np.searchsorted(days + 1, move.time, "right")
        np.add.at(change, (move.stock, slot), move.units)
    on_hand = log.stocks["initial"][:, None] + np.cumsum(change[:, :-1], axis=1)
    stocks = len(model.stock_points)
    names = np.array([product for product, _ in model.stock_points])
    sites = np.array([site for _, site in model.stock_points])
    return pd.DataFrame(
        {
            "day": np.repeat(at(days), stocks),
            "site": np.tile(sites, len(days)),
            "product": np.tile(names, len(days)),
            "units": said(model, on_hand.T.ravel(), np.tile(np.arange(stocks), len(days))),
        }
    )


def _products(run: Run) -> pd.DataFrame:
    """The product master: a row per product and site."""
    model, prices = run.model, _prices(run)
    rows = []
    for i, (point, cost) in enumerate(
        zip(model.scenario.stock, model.costs["purchase"], strict=True)
    ):
        name, levels = point.products[0], _levels(point.reorder)
        rows.append(
            {
                "product": name,
                "site": point.sites[0],
                "price": prices[name] or None,
                "cost": _of_unit(run, name, float(cost)) or None,
                "multiple": said(model, point.multiple, i),
                **{column: said(model, units, i) for column, units in levels.items()},
            }
        )
    return pd.DataFrame(rows)


def _levels(use: RuleUse | None) -> dict[str, Any]:
    if use is None or use.rule not in LEVELS:
        return {"reorder_point": np.nan, "up_to": np.nan}
    low, high = LEVELS[use.rule]
    return {"reorder_point": use.params[low], "up_to": use.params[high]}
