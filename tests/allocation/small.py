"""Small books from plain numbers: one product, supplies, demands and a table of costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.model.book import Book, Limits, Lines, Names, Options, Sources

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

INF = float("inf")


def small_book(
    supply: Sequence[float],
    demand: Sequence[float],
    *,
    cost: ArrayLike = 0.0,
    lost: ArrayLike = 0.0,
    weight: ArrayLike = 0.0,
    arrives: ArrayLike = 0.0,
    due: ArrayLike = 0.0,
    promised: ArrayLike = INF,
    complete: bool = False,
    classes: Sequence[int] | None = None,
    limits: Limits | None = None,
) -> Book:
    """One product; each source can serve each line at `cost[source, line]` a unit.

    `classes` are the lines' classes, 1 the most important; each line is an order of its own.
    """
    sources, lines = len(supply), len(demand)

    def per(count: int, value: ArrayLike) -> Any:
        return np.broadcast_to(np.asarray(value, float), (count,)).copy()

    zero = np.zeros(lines, np.int64)
    ranks = sorted(set(classes or [1]))
    of_class = [ranks.index(c) for c in classes] if classes else [0] * lines
    pair_line, pair_source = (
        np.repeat(np.arange(lines), sources),
        np.tile(np.arange(sources), lines),
    )
    costs = np.broadcast_to(np.asarray(cost, float), (sources, lines))
    arrival = per(sources, arrives)
    nothing = np.zeros(len(pair_line))
    return Book(
        lines=Lines(
            ids=tuple(str(i + 1) for i in range(lines)),
            product=zero,
            site=zero,
            customer=np.arange(lines),
            customer_class=np.array(of_class, np.int64),
            order=np.arange(lines),
            units=per(lines, demand),
            ordered=np.zeros(lines),
            due=per(lines, due),
            promised=per(lines, promised),
            tolerance=per(lines, INF),
            weight=per(lines, weight),
            lost=per(lines, lost),
            smallest=np.zeros(lines),
            complete=np.full(lines, complete),
        ),
        sources=Sources(
            ids=tuple(f"source {i + 1}" for i in range(sources)),
            product=np.zeros(sources, np.int64),
            site=np.zeros(sources, np.int64),
            units=per(sources, supply),
            arrives=arrival,
            kind=(arrival > 0).astype(np.int64),
            expedited=per(sources, INF),
            expedite=np.zeros(sources),
            ordered=per(sources, INF),
            first=arrival,
            last=arrival,
            supplier=np.full(sources, -1),
            transit=np.zeros(sources),
        ),
        options=Options(
            line=pair_line,
            source=pair_source,
            day=arrival[pair_source],
            transport=costs[pair_source, pair_line].astype(float),
            transfer=nothing,
            expedite=nothing,
            substitution=nothing,
        ),
        names=Names(
            products=("item",),
            sites=("main",),
            customers=tuple(str(i + 1) for i in range(lines)),
            classes=tuple(str(c) for c in ranks),
            prices=np.zeros(1),
            ranks=np.array(ranks, np.int64),
        ),
        limits=limits or Limits(),
    )
