"""Tables and figures of times on the data page: lead times and patience."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backsim.data.calibrate import Calibration
from backsim.data.fit.interval import Interval
from backsim.data.fit.survival import Fit, distance, kaplan_meier
from backsim.data.fit.times import Times
from backsim.present.numbers import share
from backsim.present.table import Column, Table
from backsim.report.figures import style
from backsim.report.svg import inline_svg

MOST_STEPS = 400
"""Steps of an observed curve in a figure."""


def lead_time_table(found: Calibration) -> Table:
    """The lead time of each supplier."""

    def dated(day: float) -> datetime.date:
        return found.history.first + datetime.timedelta(days=int(day))

    rows = [
        (
            s.name,
            s.purchases,
            s.open,
            None if s.fit is None else s.fit.law,
            "days" if s.works is None else "working days",
            None if s.fit is None else between(s.fit.mean),
            None if s.fit is None else between(s.fit.sd),
            s.completed_mean,
            _distance(s),
            _runners_up(s.fits),
            None if math.isnan(s.late.share) else share(s.late.share),
            s.late.days or None,
            ", ".join(f"{dated(o.starts)} to {dated(o.ends)}" for o in s.outages) or None,
            f"{s.order.seen} of {s.order.by_chance:.0f} by chance",
            share(s.parts.share) if s.parts.share else None,
        )
        for s in (found.lead_times if any(s.purchases for s in found.lead_times) else ())
    ]
    columns = (
        Column("supplier", kind="text"),
        Column("purchases"),
        Column("open"),
        Column("law"),
        Column("counted in"),
        Column("mean"),
        Column("sd"),
        Column("mean of the received"),
        Column("distance"),
        Column("other laws (AIC more)"),
        Column("late"),
        Column("late by", "days"),
        Column("outages"),
        Column("overtakings"),
        Column("in parts"),
    )
    note = (
        "Counted in working days of the supplier where these explain the days of its receipts "
        "better (likelihood). Mean and sd are those of the law: what comes to a closed site is "
        "received when it opens. "
        "Distance: the largest between the law and Kaplan-Meier. Late: after the confirmed date, "
        "of those received, and by how many days on average. The mean of the received alone is too "
        "short where many are open. Overtakings: pairs of purchases of a product that arrived in "
        "the other order; far fewer than by chance are taken to be none. In parts: purchases that "
        "came in several receipts."
    )
    note = note if rows else "No purchase is known."
    return Table("leadtimes", "Lead times", columns, tuple(rows), note)


def item_factors_table(found: Calibration) -> Table:
    """Products whose lead times are longer or shorter than those of their supplier."""
    rows = [
        (s.name, found.history.products[i], f, s.fit.mean.value * f)
        for s in found.lead_times
        if s.items is not None and s.fit is not None
        for i, f in zip(s.items.items.tolist(), s.items.factors.tolist(), strict=True)
    ]
    columns = (
        Column("supplier", kind="text"),
        Column("product", kind="text"),
        Column("factor"),
        Column("mean", "days"),
    )
    note = (
        "Where products of a supplier differ by more than chance explains (1 % level). The factor "
        "of a product with few purchases is drawn towards 1."
        if rows
        else "Products of the same supplier do not differ by more than chance explains (1 % level)."
    )
    return Table("itemfactors", "Lead times by product", columns, tuple(rows), note)


def patience_table(found: Calibration) -> Table:
    """The patience of each class."""
    rows = [
        (
            p.name,
            p.waited,
            p.cancelled,
            p.apart,
            None if p.fit is None else p.fit.law,
            None if p.fit is None else between(p.fit.mean),
            _distance(p),
            _runners_up(p.fits),
        )
        for p in (found.patience if any(p.waited for p in found.patience) else ())
    ]
    columns = (
        Column("class"),
        Column("lines that waited"),
        Column("cancelled"),
        Column("for other reasons"),
        Column("law"),
        Column("mean", "days"),
        Column("distance"),
        Column("other laws (AIC more)"),
    )
    note = "" if rows else "No line is known to have waited."
    return Table("patience", "Patience", columns, tuple(rows), note)


def between(interval: Interval) -> str:
    """An estimate with the ends of its interval: 4.1 (3.8 to 4.4)."""
    if not math.isfinite(interval.high):
        return f"{interval.value:.4g}"
    return f"{interval.value:.4g} ({interval.low:.4g} to {interval.high:.4g})"


def _distance(part: Any) -> float | None:
    """How far a parametric law is from what was observed."""
    if part.fit is None or part.fit.law == "discrete" or not _observed(part):
        return None
    return distance(part.times, part.fit)


def _observed(part: Any) -> bool:
    """Whether times have ended; those of purchases in sequence are known up to some value alone."""
    return bool(part.times.events) and getattr(part, "crossing", True)


def _runners_up(fits: Sequence[Fit]) -> str | None:
    if len(fits) < 2:
        return None
    least = fits[0].aic
    return ", ".join(f"{fit.law} +{fit.aic - least:.1f}" for fit in fits[1:])


def curves(parts: Sequence[Any], prefix: str, label: str) -> Iterator[tuple[str, str]]:
    """The law against Kaplan-Meier, a figure for each supplier or class that has a law."""
    shown = [part for part in parts if part.fit is not None and _observed(part)]
    for number, part in enumerate(shown[:8]):
        figure = _curve(part.times, part.fit, label)
        said = f"{part.name}: Kaplan-Meier and the {part.fit.law} law"
        yield inline_svg(figure, f"{prefix}{number}", f"Share that is longer, {label}"), said


def _curve(times: Times, fit: Fit, label: str) -> Any:
    ends, survival = kaplan_meier(times)
    if len(ends) > MOST_STEPS:
        shown = np.linspace(0, len(ends) - 1, MOST_STEPS).astype(int)
        ends, survival = ends[shown], survival[shown]
    ax = style.new_axes(None, 2.6)
    ax.step(
        np.r_[0.0, ends], np.r_[1.0, survival], where="post", color=style.BLUE, label="observed"
    )
    days = np.linspace(1e-3, float(ends[-1]) * 1.05, 200)
    ax.plot(days, fit.survival(days), color=style.ORANGE, linestyle="--", label=fit.law)
    ax.set_xlabel(label)
    ax.set_ylabel("share that is longer")
    ax.set_ylim(0, 1.02)
    ax.legend(frameon=False)
    return ax.figure
