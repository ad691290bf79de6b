"""Demand by class: how often orders come, on which days, of how many lines and packs, for what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize, special, stats

from backsim.data.fit.interval import Interval
from backsim.data.fit.rate import SURE, Pattern, rate_of
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

FEW = 8
"""Lines of a product below which their common divisor says nothing about its packs."""
TELLING = 10
"""Lines of a product from which it tells how much their sizes vary."""
MOST_SIZES = 40
"""Values of an empirical law of sizes."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassDemand:
    """The demand of a customer class."""

    name: str
    orders: int
    lines: int
    rate: Interval
    """Orders per day; with the spread of the daily counts."""
    pattern: Pattern
    lines_per_order: dict[str, Any]
    mean_lines: float
    size: dict[str, Any]
    """Packs per line, as a distribution of a scenario."""
    size_law: str
    mean_size: Interval
    products: Floats
    """Share of the lines, by product; more for those whose lines are large."""
    sites: Floats
    """Share of the orders, by site."""
    unlike: tuple[float, float] = (1.0, 1.0)
    """How large lines of small products (5 %) and of large ones (95 %) are, of the mean."""


@dataclass(frozen=True, slots=True, eq=False)
class ProductDemand:
    """The demand of each product: a value per product, all classes together."""

    lines: Codes
    units_per_day: tuple[Interval, ...]
    interval: Floats
    """Mean days between days with demand (ADI)."""
    variation: Floats
    """Squared coefficient of variation of the units of such a day."""
    kind: tuple[str, ...]
    """Smooth, intermittent, erratic or lumpy.  Source: Syntetos, Boylan and Croston, Journal of the
    Operational Research Society 56 (2005) 495-503 (limits 1.32 and 0.49)."""
    first: Floats
    last: Floats
    """Days of the first and the last order."""
    pack: Codes


def demand_by_class(history: History, pack: Codes, weights: Floats) -> list[ClassDemand]:
    """The demand of each class; `weights` are the lines that each line stands for."""
    return [_of_class(history, code, pack, weights) for code in range(len(history.classes))]


def packs(history: History, known: Floats | None = None) -> Codes:
    """Units of which the lines of each product are whole multiples.

    Where a product has few lines, the divisor for which they are as many packs as others have.
    """
    lines = history.lines
    found = np.ones(len(history.products), np.int64)
    units = np.maximum(np.rint(lines.units), 1).astype(np.int64)
    order = np.argsort(lines.product, kind="stable")
    product, units = lines.product[order], units[order]
    starts = np.flatnonzero(np.r_[True, product[1:] != product[:-1]])
    divisors = np.gcd.reduceat(units, starts)
    counts = np.diff(np.r_[starts, len(product)])
    good = counts >= FEW
    found[product[starts[good]]] = np.maximum(divisors[good], 1)
    if good.any():
        mean = np.add.reduceat(units, starts) / counts
        usual = float((mean / np.maximum(divisors, 1))[good].mean())
        for k in np.flatnonzero(~good).tolist():
            found[product[starts[k]]] = _nearest_divisor(int(divisors[k]), mean[k] / usual)
    return np.where(history.smallest < 1, 1, found)


def _nearest_divisor(number: int, wanted: float) -> int:
    """The divisor nearest to a number, in proportion: few lines of a product tell it no better."""
    divisors = [d for d in range(1, min(number, 10_000) + 1) if number % d == 0] or [1]
    return min(divisors, key=lambda d: abs(math.log(d / max(wanted, 1.0))))


def _of_class(history: History, code: int, pack: Codes, weights: Floats) -> ClassDemand:
    lines = history.lines
    mine = lines.customer_class == code
    if not mine.any():
        return _nothing(history, code)
    order, product = lines.order[mine], lines.product[mine]
    _, first, counts = np.unique(order, return_index=True, return_counts=True)
    time = lines.time[mine][first]
    pattern, rate = rate_of(history, time)
    weight = weights[mine]
    rate = rate.times(float(weight.mean()))
    size = lines.units[mine] / pack[product]
    if (history.smallest[product] < 1).any():
        law, words = _counts(size), "as seen"
    else:
        law, words = _size(np.maximum(np.rint(size), 1).astype(np.int64))
    mix, unlike = _mix(product, size, weight, len(history.products))
    error = size.std() / max(size.mean(), 1e-9) / math.sqrt(max(len(size), 1))
    return ClassDemand(
        name=history.classes[code],
        orders=len(first),
        lines=int(mine.sum()),
        rate=rate,
        pattern=pattern,
        lines_per_order=_counts(counts),
        mean_lines=float(counts.mean()),
        size=law,
        size_law=words,
        mean_size=Interval.of_log(float(size.mean()), error),
        products=mix,
        unlike=unlike,
        sites=np.bincount(lines.site[mine][first], weight[first], len(history.sites))
        / weight[first].sum(),
    )


def _mix(
    product: Codes, size: Floats, weight: Floats, count: int
) -> tuple[Floats, tuple[float, float]]:
    """(shares of the products, how large lines of small and of large products are, of the mean).

    Shares are of the lines, or of the packs where lines of some products are larger, as a scenario
    has one law of sizes for all products of a class.  How large the lines of each are is drawn
    towards 1 where few tell it; lines vary as those of most products do.
    """
    lines = np.bincount(product, minlength=count)
    there = lines > 0
    number = np.maximum(lines, 1)
    own = np.bincount(product, size, count) / number / size.mean()
    squares = np.bincount(product, (size / size.mean()) ** 2, count) / number
    told = lines >= TELLING
    share, large = np.bincount(product, weight, count), np.ones(count)
    if told.sum() > 1:
        variation = (
            np.maximum(squares - own**2, 0) / own.clip(1e-9) ** 2 * number / (number - 0.999)
        )
        usual = max(float(np.median(variation[told])), 1e-6)
        error = (usual * np.maximum(own, 1.0) ** 2 / number)[there]
        unlike = float(((own[there] - 1) ** 2 / error).sum())
        if stats.chi2.sf(unlike, there.sum() - 1) <= SURE:
            spread = (unlike - there.sum() + 1) / (1 / error).sum()
            large[there] += spread / (spread + error) * (own[there] - 1)
    low, high = np.quantile(large[there], [0.05, 0.95], method="inverted_cdf").tolist()
    return share * large / (share @ large), (low, high)


def _nothing(history: History, code: int) -> ClassDemand:
    """The demand of a class that has ordered nothing yet."""
    nothing, one = Interval(0.0, 0.0, math.inf), {"deterministic": {"value": 1}}
    return ClassDemand(
        name=history.classes[code],
        orders=0,
        lines=0,
        rate=nothing,
        pattern=Pattern(None, None, 0.0, 1.0),
        lines_per_order=one,
        mean_lines=0.0,
        size=one,
        size_law="none",
        mean_size=nothing,
        products=np.zeros(len(history.products)),
        sites=np.zeros(len(history.sites)),
    )


# -- sizes ---------------------------------------------------------------------------------------


def _counts(values: Codes | Floats) -> dict[str, Any]:
    """Whole numbers of at least 1, or parts of units, as a distribution: as they were seen."""
    seen, counts = np.unique(values, return_counts=True)
    if len(seen) == 1:
        return {"deterministic": {"value": seen[0].item()}}
    if len(seen) > MOST_SIZES:
        seen, counts = _thinned(seen, counts)
    weights = [float(f"{x:.4g}") for x in counts / counts.sum()]
    return {"discrete": {"values": [float(f"{x:.6g}") for x in seen], "weights": weights}}


def _thinned(seen: Any, counts: Any) -> tuple[Any, Any]:
    """About so many values, each the mean of its neighbours."""
    total = counts.sum()
    place = ((np.cumsum(counts) - counts / 2) / total * MOST_SIZES).astype(int)
    mass = np.bincount(place, counts)
    mean = np.bincount(place, counts * seen)[mass > 0] / mass[mass > 0]
    whole = np.issubdtype(seen.dtype, np.integer)
    return np.maximum(1, np.rint(mean)) if whole else mean, mass[mass > 0]


def _size(values: Codes) -> tuple[dict[str, Any], str]:
    """The law of packs per line: by AIC among one parameter or two, or as seen where none fits."""
    mean, count = float(values.mean()), len(values)
    if values.min() == values.max():
        return {"deterministic": {"value": int(values[0])}}, "always the same"
    seen, counts = np.unique(values, return_counts=True)
    trials: list[tuple[float, str, dict[str, Any], Any]] = []
    geometric = stats.geom(1 / mean)
    trials.append((2, "geometric", {"geometric": {"mean": float(f"{mean:.5g}")}}, geometric))
    if (nb := _shifted_negative_binomial(values)) is not None:
        trials.append((4, "negative binomial, no zeros", *nb))
    scored = [
        (k - 2 * float(counts @ law.logpmf(seen)), name, spec, law) for k, name, spec, law in trials
    ]
    _, name, spec, law = min(scored, key=lambda trial: trial[0])
    if _fits(seen, counts, law, count):
        return spec, name
    return _counts(values), "as seen"


def _shifted_negative_binomial(values: Codes) -> tuple[dict[str, Any], Any] | None:
    """A negative binomial of values of at least 1 (lines of none are none), by likelihood."""
    seen, counts = np.unique(values, return_counts=True)

    def cost(p: Any) -> float:
        n, share = math.exp(p[0]), 1 / (1 + math.exp(-p[1]))
        with np.errstate(all="ignore"):
            zero = n * math.log(max(share, 1e-300))
            log = special.gammaln(seen + n) - special.gammaln(n) - special.gammaln(seen + 1)
            log = log + zero + seen * math.log(max(1 - share, 1e-300))
            log = log - math.log(max(-math.expm1(zero), 1e-300))
        value = -float(counts @ log)
        return value if math.isfinite(value) else 1e18

    found = optimize.minimize(cost, np.array([0.0, 0.0]), method="Nelder-Mead")
    n, share = math.exp(found.x[0]), 1 / (1 + math.exp(-found.x[1]))
    if not 1e-2 < n < 1e3 or share > 0.999:
        return None
    law = stats.nbinom(n, share)
    zero = float(law.pmf(0))
    if zero > 0.02:  # a scenario would leave out such lines: orders would be fewer
        return None

    class _NoZeros:
        @staticmethod
        def logpmf(k: Any) -> Any:
            return law.logpmf(k) - math.log1p(-zero)

        @staticmethod
        def cdf(k: Any) -> Any:
            return (law.cdf(k) - zero) / (1 - zero)

    spec = {"negative_binomial": {"n": float(f"{n:.5g}"), "p": float(f"{share:.5g}")}}
    return spec, _NoZeros


def _fits(seen: Any, counts: Any, law: Any, count: int) -> bool:
    """Kolmogorov's distance within its 1 % bound (which is wide for whole numbers)."""
    empirical = np.cumsum(counts) / count
    return bool(np.abs(empirical - law.cdf(seen)).max() < 1.63 / math.sqrt(count))


# -- products ------------------------------------------------------------------------------------


def demand_by_product(history: History, pack: Codes, weights: Floats) -> ProductDemand:
    """Rate, intermittence and life of each product."""
    lines, count = history.lines, len(history.products)
    number = np.bincount(lines.product, minlength=count)
    units = np.bincount(lines.product, lines.units * weights, count)
    squares = np.bincount(lines.product, (lines.units * weights) ** 2, count)
    first, last = np.full(count, np.nan), np.full(count, np.nan)
    order = np.argsort(lines.product, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(lines.product[order]) != 0])
    which = lines.product[order][starts]
    first[which] = np.minimum.reduceat(lines.time[order], starts)
    last[which] = np.maximum.reduceat(lines.time[order], starts)
    days = round(history.days)
    key = lines.product * days + np.minimum(lines.time.astype(np.int64), days - 1)
    known, place = np.unique(key, return_inverse=True)
    daily = np.bincount(place, lines.units)
    of = known // days
    active = np.bincount(of, minlength=count)
    mean = np.bincount(of, daily, count) / np.maximum(active, 1)
    square = np.bincount(of, daily**2, count) / np.maximum(active, 1)
    interval = np.where(active > 0, history.days / np.maximum(active, 1), np.inf)
    variation = np.where(active > 0, (square - mean**2) / np.maximum(mean, 1e-12) ** 2, 0.0)
    rates = tuple(
        Interval.of_log(u / history.days, math.sqrt(s) / u)
        if u > 0
        else Interval(0.0, 0.0, math.inf)
        for u, s in zip(units.tolist(), squares.tolist(), strict=True)
    )
    return ProductDemand(
        lines=number,
        units_per_day=rates,
        interval=interval,
        variation=variation,
        kind=tuple(_kind(a, v) for a, v in zip(interval, variation, strict=True)),
        first=first,
        last=last,
        pack=pack,
    )


def _kind(interval: float, variation: float) -> str:
    if interval < 1.32:
        return "smooth" if variation < 0.49 else "erratic"
    return "intermittent" if variation < 0.49 else "lumpy"


def same_mix(history: History) -> bool:
    """Whether the classes order products in the same proportions, as far as is known."""
    if len(history.classes) == 1:
        return True
    table = np.zeros((len(history.classes), len(history.products)))
    np.add.at(table, (history.lines.customer_class, history.lines.product), 1.0)
    table = table[:, table.sum(0) >= 5]
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    chi = float(((table - expected) ** 2 / expected).sum())
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return bool(freedom <= 0 or stats.chi2.sf(chi, freedom) > SURE)
