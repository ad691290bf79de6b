"""How long units waited: means and percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.registry import LESS, WAITING, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """Statistics of waits per unit, shape (views,); percentiles (percentiles, views)."""

    mean: Floats
    delayed_mean: Floats
    percentiles: Floats
    gini: Floats


def wait_statistics(
    wait: Floats, units: Any, codes: Sequence[Any], sizes: Sequence[int], shipped: Floats
) -> Waits:
    """Statistics overall and by each way to sort the shipments.

    `wait` (days) and `units` of the shipments that came late; `codes` says the class, product and
    site of each, `sizes` how many of them there are; `shipped` the units shipped in all, by view.
    """
    order = np.argsort(wait)
    wait, units = wait[order], units[order].astype(float)
    columns = [_one(wait, units, shipped[0])]
    start = 1
    for code, size in zip(codes, sizes, strict=True):
        if size == 1:  # one class, product or site: the same as overall
            columns.append(columns[0])
        else:
            columns += _each(wait, units, code[order], size, shipped[start : start + size])
        start += size
    table = np.array(columns)
    return Waits(table[:, 0], table[:, 1], table[:, 2:-1].T, table[:, -1])


def _each(wait: Floats, units: Floats, code: Any, size: int, shipped: Floats) -> list[list[float]]:
    """Statistics of each code's shipments; `wait` is sorted, and stays so within a code."""
    narrow = code.astype(np.uint16) if size < 65536 else code  # a radix sort
    order = np.argsort(narrow, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=size))
    starts = ends - np.bincount(code, minlength=size)
    wait, units = wait[order], units[order]
    return [
        _one(wait[a:b], units[a:b], total)
        for a, b, total in zip(starts, ends, shipped, strict=True)
    ]


def _one(wait: Floats, units: Floats, shipped: float) -> list[float]:
    """mean, mean of the delayed, percentiles, Gini index; `wait` is sorted."""
    if shipped <= 0:
        return [np.nan] * (3 + len(PERCENTILES))
    cumulated = np.cumsum(units)
    late = cumulated[-1] if len(units) else 0.0
    weighted = wait * units
    days = float(weighted.sum())
    at_once = shipped - late
    percentiles = []
    for p in PERCENTILES:
        rank = p / 100 * shipped - at_once
        place = int(np.searchsorted(cumulated, rank - 1e-9))
        percentiles.append(0.0 if rank <= 0 else float(wait[min(place, len(wait) - 1)]))
    delayed = days / late if late else np.nan
    return [days / shipped, delayed, *percentiles, _gini(weighted, units, days, shipped)]


def _gini(weighted: Floats, units: Floats, days: float, shipped: float) -> float:
    """Gini index of the waits of all units shipped, those at once counting 0.

    `weighted` is wait x units in order of wait, `days` their sum.  1 - 2 x the area under the
    Lorenz curve.  Source: Gastwirth, Review of Economics and Statistics 54 (1972) 306-316.
    """
    if days <= 0:
        return 0.0
    heights = np.cumsum(weighted)
    heights -= weighted / 2
    heights *= units
    return 1.0 - 2.0 * float(heights.sum()) / (days * shipped)


def waits_of(m: Sums) -> Waits:
    """Statistics of the waits of the units shipped, by view."""
    shipments = m.log.shipments
    lines = shipments["line"]
    if m.first:
        shipments = shipments.compress(lines >= m.first)
        lines = shipments["line"]
    wait = m.model.on_grid(shipments["time"] - m.time[lines])
    group = m.group[lines]
    stock = group % m.shape[1]
    codes = (group // m.shape[1], m.product[stock], m.site[stock])
    sizes = (m.shape[0], len(m.model.products), len(m.model.sites))
    return wait_statistics(wait, shipments["units"], codes, sizes, m.all_shipped)


@metric("days", better=LESS, group=WAITING, tables=("class", "site"), always=True)
def mean_wait(m: Sums) -> Floats:
    """Days from order to shipment per unit shipped; at once counts 0."""
    waits = m.of(waits_of)
    return waits.mean


def _declare_percentile(row: int, p: int) -> None:
    @metric(
        "days",
        better=LESS,
        group=WAITING,
        name=f"wait_p{p}",
        label=f"wait, {p}th percentile",
        definition=f"{p} % of the units shipped waited no longer.",
        tables=("class",) if p < 99 else (),
    )
    def percentile(m: Sums) -> Floats:
        found: Floats = m.of(waits_of).percentiles[row]
        return found


for _row, _p in enumerate(PERCENTILES):
    _declare_percentile(_row, _p)


@metric("days", better=LESS, group=WAITING)
def backorder_age(m: Sums) -> Floats:
    """Mean wait of the units shipped that had to wait."""
    return m.of(waits_of).delayed_mean
