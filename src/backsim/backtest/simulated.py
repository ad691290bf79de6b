"""A simulated run as the tables of an export: what an ERP would hold of it on its last day."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from backsim.api import Run
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
            price=product.map({n: p.price for n, p in model.scenario.products.items()}),
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
    units = np.r_[once["filled_at_once"].to_numpy(), later["units"]]
    order = np.argsort(time, kind="stable")
    found: pd.DataFrame = head.loc[which[order]].reset_index(drop=True)
    return found.assign(units=units[order], shipped=at(time[order]))


def _cancellations(run: Run, head: pd.DataFrame, first: float, at: Any) -> pd.DataFrame:
    which, time, units = run.log.gone
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
    stocks = len(model.stock_points)
    moves: list[tuple[Any, Any, Any]] = []
    received, sound = log.receipts
    moves.append((received["stock"], received["arrives"], sound))
    lines = log.lines
    moves.append((lines["stock"], lines["time"], -lines["filled"].astype(float)))
    moves.append(
        (
            lines["stock"][log.shipments["line"]],
            log.shipments["time"],
            -1.0 * log.shipments["units"],
        )
    )
    back, lots = log.returns, log.lots
    moves.append((back["stock"], back["time"], back["restocked"] + 1.0 * back["repaired"]))
    moves.append((lots["stock"], lots["expires"], -1.0 * lots["expired"]))
    stock = np.concatenate([m[0] for m in moves])
    time = np.concatenate([m[1] for m in moves])
    units = np.concatenate([m[2] for m in moves])
    slot = np.searchsorted(days + 1, time, "right")
    change = np.zeros((stocks, len(days) + 1))
    np.add.at(change, (stock, slot), units)
    on_hand = log.stocks["initial"][:, None] + np.cumsum(change[:, :-1], axis=1)
    names = np.array([product for product, _ in model.stock_points])
    sites = np.array([site for _, site in model.stock_points])
    return pd.DataFrame(
        {
            "day": np.repeat(at(days), stocks),
            "site": np.tile(sites, len(days)),
            "product": np.tile(names, len(days)),
            "units": on_hand.T.ravel(),
        }
    )


def _products(run: Run) -> pd.DataFrame:
    """The product master: a row per product and site."""
    scenario = run.model.scenario
    rows = []
    for point in scenario.stock:
        name, use = point.products[0], point.reorder
        product = scenario.products[name]
        rows.append(
            {
                "product": name,
                "site": point.sites[0],
                "price": product.price or None,
                "cost": product.costs.purchase,
                "multiple": point.multiple,
                **_levels(use),
            }
        )
    return pd.DataFrame(rows)


def _levels(use: RuleUse | None) -> dict[str, Any]:
    if use is None or use.rule not in LEVELS:
        return {"reorder_point": None, "up_to": None}
    low, high = LEVELS[use.rule]
    return {"reorder_point": use.params[low], "up_to": use.params[high]}
