"""All estimates of a history, and how the history was served."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backsim.data.cleaning import clean
from backsim.data.clocks import on_one_clock
from backsim.data.fit.calendars import Calendars, WorkDays, calendars_in_use
from backsim.data.fit.demand import (
    ClassDemand,
    ProductDemand,
    demand_by_class,
    demand_by_product,
    packs,
    same_mix,
)
from backsim.data.fit.patience import Patience, patience_by_class
from backsim.data.fit.policy import PolicyInUse, policy_in_use
from backsim.data.fit.priority import Priority, priority_in_use
from backsim.data.fit.shipping import Shipping, shipping_by_class
from backsim.data.fit.stockouts import StockOuts, stock_outs
from backsim.data.fit.supply import LeadTime, lead_times
from backsim.data.fit.withinday import in_order
from backsim.data.history import History
from backsim.data.mapping import Mapping, checked, load_mapping
from backsim.data.reading import read_export
from backsim.data.systems import MAPPING, guess
from backsim.errors import InputError
from backsim.scenario.yamlfile import Document

ASSUMED_LEAD_TIME = 14.0
"""Days of a supplier of whom no purchase has arrived; also in his levels."""


MUCH = 2.0
"""By how much sizes of lines have to differ between products to be told."""


@dataclass(frozen=True, slots=True)
class Service:
    """How a class, or all, was served in the history; nan: not known.

    Rates are of the lines whose fate is known.
    """

    name: str
    lines: int
    units: float
    fill_rate: float
    cancel_rate: float
    mean_wait: float
    """Days per unit that was shipped, those at once included."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A history and all that was estimated from it."""

    mapping: Mapping
    history: History
    classes: list[ClassDemand]
    products: ProductDemand
    one_mix: bool
    stock_outs: StockOuts
    lead_times: list[LeadTime]
    patience: list[Patience]
    calendars: Calendars
    policy: PolicyInUse
    priority: Priority
    shipping: list[Shipping]
    service: list[Service]
    guesses: tuple[str, ...] = ()

    @property
    def assumptions(self) -> list[str]:
        """What the scenario needs and the export does not tell, in words."""
        return [
            f"{one.name}: no purchase has arrived, so a lead time of {ASSUMED_LEAD_TIME:g} days is "
            f"ASSUMED: write the right one into scenario.yaml (suppliers.{one.name}.lead_time)"
            for one in self.lead_times
            if one.fit is None
        ] + [
            say(demand)
            for demand in self.classes
            for say, found in (
                (self._of_trend, demand.pattern.trend),
                (_of_sizes, demand.unlike[1] > MUCH * demand.unlike[0]),
            )
            if found
        ]

    def _of_trend(self, demand: ClassDemand) -> str:
        growth = demand.pattern.trend * self.history.days
        now = (1 + growth) / (1 + growth / 2)
        return (
            f"{demand.name}: orders {'rise' if growth > 0 else 'fall'} over the history, and the "
            f"scenario has its mean rate: on the last day there are {now:.2f} times as many orders "
            f"({demand.rate.value * now:.4g} per day)"
        )


def _of_sizes(demand: ClassDemand) -> str:
    low, high = demand.unlike
    return (
        f"{demand.name}: lines of some products have {low:.2g} times the mean size, of others "
        f"{high:.2g} times, and the scenario draws all from one distribution: each has its units "
        "per day, but small lines come more rarely and larger than they are, so that the fill rate "
        "of their products is likely to be too low"
    )


def read_mapping(path: Path) -> tuple[Mapping, Path, tuple[str, ...]]:
    """(mapping, folder of its files, what was guessed).

    `path` is a mapping file, a folder with one (`mapping.yaml`), or a folder of which the mapping
    is guessed.  Raises InputError, FileError.
    """
    if path.is_dir():
        if (path / MAPPING).is_file():
            return load_mapping(path / MAPPING), path, ()
        found = guess(path)
        made = checked(Document(f"{path} (guessed)", {"tables": found.tables}))
        return made, path, tuple(found.notes)
    if not path.is_file():
        raise InputError(f"{path}: expected a folder with an export, or a mapping file (YAML)")
    return load_mapping(path), path.parent, ()


def calibrate(path: Path) -> Calibration:
    """Read, clean and fit an export.

    Raises InputError; a TableError lists all faults that were found, with file and row.
    """
    mapping, folder, guesses = read_mapping(path)
    return fit(mapping, history_of(mapping, folder), guesses)


def history_of(mapping: Mapping, folder: Path) -> History:
    """An export as a history, cleaned, its events in order within each day."""
    tables = read_export(mapping, folder)
    on_one_clock(tables)
    return in_order(clean(mapping, tables), mapping)


def fit(mapping: Mapping, history: History, guesses: tuple[str, ...] = ()) -> Calibration:
    """All estimates of a history."""
    pack, outs = packs(history), stock_outs(history)
    weights, calendars = outs.weights(history), calendars_in_use(history, mapping.country)
    return Calibration(
        mapping=mapping,
        history=history,
        classes=demand_by_class(history, pack, weights),
        products=demand_by_product(history, pack, weights),
        one_mix=same_mix(history),
        stock_outs=outs,
        lead_times=lead_times(history, calendars),
        patience=patience_by_class(history),
        calendars=calendars,
        policy=policy_in_use(history, calendars),
        priority=priority_in_use(history),
        shipping=shipping_by_class(history),
        service=served(history),
        guesses=guesses,
    )


def served(history: History) -> list[Service]:
    """How each class was served, then all."""
    lines = history.lines
    groups = [(name, lines.customer_class == i) for i, name in enumerate(history.classes)]
    if len(groups) > 1:
        groups.append(("all", np.ones(len(lines), bool)))
    found = []
    for name, mine in groups:
        known = mine & lines.known
        units = float(lines.units[known].sum()) if known.any() else math.nan
        total = float(lines.shipped[known].sum())
        found.append(
            Service(
                name,
                int(mine.sum()),
                float(lines.units[mine].sum()),
                float(lines.at_once[known].sum()) / units,
                float((lines.cancelled_units * lines.waiting)[known].sum()) / units,
                float(lines.waited[known].sum()) / total if total else math.nan,
            )
        )
    return found


def to_dict(found: Calibration) -> dict[str, Any]:
    """The estimates as plain values: [value, low, high] with the 95 % interval."""
    history, products = found.history, found.products
    return {
        "first": history.first.isoformat(),
        "last": history.last.isoformat(),
        "rows": {
            r.table: {"file": r.file, "read": r.read, "used": r.used, "dropped": r.dropped}
            for r in history.rows
        },
        "notes": [*found.guesses, *history.notes, *found.assumptions],
        "within_day": {
            "purchases_placed": history.within_day.placed,
            "receipts": history.within_day.received,
        },
        "weekdays": {
            "purchases_placed": found.calendars.reviews.weekdays,
            "receipts": _weekdays(found.calendars.receiving, history.sites),
            "shipments": _weekdays(found.calendars.shipping, history.sites),
        },
        "service": _service(found.service),
        "classes": _classes(found.classes, found.shipping),
        "patience": _patience(found.patience),
        "suppliers": _suppliers(found.lead_times, history.products),
        "priority": {
            "rule": found.priority.rule,
            "pairs": found.priority.pairs,
            "explained": found.priority.explained,
        },
        "products": {
            name: {
                "lines": int(products.lines[i]),
                "units_per_day": products.units_per_day[i].to_list(),
                "kind": products.kind[i],
                "pack": int(products.pack[i]),
            }
            for i, name in enumerate(history.products)
        },
    }


def _weekdays(days: Sequence[WorkDays], sites: Sequence[str]) -> dict[str, Any]:
    return {site: of.weekdays for site, of in zip(sites, days, strict=True)}


def _service(found: list[Service]) -> dict[str, Any]:
    return {
        s.name: {
            "lines": s.lines,
            "units": s.units,
            **{
                name: None if math.isnan(value := getattr(s, name)) else value
                for name in ("fill_rate", "cancel_rate", "mean_wait")
            },
        }
        for s in found
    }


def _classes(found: list[ClassDemand], shipping: list[Shipping]) -> dict[str, Any]:
    return {
        c.name: {
            "orders": c.orders,
            "orders_per_day": c.rate.to_list(),
            "lines_per_order": c.mean_lines,
            "packs_per_line": c.mean_size.to_list(),
            "size": c.size,
            "weekdays": c.pattern.weekdays,
            "months": c.pattern.months,
            "trend_per_day": c.pattern.trend,
            "dispersion": c.pattern.dispersion,
            "shipment": ships.shipment,
        }
        for c, ships in zip(found, shipping, strict=True)
    }


def _patience(found: list[Patience]) -> dict[str, Any]:
    return {
        p.name: {
            "waited": p.waited,
            "cancelled": p.cancelled,
            "cancelled_for_other_reasons": p.apart,
            **({} if p.fit is None else _law(p.fit, p.fits)),
        }
        for p in found
    }


def _suppliers(found: list[LeadTime], products: Sequence[str]) -> dict[str, Any]:
    return {
        s.name: {
            "purchases": s.purchases,
            "open": s.open,
            "pooled": s.pooled,
            **({} if s.fit is None else _law(s.fit, s.fits)),
            "mean_of_completed": None if math.isnan(s.completed_mean) else s.completed_mean,
            "working_days": None if s.works is None else s.works.weekdays,
            "mean_days_to_receipt": s.mean_days,
            "crossing": s.crossing,
            "overtakings": {"seen": s.order.seen, "by_chance": s.order.by_chance},
            "outages": [[o.starts, o.ends] for o in s.outages],
            "late_share": None if math.isnan(s.late.share) else s.late.share,
            "mean_days_late": s.late.days,
            "in_parts": {"share": s.parts.share, "days_between": s.parts.days},
            "factors_of_items": {}
            if s.items is None
            else {
                products[i]: float(f"{f:.4g}")
                for i, f in zip(s.items.items.tolist(), s.items.factors.tolist(), strict=True)
            },
        }
        for s in found
    }


def _law(fit: Any, fits: list[Any]) -> dict[str, Any]:
    return {
        "law": fit.to_file(),
        "mean": fit.mean.to_list(),
        "sd": fit.sd.to_list(),
        "aic": {one.law: one.aic for one in fits if math.isfinite(one.aic)},
    }
