"""The example rule that looks at the purchases under way, against published values.

Source: Zipkin, Operations Research 56 (2008) 1256-1263, tables of lost sales with Poisson demand of
mean 5; each level is optimal for the backlog system: the p / (p + h) quantile of the demand of as
many periods as it has to last.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scipy import stats

import backsim
from backsim.rules.files import keep_only, load_rules
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "vector_base_stock.py"
CASES = [(4, 1, 4.31), (9, 1, 5.51), (9, 2, 6.45), (4, 3, 5.51), (39, 3, 10.39)]
"""Cost of a lost unit, lead time, published cost per period to two decimals."""
RUNS = 12
ALARMS = 0.001


@pytest.fixture(autouse=True)
def _rule() -> Iterator[None]:
    load_rules([EXAMPLE])
    yield
    keep_only([])


def model(penalty: int, lead_time: int, horizon: int = 4200) -> Model:
    names = ["S", "S1", "S2", "S3"][: lead_time + 1]
    share = penalty / (penalty + 1)
    levels = {
        name: int(stats.poisson.ppf(share, 5 * (lead_time + 1 - i))) for i, name in enumerate(names)
    }
    demand = {
        "arrivals": {"period": {"every": 1}},
        "products": "item",
        "size": {"poisson": {"mean": 5}},
    }
    return from_dict(
        {
            "horizon": horizon,
            "warm_up": 200,
            "products": "item",
            "suppliers": {"maker": {"lead_time": lead_time}},
            "customers": {"all": {"demand": demand, "tolerance": "none"}},
            "policy": {"review": 1, "reorder": {"rule": "vector_base_stock", **levels}},
            "costs": {"holding": 1, "lost_margin": penalty},
        }
    )


@pytest.mark.parametrize(("penalty", "lead_time", "published"), CASES)
def test_the_published_cost(penalty: int, lead_time: int, published: float) -> None:
    played = model(penalty, lead_time)
    runs = [backsim.simulate(played, seed=3, replication=k, engine="simpy") for k in range(RUNS)]
    found = stats.describe([run.metrics["cost.total"] for run in runs])
    error = (found.variance / RUNS) ** 0.5
    limit = stats.t.ppf(1 - ALARMS / (2 * len(CASES)), RUNS - 1)
    assert abs(found.mean - published) <= limit * error + 0.005
    assert error < 0.01 * published


def test_both_engines_see_the_same_purchases() -> None:
    played = model(9, 2, horizon=400)
    one = backsim.simulate(played, seed=1, engine="simpy")
    assert one.log.equals(backsim.simulate(played, seed=1, engine="compiled").log)
