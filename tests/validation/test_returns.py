"""Returns against the exact law of the net stock.

Poisson demand of rate l, of which each unit comes back to stock with probability p after a long
constant time.  Then returns are a Poisson process of rate p l that is independent of the demand of
the time in between.  The position of a base-stock policy rises above S with every return and is
lowered by demand: above S it is a birth-and-death process, and P(k above S) = (1 - p) p^k.  The net
stock a lead time L later is S + k - D + R, all independent, with D and R Poisson of means l L and
p l L.
Source: Fleischmann, Kuik and Dekker, European Journal of Operational Research 138 (2002) 63-75:
the model with returns is one of net demand; the law of the position is that of an M/M/1 queue.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import geom, poisson

from backsim import streams
from backsim.api import replicate
from backsim.engines import simpy
from backsim.errors import InputError
from backsim.hindsight.bound import bound_of
from backsim.results.run import play_and_check
from backsim.scenario import from_dict

RATE, LEAD, LEVEL = 1.0, 4.0, 5
REACH = 80


def exact(share: float) -> dict[str, float]:
    """Metrics of the net stock, and what is bought: an order whenever demand comes at S."""
    law = np.zeros(1)
    law[0] = 1.0
    above = geom.pmf(np.arange(REACH) + 1, 1 - share)
    demand = poisson.pmf(np.arange(REACH), RATE * LEAD)
    back = poisson.pmf(np.arange(REACH), share * RATE * LEAD)
    law = np.convolve(np.convolve(above, back), demand[::-1])
    net = np.arange(len(law)) - (REACH - 1) + LEVEL
    return {
        "ready_rate": float(law[net > 0].sum()),
        "mean_on_hand": float(law @ np.maximum(net, 0)),
        "mean_backlog": float(law @ np.maximum(-net, 0)),
        "purchases_per_day": RATE * (1 - share),
    }


def shop(share: float, returns: Any) -> Any:
    return from_dict(
        {
            "horizon": 3000,
            "warm_up": 1000,
            "products": "part",
            "suppliers": {"maker": {"lead_time": LEAD}},
            "customers": {
                "a": {
                    "demand": {"arrivals": {"poisson": {"rate": RATE}}, "products": "part"},
                    "returns": {"share": share, **returns},
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": LEVEL}},
        }
    )


@pytest.mark.parametrize(
    ("share", "returns"),
    [
        (0.3, {"after": 400}),
        (0.5, {"after": 100, "restock": 0, "repair": {"share": 1, "days": 300}}),
    ],
    ids=["to stock", "repaired"],
)
def test_the_net_stock_with_returns(share: float, returns: Any):
    """Within 4 standard errors, of four metrics each: a false alarm in 2,000 seeds."""
    runs = list(replicate(shop(share, returns), seed=5, replications=40, engine="compiled"))
    for name, value in exact(share).items():
        values = np.array([run.metrics[name] for run in runs])
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert error < 0.05 * value, name
        assert abs(values.mean() - value) < 4 * error, (name, values.mean(), value, error)
    rates = np.array([run.metrics["return_rate"] for run in runs])
    assert 0 < rates.mean() < share  # those of the last 400 days are still out


def test_scrapped_units_change_nothing_but_the_counts():
    """The same purchases and shipments as without returns, to the bit."""
    scrap = shop(0.3, {"after": 4, "restock": 0}).replace(horizon=200, warm_up=0)
    plain = shop(0.3, {"after": 1e6}).replace(horizon=200, warm_up=0)
    one, other = (simpy.run(model, streams.draw(model, 1)) for model in (scrap, plain))
    for table in ("lines", "purchases", "shipments"):
        assert getattr(one, table).tobytes() == getattr(other, table).tobytes()
    assert one.returns["units"].sum() > 20
    assert one.stocks["returned"].sum() == 0


def test_the_bound_refuses_returns():
    model = shop(0.3, {"after": 4}).replace(horizon=20, warm_up=0)
    run = play_and_check(model, streams.draw(model, 1), "simpy", "")
    with pytest.raises(InputError, match="customers send units back"):
        bound_of(run)
