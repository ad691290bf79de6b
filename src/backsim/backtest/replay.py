"""Models that are told part of what happened: the demand of the held-out days, and the receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backsim.data.fit.byday import on_hand
from backsim.data.history import History
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

DEMAND, RECEIPTS = "true demand", "true demand and receipts"
"""What a replay is told."""
MOST_LINES = 200_000
"""Order lines up to which a history is replayed: each is written out in the scenario."""


def replays(
    history: History, values: Mapping[str, Any], start: float, days: float
) -> Iterator[tuple[str, Model]]:
    """(what it is told, model) of each replay that the history allows, from a day `start` on."""
    lines = history.lines
    inside = (lines.time >= start) & (lines.time < start + days)
    if not 0 < inside.sum() <= MOST_LINES:
        return
    told = _with_demand(history, values, start, np.flatnonzero(inside))
    yield DEMAND, from_dict(told)
    known = on_hand(history)
    at = int(start)
    if known is not None and not np.isnan(known[:, at]).all():
        yield RECEIPTS, from_dict(_with_receipts(history, told, np.nan_to_num(known[:, at]), start))


def _with_demand(
    history: History, values: Mapping[str, Any], start: float, rows: Any
) -> dict[str, Any]:
    """The scenario whose customers order what was ordered."""
    lines = history.lines
    ordered = history.ordered
    orders: dict[tuple[int, int], dict[str, Any]] = {}
    for i in rows.tolist():
        key = int(lines.order[i]), int(lines.site[i])
        one = orders.setdefault(
            key,
            {
                "time": float(ordered[i] - start),
                "site": history.sites[lines.site[i]],
                "lines": {},
                "class": int(lines.customer_class[i]),
            },
        )
        name = history.products[lines.product[i]]
        one["lines"][name] = one["lines"].get(name, 0) + max(1, round(lines.units[i]))
    customers = {}
    for name, said in values["customers"].items():
        code = history.classes.index(name) if name in history.classes else -1
        mine = [
            {k: v for k, v in one.items() if k != "class"}
            for one in orders.values()
            if one["class"] == code
        ]
        if mine:
            customers[name] = {**said, "demand": {"orders": mine}}
    return {**values, "customers": customers}


def _with_receipts(
    history: History, values: Mapping[str, Any], stock: Any, start: float
) -> dict[str, Any]:
    """The scenario that begins with the stock of the day, orders nothing and receives what came."""
    came, later = history.came, history.receipt_delay
    points: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for i in np.flatnonzero(came.time + later >= start).tolist():
        if came.units[i] >= 0.5:
            arrival = {
                "units": round(came.units[i]),
                "arrives": float(came.time[i] + later - start),
            }
            points.setdefault((int(came.product[i]), int(came.site[i])), []).append(arrival)
    kept = [{k: v for k, v in one.items() if k != "reorder"} for one in values["stock"]]
    sites = len(history.sites)
    own = [
        {
            "products": history.products[row // sites],
            "sites": history.sites[row % sites],
            "initial": max(0, round(float(units))),
            "inbound": points.get((row // sites, row % sites), []),
        }
        for row, units in enumerate(stock.tolist())
    ]
    policy = {**values["policy"], "reorder": {"rule": "none"}}
    return {**values, "policy": policy, "stock": [*kept, *own]}
