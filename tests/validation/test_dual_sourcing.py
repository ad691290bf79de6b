"""A second source for emergencies against the exact answer for Poisson demand and base stock.

With constant lead times L and l < L, base stock S, level = S - m - 1 and up_to = S - m, a purchase
is placed at the emergency source exactly when m purchases are more than l days away.  So these are
a loss system with m servers, and what comes within l days an infinite one:

    on hand - backlog = S - N1 - N2,  N1 Poisson(rate (L - l)) given N1 <= m,  N2 Poisson(rate l)

both independent; the share of emergency units is Erlang's loss formula.
Source: Song and Zipkin, "Inventories with multiple supply sources and networks of queues with
overflow bypasses", Management Science 55 (2009) 362-372.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from backsim import simulate
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

RATE = 1.5
CASES = [  # S, m, L, l
    (12, 8, 8, 2),
    (9, 9, 6, 0),  # with no lead time nobody waits: all that is short is bought at once
    (10, 4, 8, 3),
]
NAMES = ("emergency_share", "ready_rate", "mean_on_hand", "mean_backlog", "mean_net_stock")
RUNS = 16
ALARMS = 0.01
"""The chance that one of all comparisons below fails although all is right."""


def model(S: int, m: int, far: float, near: float) -> Model:
    plan = {"level": S - m - 1, "up_to": S - m}
    return from_dict(
        {
            "horizon": 2100,
            "warm_up": 100,
            "products": "mug",
            "suppliers": {"far": {"lead_time": far}, "near": {"lead_time": near}},
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": RATE}}, "products": "mug"}}
            },
            "policy": {"reorder": {"rule": "base_stock", "S": S}},
            "stock": [{"supplier": ["far", {"supplier": "near", "emergency": plan}]}],
        }
    )


def exact(S: int, m: int, far: float, near: float) -> list[float]:
    """The figures of `NAMES`."""
    first = stats.poisson.pmf(np.arange(m + 1), RATE * (far - near))
    first /= first.sum()
    second = stats.poisson.pmf(np.arange(200), RATE * near)
    out = np.convolve(first, second)
    net = S - np.arange(len(out))
    return [
        first[m],
        out[net > 0].sum(),
        (out * net.clip(min=0)).sum(),
        (out * (-net).clip(min=0)).sum(),
        (out * net).sum(),
    ]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_exact_answer_for_two_sources(case: tuple[int, int, float, float]):
    """Student's t intervals over replications, Bonferroni over all comparisons of this file."""
    played = model(*case)
    runs = [simulate(played, seed=5, replication=k, engine="simpy").metrics for k in range(RUNS)]
    found = np.array([[run[name] for name in NAMES] for run in runs])
    limit = stats.t.ppf(1 - ALARMS / (2 * len(CASES) * len(NAMES)), RUNS - 1)
    for name, value, figures in zip(NAMES, exact(*case), found.T, strict=True):
        error = figures.std(ddof=1) / RUNS**0.5
        assert abs(figures.mean() - value) <= limit * error + 1e-9, name
        assert error < 0.03 * max(1, value), name
