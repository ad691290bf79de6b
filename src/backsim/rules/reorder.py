"""Reorder rules: when and how much to order."""

from __future__ import annotations

import math

from backsim.quantities import (
    Days,
    Level,
    PositiveDays,
    PositiveUnits,
    SafetyFactor,
    WholeLevel,
)
from backsim.rules.families import reorder
from backsim.rules.registry import above, once


@reorder
def none() -> int:
    """Never order; only purchases already in transit arrive."""
    return 0


@reorder
def constant_order(Q: PositiveUnits) -> int:
    """Order Q units at every review, whatever the stock is.

    With lost sales it is close to optimal when lead times are long; with an emergency source it
    is the tailored base-surge policy.  Source: Reiman (2004); Allon and Van Mieghem, Management
    Science 56 (2010) 110-124; Xin and Goldberg, Operations Research 64 (2016) 1556-1565.
    """
    return int(Q)


@reorder
def base_stock(position: int, S: WholeLevel) -> int:
    """Order up to the level S whenever the position is below it.

    Source: Zipkin, Foundations of Inventory Management (2000), section 6.2.
    """
    return S - position


@reorder
def capped_base_stock(position: int, S: WholeLevel, cap: PositiveUnits) -> int:
    """Order up to the level S, in purchases of at most `cap` units.

    Under periodic review one purchase per review: `cap` is then a capacity per period.
    Source: Federgruen and Zipkin, Mathematics of Operations Research 11 (1986) 193-207.
    """
    return min(S - position, int(cap))


@reorder
@above("S", "s")
def s_S(position: int, s: WholeLevel, S: WholeLevel) -> int:
    """Order up to S when the inventory position is at or below s.

    Source: Scarf, "The optimality of (S, s) policies in the dynamic inventory problem" (1960).
    """
    return S - position if position <= s else 0


@reorder
@above("S", "s")
def capped_s_S(position: int, s: WholeLevel, S: WholeLevel, cap: PositiveUnits) -> int:
    """Order up to S when the position is at or below s, in purchases of at most `cap` units.

    With lost sales and a fixed cost it is close to optimal.
    Source: Bijvank, Bhulai and Huh, European Journal of Operational Research 241 (2015) 381-390.
    """
    return min(S - position, int(cap)) if position <= s else 0


@reorder
def r_nQ(position: int, r: WholeLevel, Q: PositiveUnits) -> int:
    """When the position is at or below r, order the least multiple of Q that brings it above r.

    Source: Zheng and Chen, Naval Research Logistics 39 (1992) 707-728.
    """
    return (int((r - position) // Q) + 1) * int(Q) if position <= r else 0


@reorder
@once
def r_Q(position: int, r: WholeLevel, Q: PositiveUnits) -> int:
    """When the position is at or below r, order exactly one lot of Q, even if that is too little.

    The next lot is ordered at the next review, or after the next demand.
    Source: Hadley and Whitin, Analysis of Inventory Systems (1963), section 4-1.
    """
    return int(Q) if position <= r else 0


@reorder
@above("S", "c")
@above("S", "s")
def can_order(position: int, joint: int, s: WholeLevel, c: WholeLevel, S: WholeLevel) -> int:
    """Order up to S at or below s; when another product's order goes out, already at or below c.

    That is, products at one site from one supplier with this rule order together, and `ordering`
    is paid once.  Source: Balintfy, Management Science 10 (1964) 287-297; Federgruen, Groenevelt
    and Tijms, Management Science 30 (1984) 344-357.
    """
    return S - position if position <= (c if joint else s) else 0


@reorder
def echelon_base_stock(echelon_position: int, S: WholeLevel) -> int:
    """Order up to the level S for the whole echelon: here and at all sites supplied.

    Source: Clark and Scarf, Management Science 6 (1960) 475-490.
    """
    return S - echelon_position


@reorder
def echelon_r_nQ(echelon_position: int, r: WholeLevel, Q: PositiveUnits) -> int:
    """When the echelon's position is at or below r, order the least multiple of Q above it.

    Source: Chen and Zheng, Operations Research 42 (1994) 449-458.
    """
    return (int((r - echelon_position) // Q) + 1) * int(Q) if echelon_position <= r else 0


@reorder
def forecast_base_stock(
    position: int,
    forecast_mean: float,
    forecast_variance: float,
    lead_time: float,
    cover: Days = 0.0,
    z: SafetyFactor = 0.0,
    safety_stock: Level = 0.0,
) -> int:
    """Order up to the demand forecast over lead time and `cover` days, and a safety stock.

    The safety stock is `z` standard deviations of the forecast's error over that time, and
    `safety_stock` units; `cover` is as a rule the time between reviews.
    Source: Chen, Drezner, Ryan and Simchi-Levi, Management Science 46 (2000) 436-443.
    """
    days = lead_time + cover
    safety = _safety(z, forecast_variance, days) + safety_stock
    return _up_to(forecast_mean * days + safety, position)


@reorder
def forecast_s_S(
    position: int,
    forecast_mean: float,
    forecast_variance: float,
    lead_time: float,
    order_days: PositiveDays,
    cover: Days = 0.0,
    z: SafetyFactor = 0.0,
    safety_stock: Level = 0.0,
) -> int:
    """Order `order_days` of forecast demand above s, when the position is at or below s.

    s is as in `forecast_base_stock`, from `cover`, `z` and `safety_stock`.
    Source: Silver, Pyke and Thomas (2017), section 6.7.
    """
    s = forecast_mean * (lead_time + cover) + safety_stock
    s = _without_rounding(s + _safety(z, forecast_variance, lead_time + cover))
    return _up_to(s + forecast_mean * order_days, position) if position <= s else 0


def _safety(z: float, variance: float, days: float) -> float:
    """`z` standard deviations of the error over some days, errors taken to be independent."""
    return z * math.sqrt(variance * days)


def _up_to(level: float, position: int) -> int:
    """Units up to a level, which is rounded up."""
    return math.ceil(_without_rounding(level)) - position


LEVELS = 6755399441055744.0 / 2.0**20
"""A number of up to 2^31 is rounded to whole multiples of 2^-20 by adding it."""


def _without_rounding(level: float) -> float:
    """A level without what rounding adds: 3 x 0.1 units a day are 0.3, and in another unit too."""
    return level + LEVELS - LEVELS
