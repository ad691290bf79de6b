"""Figures of the course of runs: stock and backlog over time, and how long customers wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.report.figures.style import (
    DASHES,
    GREY,
    PALETTE,
    few_ticks,
    legend,
    new_axes,
    text,
)
from backsim.report.subject import as_study
from backsim.report.words import unit_of
from backsim.results.run import Run
from backsim.study.analysis import rank, shown_policies
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from backsim.results.profile import Profile

BAND = (10, 90)
MOST_CURVES = 6


def stock(
    study: Study | Run, ax: Axes | None = None, policies: Sequence[str] | None = None
) -> Axes:
    """Units on hand over time: the mean over replications, and a band that holds 80 % of them.

    `policies` by name; by default the best, the reference and the next in order, 3 in all.
    """
    return _over_time(study, "stock", "stock on hand (units)", ax, policies)


def backlog(
    study: Study | Run, ax: Axes | None = None, policies: Sequence[str] | None = None
) -> Axes:
    """Units that customers wait for over time, drawn as `stock`."""
    return _over_time(study, "backlog", "backlog (units)", ax, policies)


def waits(
    study: Study | Run, ax: Axes | None = None, policies: Sequence[str] | None = None
) -> Axes:
    """Share of the units ordered that shipped within so many days, by customer class.

    A colour is a class, a dash a policy: by default the best and the reference.  What was cancelled
    or still waits never ships, so that a curve may end below 1.
    """
    study = as_study(study)
    shown = chosen(study, policies, 2)
    courses = {i: _profiles(study, i) for i in shown}
    classes = list(dict.fromkeys(c for some in courses.values() for c in some[0].classes))
    ax = new_axes(ax, 3.4 + 0.2 * (len(shown) > 1))
    longest = 0.0
    for number, name in enumerate(classes[:MOST_CURVES]):
        for dash, some in enumerate(courses.values()):
            share = _share(some, name)
            if share is None:
                continue
            days = some[0].days
            near = np.flatnonzero(share >= share[-1] - 0.005)[0]
            longest = max(longest, float(days[near]))
            ax.plot(days, share, color=PALETTE[number], linestyle=DASHES[dash % 4], linewidth=1.8)
    ax.set_xlim(0, max(longest, 0.05) * 1.02)
    ax.set_ylim(top=1.005)
    ax.set_xlabel(unit_of(study, "days waited, at most"))
    ax.set_ylabel("share of the units ordered")
    few_ticks(ax)
    few_ticks(ax, "y")
    keys = [(name, PALETTE[i], "-") for i, name in enumerate(classes[:MOST_CURVES])]
    if len(shown) > 1:
        keys += [(study.policies[i].name, GREY, DASHES[k % 4]) for k, i in enumerate(shown)]
    legend(ax, handles=[_key(*key) for key in keys])
    return ax


def _share(some: Sequence[Profile], name: str) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Share of a class's units shipped within each number of days; None if it ordered nothing."""
    if name not in some[0].classes:
        return None
    code = some[0].classes.index(name)
    ordered = sum(int(p.ordered[code]) for p in some)
    if not ordered:
        return None
    return np.asarray(np.sum([p.within[code] for p in some], axis=0) / ordered)


def _key(name: str, colour: str, dash: Any) -> Any:
    """An entry of a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=dash, linewidth=1.8, label=text(name, 22))


def chosen(study: Study, policies: Sequence[str] | None, most: int) -> list[int]:
    """Places of the policies to show.  Raises InputError for an unknown name."""
    if policies is not None:
        if not policies:
            raise InputError("policies: expected the name of a policy or more, got none")
        return [study.place(name) for name in policies]
    if len(study.policies) == 1:
        return [0]
    return list(shown_policies(study, rank(study), most))


def _over_time(
    subject: Study | Run, what: str, axis: str, ax: Axes | None, policies: Sequence[str] | None
) -> Axes:
    study = as_study(subject)
    shown = chosen(study, policies, 3)
    ax = new_axes(ax, 3.2)
    for number, i in enumerate(shown):
        some = _profiles(study, i)
        paths = np.array([getattr(profile, what) for profile in some])
        colour = PALETTE[number % len(PALETTE)]
        if len(paths) > 1:
            low, high = np.percentile(paths, BAND, axis=0)
            ax.fill_between(some[0].times, low, high, color=colour, alpha=0.14, linewidth=0)
        ax.plot(
            some[0].times, paths.mean(axis=0), color=colour, linewidth=1.6,
            linestyle=DASHES[number % 4], label=text(study.policies[i].name, 24),
        )  # fmt: skip
    warm_up = study.policies[shown[0]].model.warm_up
    if warm_up > 0:
        ax.axvline(warm_up, color=GREY, linewidth=0.9, linestyle=":")
        ax.annotate(
            "warm-up", (warm_up, 1.0), xycoords=("data", "axes fraction"), xytext=(-3, -2),
            textcoords="offset points", ha="right", va="top", rotation=90, fontsize=8, color=GREY,
        )  # fmt: skip
    ax.set_xlim(0, float(study.policies[shown[0]].model.horizon))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(unit_of(study, "day"))
    ax.set_ylabel(axis)
    few_ticks(ax)
    few_ticks(ax, "y")
    legend(ax)
    return ax


def _profiles(study: Study, policy: int) -> Sequence[Profile]:
    found = study.profiles(study.policies[policy].name)
    if not found:
        raise InputError(f"policy {study.policies[policy].name}: expected profiles, got none")
    return found
