"""Results in the units of products that are counted in smaller ones (`scenario.counting`).

A log counts each product in its own smallest unit.  What adds up products, or divides by their sum,
needs one that all are multiples of; what is said of one product is said in its unit.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import reduce
from math import gcd, lcm
from typing import TYPE_CHECKING, Any, get_type_hints

import numpy as np

from backsim.engines.log import LOGGED, Log
from backsim.entities import NONE
from backsim.entities.world import ELEMENTS
from backsim.quantities import Unit
from backsim.scenario.counting.scenario import smallest_of
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Records = NDArray[Any]

POWERS = {"units": 1, "units x days": 1, "units²": 2, "units² x days": 2}
"""Of the number of common units in a smallest unit, by which fields of a log are multiplied."""


def common_units(model: Model, log: Log) -> tuple[Log, float]:
    """A log that counts all products in one unit, and how many units of a product that is.

    The log itself where all products have the same smallest unit.
    """
    smallest = smallest_of(model.scenario.products)
    if not smallest:
        return log, 1.0
    each = [smallest.get(name, Fraction(1)) for name in model.products]
    common = _common(each)
    factors = np.array([int(one / common) for one in each])
    if (factors == 1).all():
        return log, float(common)
    by_stock = factors[log.stocks["product"]]
    tables: dict[str, Any] = {
        name: _multiplied(name, getattr(log, name), by_stock[stock])
        for name, stock in _stock_points(log).items()
    }
    return replace(log, tape=None, **tables), float(common)


def said(model: Model, values: Any, stock: Any) -> Any:
    """Quantities in smallest units as units of the products, by the number of the stock point."""
    smallest = smallest_of(model.scenario.products)
    if not smallest:
        return values
    each = [smallest.get(product, Fraction(1)) for product, _ in model.stock_points]
    above, below = (
        np.array(part, float) for part in zip(*(f.as_integer_ratio() for f in each), strict=True)
    )
    return values * above[stock] / below[stock]


def _common(each: list[Fraction]) -> Fraction:
    """The largest number of which all are multiples."""
    above, below = zip(*(one.as_integer_ratio() for one in each), strict=True)
    whole = lcm(*below)
    return Fraction(
        reduce(gcd, (a * (whole // b) for a, b in zip(above, below, strict=True))), whole
    )


def _stock_points(log: Log) -> dict[str, Any]:
    """For each table that counts units the stock point of each row."""
    lines = np.r_[log.lines["stock"], log.site_lines["stock"]]
    found = {name: getattr(log, name)["stock"] for name in _with_stock(log)}
    found["stocks"] = log.stocks["index"]
    found["deliveries"] = log.purchases["stock"][: len(log.deliveries)]
    found |= {name: lines[getattr(log, name)["line"]] for name in ("shipments", "reallocations")}
    owner = np.zeros(len(log.observations), np.int64)
    own = log.stocks["forecast_row"]
    for row in sorted(log.forecasts[own[own != NONE]], key=lambda row: int(row["observed_at"])):
        owner[row["observed_at"] :] = row["stock"]
    return found | {"observations": owner}


def _with_stock(log: Log) -> list[str]:
    return [
        name
        for name in (*LOGGED, "site_lines")
        if "stock" in (getattr(log, name).dtype.names or ()) and _fields_of(name)
    ]


def _fields_of(table: str) -> dict[str, int]:
    """The fields of a table's records that count units, with the power of the factor."""
    hints = get_type_hints(
        ELEMENTS["lines" if table == "site_lines" else table], include_extras=True
    )
    units = {n: next(m for m in h.__metadata__ if isinstance(m, Unit)) for n, h in hints.items()}
    return {name: POWERS[unit.name] for name, unit in units.items() if unit.name in POWERS}


def _multiplied(name: str, records: Records, factors: Any) -> Records:
    """Records whose fields that count units are multiplied; wider where need be."""
    powers = _fields_of(name)
    values = {field: records[field] * factors.astype(np.int64) ** p for field, p in powers.items()}
    kinds = [
        (field, _kind_for(values[field], kind) if field in values else kind)
        for field, (kind, *_) in (records.dtype.fields or {}).items()
    ]
    found = np.empty(len(records), kinds)
    for field, _ in kinds:
        found[field] = values.get(field, records[field])
    return found


def _kind_for(values: Any, kind: Any) -> Any:
    fits = kind.kind == "f" or not len(values) or np.abs(values).max() <= np.iinfo(kind).max
    return kind if fits else values.dtype
