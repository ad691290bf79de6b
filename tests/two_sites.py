"""Two sites under base stock, each of which serves the other's customers when these are out."""

from __future__ import annotations

import numpy as np


def backlog_when_each_may_serve_the_other(
    rates: tuple[float, float], levels: tuple[int, int], mean_lead_time: float, most: int = 25
) -> float:
    """Mean units backordered in all, of a Markov chain solved numerically.

    The state is the number of units on order at each site; a unit arrives after an exponential
    time, independently of others.  A customer is served at their own site if it has stock, else at
    the other if that has, else waits at their own.  No more than `most` units are on order.
    """
    size = most + 1
    rows = np.zeros((size * size, size * size))
    for one in range(size):
        for two in range(size):
            here = one * size + two
            have = (levels[0] > one, levels[1] > two)
            for site in (0, 1):
                serves = site if have[site] or not have[1 - site] else 1 - site
                after = (one + 1, two) if serves == 0 else (one, two + 1)
                if max(after) < size:
                    rows[here, after[0] * size + after[1]] += rates[site]
            if one:
                rows[here, here - size] += one / mean_lead_time
            if two:
                rows[here, here - 1] += two / mean_lead_time
    rows -= np.diag(rows.sum(axis=1))
    rows[:, 0] = 1.0  # probabilities sum to 1, in place of one equation
    right = np.zeros(size * size)
    right[0] = 1.0
    share = np.linalg.solve(rows.T, right).reshape(size, size)
    over = [np.maximum(np.arange(size) - level, 0) for level in levels]
    return float((share * (over[0][:, None] + over[1][None, :])).sum())
