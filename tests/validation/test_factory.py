"""A factory of one machine that several products and sites share: against exact answers.

Chance of a false alarm: each estimate is compared at 4.5 standard errors of 20 replications
(Student's t: once in 4,000), so that any of the 10 is off once in 400 seeds.
"""

from __future__ import annotations

from statistics import mean, stdev
from typing import Any

import pytest
from tests.models import build, played_fast

from backsim.results.metrics import Metrics, measure
from backsim.scenario import Model

REPLICATIONS = 20


def factory(mean_service: float, **fields: Any) -> dict[str, Any]:
    service = {"exponential": {"mean": mean_service}}
    return {"factory": {"lead_time": 0, "capacity": {"servers": 1, "service": service, **fields}}}


def demand(product: str, site: str, rate: float) -> dict[str, Any]:
    arrivals = {"poisson": {"rate": rate}}
    return {"demand": {"arrivals": arrivals, "products": product, "sites": site}}


def replications(model: Model) -> list[Metrics]:
    return [measure(model, played_fast(model, 3, r)) for r in range(REPLICATIONS)]


def agrees(found: list[float], exact: float, within: float) -> None:
    error = stdev(found) / len(found) ** 0.5
    assert error < within * exact
    assert mean(found) == pytest.approx(exact, abs=4.5 * error)


def test_products_and_sites_share_one_machine():
    """Base stock, Poisson demand, exponential work, first come first served.

    All purchases together are an M/M/1 queue; each is of a stock point with the probability of its
    share p of the demand.  So its own number there is geometric with the parameter
    rho p / (1 - rho (1 - p)).
    Source: Buzacott and Shanthikumar, Stochastic Models of Manufacturing Systems (1993), ch. 4.
    """
    points = (("mug", "north", 0.4, 4), ("plate", "north", 0.2, 1), ("mug", "south", 0.2, 3))
    model = build(
        {f"{p} at {s}": demand(p, s, rate) for p, s, rate, _ in points},
        products=["mug", "plate"],
        sites=["north", "south"],
        suppliers=factory(1.0),
        stock=[
            {"products": [p], "sites": [s], "reorder": {"rule": "base_stock", "S": level}}
            for p, s, _, level in points
        ],
        horizon=41_000,
        warm_up=1_000,
    )
    runs = replications(model)
    total = sum(rate for _, _, rate, _ in points)
    for product, site, rate, level in points:
        share = rate / total
        ratio = total * share / (1 - total * (1 - share))
        name = f"{product} at {site}"
        agrees([1 - run.get("fill_rate", "class", name) for run in runs], ratio**level, 0.05)
        backlog = ratio ** (level + 1) / (1 - ratio)
        agrees([run.get("mean_backlog", "class", name) for run in runs], backlog, 0.08)


@pytest.mark.parametrize("per", ["purchase", "unit"])
def test_batches_at_a_machine(per: str):
    """(r,nQ) with batches of four: GI/M/1 with Erlang times between batches.

    With s the root of s = (a / (a + m (1 - s)))^4 for demand at rate a and m batches done a day,
    rho / (1 - s) batches are there on average.
    Source: Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory (2008), sec. 5.3.
    """
    rate, batch, days = 0.8, 4, 4.0  # days a batch
    root = 0.5
    for _ in range(500):
        root = (rate / (rate + (1 - root) / days)) ** batch
    model = build(
        {"all": demand("mug", "main", rate)},
        suppliers=factory(days / batch if per == "unit" else days, per=per),
        stock=[{"reorder": {"rule": "r_nQ", "r": 9, "Q": batch}}],
        horizon=41_000,
        warm_up=1_000,
    )
    runs = replications(model)
    exact = batch * rate * days / batch / (1 - root)
    agrees([run["mean_on_order"] for run in runs], exact, 0.03)
    assert all(run["units_per_purchase"] == batch for run in runs)
