"""Levels of every stock point: today's, and those that keep the service with the least stock."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.data.calibrate import Calibration
from backsim.data.fit.theory import Planned
from backsim.data.history import in_steps, usual_supplier
from backsim.present.numbers import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

COVER = 14
"""Days of demand that an order is for, where no levels are known."""
TRIED = 120
"""Reorder points that are tried for each stock point."""
DEVIATIONS = 5.0
"""Standard deviations of the demand over a lead time up to which they are tried."""
DROP = 0.10
"""By how much the fill rate of a stock point may fall, at most."""
CLOSE = 0.01
"""Difference of two fill rates that is not worth a word."""


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """By product and site: levels (s, S), and what they do by `fit.theory`; nan: not known."""

    low: Floats
    high: Floats
    fill: Floats
    value: Floats
    """Of the mean stock on hand."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Today's levels, and those that serve as many units of each group with the least stock."""

    today: Levels
    origin: tuple[tuple[str, ...], ...]
    """Where today's are from: master, purchases, none."""
    proposed: Levels
    reason: tuple[tuple[str, ...], ...]
    lead_time: Floats
    """Mean days, as fitted."""


def levels_of(found: Calibration) -> dict[tuple[int, int], tuple[float, float, str]]:
    """(s, S, where they are from) by product and site; nan: not known."""
    masters, policy = found.history.masters, found.policy
    made = {}
    for i in range(len(found.history.products)):
        for j in range(len(found.history.sites)):
            low, high = masters.reorder_point[i, j], masters.up_to[i, j]
            if math.isnan(high):
                high = low + policy.lot[i, j]
            origin = "master"
            if math.isnan(low) or math.isnan(high) or high <= low:
                low, high, origin = policy.trigger[i, j], policy.top[i, j], "purchases"
            if not high > low:
                low, high, origin = math.nan, math.nan, "none"
            step = found.history.smallest[i]
            made[i, j] = float(in_steps(low, step)), float(in_steps(high, step)), origin
    return made


@lru_cache(maxsize=1)
def proposal(found: Calibration) -> Proposal:
    """Levels for every stock point with demand: reorder points moved, order quantities kept.

    In each group of products as many units are served from stock as today (by the formulas), with
    the least value of stock: one price for a unit more served, the same for all.  No stock point
    loses more than 10 points of its fill rate.  Source:
    Sherbrooke, Optimal Inventory Modeling of Systems (2004), chapter 2.
    """
    history = found.history
    shape = len(history.products), len(history.sites)
    given = levels_of(found)
    low = np.array([given[k][0] for k in np.ndindex(shape)]).reshape(shape)
    high = np.array([given[k][1] for k in np.ndindex(shape)]).reshape(shape)
    origin = tuple(tuple(given[i, j][2] for j in range(shape[1])) for i in range(shape[0]))
    planned, lead_time = _planned(found)
    worth = unit_values(found)[:, None] * np.ones(shape)
    today = _measured(planned, low, high, worth)
    quantity = np.where(np.isnan(high), np.maximum(1, np.rint(COVER * planned.per_day)), high - low)
    group = np.unique(history.masters.group, return_inverse=True)[1]
    reorder = _same_service(planned, today, quantity, worth, np.repeat(group, shape[1]))
    proposed = _measured(planned, reorder, reorder + quantity, worth)
    reason = tuple(
        tuple(_reason(found, planned, today, proposed, (i, j), lead_time) for j in range(shape[1]))
        for i in range(shape[0])
    )
    return Proposal(today, origin, proposed, reason, lead_time)


def unit_values(found: Calibration) -> Floats:
    """What a unit in stock is worth: its cost, or its price, or 1 where neither is told."""
    masters = found.history.masters
    worth = np.where(np.isnan(masters.cost), masters.price, masters.cost)
    return np.asarray(np.where(worth > 0, worth, 1.0))


def _planned(found: Calibration) -> tuple[Planned, Floats]:
    """Demand and lead times of each stock point; and the mean lead time."""
    history, lines = found.history, found.history.lines
    shape = len(history.products), len(history.sites)
    place = lines.product * shape[1] + lines.site
    weight = found.stock_outs.weights(history)

    def per_day(values: Floats) -> Floats:
        sums = np.bincount(place, values * weight, shape[0] * shape[1])
        return np.asarray(sums.reshape(shape) / history.days)

    mean, square, count = (per_day(lines.units**k) for k in (1, 2, 0))
    days, spread = np.zeros(shape[0]), np.zeros(shape[0])
    supplier = usual_supplier(history)
    for code, one in enumerate(found.lead_times):
        if one.fit is None:
            continue
        mine = np.flatnonzero(supplier == code)
        factor = np.ones(len(mine)) if one.items is None else one.items.of(mine)
        days[mine] = one.mean_days * factor
        spread[mine] = one.sd_days * factor
    lead = days[:, None] * np.ones(shape)
    looks, squared = count.copy(), np.zeros(shape)
    for code, reviews in enumerate(found.calendars.by_supplier):
        if len(gaps := reviews.gaps):
            mine, period = supplier == code, gaps.mean()
            found_any = np.mean([-np.expm1(-count[mine] * gap) for gap in gaps], axis=0)
            looks[mine], squared[mine] = found_any / period, (gaps**2).mean() / period
    per_look = mean / np.maximum(looks, 1e-12)
    squares = (square + mean**2 * squared) / np.maximum(looks, 1e-12)
    planned = Planned(
        per_day=mean,
        lead_mean=mean * lead,
        lead_variance=square * lead + (mean * spread[:, None]) ** 2,
        look_mean=per_look,
        look_variance=np.maximum(squares - per_look**2, 0.0),
        age=squared / 2,
    )
    return planned, lead


def _measured(planned: Planned, low: Floats, high: Floats, worth: Floats) -> Levels:
    with np.errstate(invalid="ignore"):
        fill = np.where(planned.per_day > 0, planned.fill_rate(low, high), np.nan)
        return Levels(low, high, fill, planned.on_hand(low, high) * worth)


def _same_service(
    planned: Planned, today: Levels, quantity: Floats, worth: Floats, group: Codes
) -> Floats:
    """Reorder points by product and site; nan where there is no demand."""
    flat = _flat(planned)
    top = flat.lead_mean + DEVIATIONS * np.sqrt(flat.lead_variance) + flat.look_mean
    tried = np.rint(np.linspace(0, 1, TRIED)[:, None] * np.maximum(top, 1.0))
    high = tried + quantity.ravel()
    fill, stock = flat.fill_rate(tried, high), flat.on_hand(tried, high) * worth.ravel()
    found = np.full(len(top), np.nan)
    before = today.fill.ravel()
    stock = np.where(fill < before - DROP, np.inf, stock)
    for code in np.unique(group):
        mine = (group == code) & (flat.per_day > 0)
        known = mine & ~np.isnan(before)
        if not mine.any():
            continue
        demand = flat.per_day
        wanted = float((before * demand)[known].sum())
        if not known.any():
            continue

        def served(price: float, of: Any, demand: Floats = demand) -> Any:
            return np.argmin(stock[:, of] - price * demand[of] * fill[:, of], axis=0)

        cheap, dear = 0.0, 1.0
        while _units(fill, served(dear, known), known, demand) < wanted and dear < 1e15:
            dear *= 4
        for _ in range(60):
            price = (cheap + dear) / 2
            reached = _units(fill, served(price, known), known, demand) >= wanted
            cheap, dear = (cheap, price) if reached else (price, dear)
        best = served(dear, mine)
        spare = _units(fill, best[known[mine]], known, demand) - wanted
        best = _trimmed(best, known[mine], spare, stock[:, mine], fill[:, mine] * demand[mine])
        found[mine] = tried[best, np.flatnonzero(mine)]
    return found.reshape(planned.per_day.shape)


def _trimmed(best: Codes, known: Any, spare: float, stock: Floats, served: Floats) -> Codes:
    """Single levels a step lower, while more is served than has to be: the dearest first."""
    place = np.arange(len(best))
    for _ in range(len(best)):
        less = np.maximum(best - 1, 0)
        lost = served[best, place] - served[less, place]
        with np.errstate(invalid="ignore"):
            saved = stock[best, place] - stock[less, place]
        saved = np.where(known & (lost <= spare) & (saved > 0), saved, 0.0)
        k = int(np.argmax(saved))
        if saved[k] <= 0:
            break
        best, spare = np.where(place == k, less, best), spare - lost[k]
    return best


def _units(fill: Floats, chosen: Any, of: Any, demand: Floats) -> float:
    return float((fill[chosen, np.flatnonzero(of)] * demand[of]).sum())


def _flat(planned: Planned) -> Planned:
    arrays = {f.name: getattr(planned, f.name) for f in fields(planned)}
    return replace(planned, **{name: values.ravel() for name, values in arrays.items()})


def _reason(
    found: Calibration,
    planned: Planned,
    today: Levels,
    new: Levels,
    place: tuple[int, int],
    lead_time: Floats,
) -> str:
    i, j = place
    if math.isnan(new.low[i, j]):
        if planned.per_day[i, j] == 0:
            return "nothing was ordered in the history"
        return "no levels are known today in this group, and so no service to keep"
    said = []
    before, after = today.fill[i, j], new.fill[i, j]
    now, then = (percent(round(float(fill), 2)) for fill in (before, after))
    if math.isnan(today.low[i, j]):
        said.append("no levels are known today")
    elif after > before + CLOSE:
        said.append(f"raise: {now} are served from stock today, {then} are worth it")
    elif after < before - CLOSE:
        said.append(f"lower: {now} are served from stock today, {then} cost far less")
    else:
        said.append("as good as today")
    plan = found.history.masters.planned_days[i, j]
    if plan > 0 and abs(lead_time[i, j] - plan) > max(1.0, 0.1 * plan):
        said.append(f"the lead time is {lead_time[i, j]:.1f} days, not {plan:g}")
    return "; ".join(said)


def levels_rows(found: Calibration) -> list[dict[str, Any]]:
    """The levels of every stock point, today's and proposed, with what stock they need."""
    history, policy, masters = found.history, found.policy, found.history.masters
    made, rows = proposal(found), []
    worth = unit_values(found)
    for i, name in enumerate(history.products):
        for j, site in enumerate(history.sites):
            today, new = made.today, made.proposed
            rows.append(
                {
                    "product": name,
                    "site": site,
                    "group": masters.group[i],
                    "reorder_point": _cell(today.low[i, j]),
                    "up_to": _cell(today.high[i, j]),
                    "from": made.origin[i][j],
                    "proposed_reorder_point": _cell(new.low[i, j]),
                    "proposed_up_to": _cell(new.high[i, j]),
                    "reason": made.reason[i][j],
                    "fill_rate": _cell(today.fill[i, j]),
                    "proposed_fill_rate": _cell(new.fill[i, j]),
                    "stock_value": _cell(today.value[i, j]),
                    "proposed_stock_value": _cell(new.value[i, j]),
                    "unit_value": _cell(worth[i]),
                    "lead_time": _cell(made.lead_time[i, j]),
                    "purchases": int(policy.purchases[i, j]),
                    "master_reorder_point": _cell(masters.reorder_point[i, j]),
                    "master_up_to": _cell(masters.up_to[i, j]),
                    "purchases_reorder_point": _cell(policy.trigger[i, j]),
                    "purchases_up_to": _cell(policy.top[i, j]),
                }
            )
    return rows


def by_group(found: Calibration) -> list[tuple[str, int, float, float, float, float]]:
    """(group, stock points, fill rate today, proposed, stock value today, proposed); then all."""
    made, lines = proposal(found), found.history.lines
    shape = made.today.low.shape
    place = lines.product * shape[1] + lines.site
    demand = np.bincount(place, lines.units, shape[0] * shape[1]).reshape(shape)
    known = ~np.isnan(made.today.fill) & ~np.isnan(made.proposed.fill)
    group = np.array(found.history.masters.group)
    named = sorted(set(found.history.masters.group))
    rows = []
    for name in [*named, None] if len(named) > 1 else [None]:
        mine = known & ((group == name)[:, None] if name is not None else True)
        if not mine.any():
            continue
        units = max(float(demand[mine].sum()), 1e-12)
        rows.append(
            (
                "all" if name is None else name or "(none)",
                int(mine.sum()),
                float((made.today.fill * demand)[mine].sum()) / units,
                float((made.proposed.fill * demand)[mine].sum()) / units,
                float(made.today.value[mine].sum()),
                float(made.proposed.value[mine].sum()),
            )
        )
    return rows


def rounded(value: float) -> float | int:
    """A number of at most five digits; whole ones without a point."""
    short = float(f"{float(value):.5g}")
    return int(short) if short == int(short) else short


def _cell(value: float) -> float | int | None:
    return None if math.isnan(value) else rounded(value)
