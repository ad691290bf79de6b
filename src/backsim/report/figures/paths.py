"""Paths over time, with a band over replications."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.present.numbers import rough
from backsim.report.figures.registry import Drawing, Page
from backsim.report.figures.style import (
    DASHES,
    GREY,
    PALETTE,
    UP,
    at_edge,
    few_ticks,
    legend,
    new_axes,
    text,
)
from backsim.report.words import unit_of
from backsim.results.profile import Profile
from backsim.study.analysis import rank, shown_policies
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BAND = (10, 90)
FAR = 5.0
"""Times as high as the next: what goes further is cut."""


def chosen(study: Study, policies: Sequence[str] | None, most: int) -> list[int]:
    """Places of the policies to show.  Raises InputError for an unknown name."""
    if policies is not None:
        if not policies:
            raise InputError("policies: expected the name of a policy or more, got none")
        return [study.place(name) for name in policies]
    if len(study.policies) == 1:
        return [0]
    return list(shown_policies(study, rank(study), most))


def over_time(
    study: Study, what: str, axis: str, ax: Axes | None, policies: Sequence[str] | None
) -> Axes:
    """The mean over replications of something over time, and a band around it."""
    shown = chosen(study, policies, 3)
    ax = new_axes(ax, 3.2)
    tops: dict[str, Floats] = {}
    for number, i in enumerate(shown):
        some = profiles_of(study, i)
        paths = np.array([getattr(profile, what) for profile in some])
        colour = PALETTE[number % len(PALETTE)]
        low, high = np.percentile(paths, BAND, axis=0)
        tops[study.policies[i].name] = high
        if len(paths) > 1:
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
    _cut_top(ax, tops, some[0].times >= warm_up)
    ax.set_xlabel(unit_of(study, "day"))
    ax.set_ylabel(axis)
    few_ticks(ax)
    few_ticks(ax, "y")
    legend(ax)
    return ax


def where_any(what: str) -> Callable[[Page], Iterator[Drawing]]:
    """Draws the course of something on the page, unless it is 0 all the time."""

    def drawings(page: Page) -> Iterator[Drawing]:
        courses = map(Profile.from_bytes, page.study.shapes.values())
        if any(getattr(profile, what).any() for profile in courses):
            yield Drawing(f"{what} over time", page.text.band())

    return drawings


def _cut_top(ax: Axes, tops: Mapping[str, Floats], counted: NDArray[np.bool_]) -> None:
    """Let neither one policy nor the warm-up squeeze the others: cut, and say how far they go.

    A policy that goes more than `FAR` times as high as the next; what is not counted, if it goes
    more than half as far beyond what is.
    """
    after = sorted(float(top[counted].max()) for top in tops.values())
    limit = after[-1]
    if len(after) > 1 and limit > FAR * after[-2]:
        limit = after[-2]
    peaks = {name: float(top.max()) for name, top in tops.items()}
    far = {name: peak for name, peak in peaks.items() if peak > FAR / 2 * limit}
    if not far or limit <= 0:
        return
    ax.set_ylim(0, 1.35 * limit)
    words = [f"{UP} {text(name, 24)}: up to {rough(peak)}" for name, peak in far.items()]
    at_edge(ax, "\n".join(words), (1.0, 1.0))


def profiles_of(study: Study, policy: int) -> Sequence[Profile]:
    """The courses of a policy.  Raises InputError where there are none."""
    found = study.profiles(study.policies[policy].name)
    if not found:
        raise InputError(f"policy {study.policies[policy].name}: expected profiles, got none")
    return found
