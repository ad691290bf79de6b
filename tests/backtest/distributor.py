"""The truth of a distributor's export as a scenario, so that it can have many histories."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "client_export"
OFFICE = "monday_to_friday"
RENAMED = {"470091": "890007-A"}
"""An item that has another number from some day on, by which the export knows it."""
STEP = 0.01
"""Days by which lead times are added up."""


def truth() -> dict[str, Any]:
    """What the maker of the export wrote down."""
    found: dict[str, Any] = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))
    return found


def scenario(told: dict[str, Any], counted_from: str) -> dict[str, Any]:
    """A scenario whose counted days are those from a date to the end of the export.

    Days as the maker's: receipts in the morning and purchases in the evening of working days.  The
    few cancellations that have nothing to do with waiting are left out.
    """
    first = _day(told["window"][0]) - datetime.timedelta(days=told["burn_in_days"])
    items = told["items"]
    return {
        "start": first.isoformat(),
        "warm_up": (_day(counted_from) - first).days,
        "horizon": (_day(told["window"][1]) - first).days + 1,
        "calendars": {OFFICE: {}},
        "products": {
            _name(item): {
                "group": item["kind"],
                "pack": item["pack"] * _intermittent(item),
                "price": item["price"],
                "costs": {"purchase": item["cost"]},
            }
            for item in items
        },
        "sites": {site: {"receiving": OFFICE, "shipping": OFFICE} for site in told["sites"]},
        "suppliers": {name: _supplier(of, first) for name, of in sorted(told["suppliers"].items())},
        "customers": {of["name"]: _customers(told, key) for key, of in told["classes"].items()},
        "policy": {"review": {"dates": ["tuesday", "wednesday", "thursday", "friday", "saturday"]}},
        "stock": [
            {
                "products": _name(item),
                "sites": site,
                "supplier": item["sup"],
                "multiple": item["pack"],
                "reorder": {"rule": "s_S", "s": item["s"][site], "S": item["S"][site]},
            }
            for item in items
            for site in told["sites"]
        ],
    }


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _name(item: dict[str, Any]) -> str:
    return RENAMED.get(str(item["id"]), str(item["id"]))


def _intermittent(item: dict[str, Any]) -> int:
    return 3 if item["kind"] == "intermittent" else 1


def _supplier(of: dict[str, Any], first: datetime.date) -> dict[str, Any]:
    """From the midnight after a purchase to the morning after its arrival: whole days."""
    days = np.arange(0, 400, STEP)
    density = _gamma(of["mean"], of["cv"]).pdf(days + STEP / 2) * STEP
    if "late" in of:
        late = _gamma(of["late_mean"], of["late_cv"]).pdf(days + STEP / 2) * STEP
        both = np.convolve(density, late)[: len(days)]
        density = (1 - of["late"]) * density + of["late"] * both
    weights = np.bincount((days + STEP / 2).astype(int), density)
    kept = np.flatnonzero(weights > 1e-6)
    law = {"values": kept.tolist(), "weights": weights[kept].tolist()}
    found: dict[str, Any] = {"lead_time": {"discrete": law}}
    if "down" in of:
        starts, ends = map(_day, of["down"])
        outage = {"starts": (starts - first).days, "days": (ends - starts).days}
        found["disruptions"] = {"planned": [outage]}
    return found


def _gamma(mean: float, cv: float) -> Any:
    return stats.gamma(1 / cv**2, scale=mean * cv**2)


def _customers(told: dict[str, Any], key: str) -> dict[str, Any]:
    of, items = told["classes"][key], told["items"]
    shape, scale = of["pat"]
    packs = {i["id"]: i["pack"] * _intermittent(i) for i in items}
    mix = {_name(i): sum(i["mean_units_per_day"].values()) / packs[i["id"]] for i in items}
    lines = np.arange(1, 12)
    return {
        "tolerance": {"weibull": {"shape": shape, "mean": scale * math.gamma(1 + 1 / shape)}},
        "due_in": of["due"],
        "shipment": of["ship"],
        "returns": {"share": 0.0075, "after": {"uniform": {"low": 4, "high": 21}}, "refund": 0},
        "demand": {
            "arrivals": {"poisson": {"rate": of["rate"]}},
            "pattern": {"weekdays": told["weekday_factors"][key], "months": told["month_factors"]},
            "lines": _discrete(lines, stats.poisson(of["lines"]).pmf(lines - 1)),
            "size": _packs(of["size"]),
            "sites": told["sites"],
            "products": mix,
        },
    }


def _packs(size: list[Any]) -> dict[str, Any]:
    """Geometric, or one and a negative binomial of mean 4."""
    if size[0] == "geo":
        return {"geometric": {"mean": size[1]}}
    mean, n = size[1] - 1, size[2]
    values = np.arange(1, 120)
    return _discrete(values, stats.nbinom(n, n / (n + mean)).pmf(values - 1))


def _discrete(values: Any, weights: Any) -> dict[str, Any]:
    return {"discrete": {"values": values.tolist(), "weights": weights.tolist()}}
