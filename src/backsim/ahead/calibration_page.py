"""The page of a calibration: dates given with a probability, and how many of them were met."""

from __future__ import annotations

from collections.abc import Sequence

from backsim.ahead.calibration import Calibrated
from backsim.present.html import Section, page
from backsim.present.numbers import share
from backsim.present.table import Column, Table
from backsim.report.figures.style import BLUE, GREY, new_axes
from backsim.report.svg import inline_svg

SURE = 0.8
"""The probability that the finding tells of."""


def calibration_table(found: Sequence[Calibrated], days: int) -> Table:
    """A row per probability."""
    columns = (
        Column("probability", kind="share", keep=True),
        Column("dates given"),
        Column("met"),
        Column("share met", kind="share", keep=True),
        Column("standard error", kind="share"),
    )
    rows = tuple(
        (level.probability, level.given, level.met, level.share, level.error) for level in found
    )
    note = f"From {days} days of a history; the days are the sample of the standard error."
    return Table("calibration", "Dates given with a probability, and met", columns, rows, note)


def calibration_page(found: Sequence[Calibrated], days: int, seed: int, title: str) -> str:
    """The page as text, with the curve."""
    level = next(level for level in found if abs(level.probability - SURE) < 1e-9)
    met = f"{share(level.share)} were met"
    return page(
        title=title,
        facts=f"{days} days of a simulated history, each looked ahead from; seed {seed}",
        finding=f"Of {level.given:,} dates given with {share(SURE)}, {met}.",
        sections=[
            Section(
                "calibration",
                "How often dates are met",
                figures=((_curve(found), "Bars reach two standard errors to either side."),),
                tables=(calibration_table(found, days),),
            )
        ],
    )


def _curve(found: Sequence[Calibrated]) -> str:
    """The share met by the probability given; on the line they are the same."""
    ax = new_axes(None, 3.2)
    given = [level.probability for level in found]
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=0.9, linestyle=":")
    ax.errorbar(
        given,
        [level.share for level in found],
        yerr=[2 * level.error for level in found],
        color=BLUE,
        marker="o",
        markersize=3,
        linewidth=1.4,
    )
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.set_xlabel("probability given")
    ax.set_ylabel("share met")
    return inline_svg(ax.figure, "calibration", "Share of dates met by the probability given")
