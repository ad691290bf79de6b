"""A limit to the backlog: who would be one too many in the queue is lost at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import t
from tests.models import build, inbound, lines_of, orders, play, tell

import backsim
from backsim.entities import LINE_STATUS
from backsim.results.metrics import measure
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


def statuses(log: Any) -> list[str]:
    return [LINE_STATUS[code] for code in log.lines["status"]]


def story(log: Any) -> list[str]:
    """The event log without what suppliers and sites say of dates."""
    return [row for row in tell(log) if " expect " not in row]


def test_who_finds_the_queue_full_is_lost_and_the_next_finds_room_again():
    model = build(
        {"a": {"demand": orders((1, 2), (2, 1), (4, 1), (5, 1))}},
        stock=[{"initial": 1, "inbound": inbound((3, 1)), "backlog_limit": 1}],
        costs={"lost_margin": 7, "backorder_unit": 1},
        horizon=10,
    )
    log = play(model)
    assert story(log) == lines_of(
        """1 order 0 2
        1 ship 0 1
        1 wait 0 1
        2 order 1 1
        2 wait 1 1
        2 lose 1 1
        3 receive 0 1
        3 ship 0 1
        4 order 2 1
        4 wait 2 1
        5 order 3 1
        5 wait 3 1
        5 lose 3 1"""
    )
    metrics = measure(model, log)
    assert metrics["lost_rate"] == pytest.approx(2 / 5)
    assert metrics["cost.lost_margin"] == pytest.approx(2 * 7 / 10)
    assert metrics["cost.backorder_unit"] == pytest.approx(2 * 1 / 10)  # not those who were lost


@pytest.mark.parametrize(
    ("limit", "lost"),
    [  # orders of 2, 1, 2 units at 5 each; none is on hand
        ({"units": 2}, [1, 2]),
        ({"units": 3}, [2]),
        ({"value": 14.99}, [1, 2]),
        ({"value": 15}, [2]),
        ({"lines": 1, "units": 9}, [1, 2]),
        ({"lines": 9, "units": 4}, [2]),
        ({"units": 1}, [0, 2]),
    ],
    ids=str,
)
def test_the_backlog_may_be_limited_in_units_or_money(limit: dict[str, float], lost: list[int]):
    model = build(
        {"a": {"demand": orders((1, 2), (2, 1), (3, 2))}},
        products={"mug": {"price": 5}},
        stock=[{"initial": 0, "backlog_limit": limit}],
    )
    found = statuses(play(model))
    assert [index for index, status in enumerate(found) if status == "lost"] == lost


def test_a_limit_in_lines_alone_is_written_as_a_number():
    model = build({"a": {"demand": orders((1, 2))}}, stock=[{"backlog_limit": {"lines": 3}}])
    (point, *_) = [p for p in model.to_dict()["stock"] if p["products"] == ["mug"]]
    assert point["backlog_limit"] == 3


def test_with_a_limit_of_none_nobody_waits():
    demand = orders((1, 2), (2, 1))
    limited = build({"a": {"demand": demand}}, stock=[{"initial": 1, "backlog_limit": 0}])
    lost_sale = build({"a": {"demand": demand, "tolerance": "none"}}, stock=[{"initial": 1}])
    assert tell(play(limited)) == tell(play(lost_sale))


def test_what_the_class_may_have_is_taken_before_the_rest_is_lost():
    levels = {"rule": "critical_level", "levels": {"silver": 2}}
    log = play(
        build(
            {"silver": {"demand": orders((1, 3))}, "gold": {"demand": orders((2, 3))}},
            stock=[{"initial": 2, "rationing": levels, "backlog_limit": 1}],
        )
    )
    assert log.lines["shipped"].tolist() == [0, 2]
    assert log.lines["left"].tolist() == [0, 1]
    assert statuses(log) == ["waiting", "lost"]


@pytest.mark.parametrize(
    ("shipment", "shipped", "mugs"), [("partial", [0, 2, 0, 2], 0), ("order", [0, 0, 0, 4], 0)]
)
def test_one_line_too_many_loses_the_whole_order(shipment: str, shipped: list[int], mugs: int):
    """Mugs are there; plates are not, and somebody waits for them.  The last one wants mugs."""
    demand = orders((1, {"plate": 1}), (2, {"mug": 2, "plate": 1}), (3, {"mug": 4}))
    log = play(
        build(
            {"a": {"demand": demand, "shipment": shipment if shipment == "order" else "partial"}},
            products=("mug", "plate"),
            stock=[{"products": "mug", "initial": 4}, {"products": "plate", "backlog_limit": 1}],
        )
    )
    assert log.lines["shipped"].tolist() == shipped
    assert statuses(log)[2] == "lost"
    assert log.stocks["on_hand"][-2] == mugs
    assert log.stocks["backlog"][-1] == 1


def test_a_substitute_is_offered_first():
    log = play(
        build(
            {"a": {"demand": orders((1, 1), (2, 3))}},
            products={"mug": {"substitutes": "cup"}, "cup": {}},
            stock=[
                {"products": "mug", "initial": 0, "backlog_limit": 0},
                {"products": "cup", "initial": 2},
            ],
        )
    )
    assert statuses(log) == ["substituted", "lost"]  # there is a cup, but there are not three


def test_who_is_turned_away_is_told_nothing():
    log = play(
        build(
            {"a": {"demand": orders((1, 1), (2, 1))}},
            stock=[
                {
                    "initial": 0,
                    "notice": "at_order",
                    "estimate": {"rule": "fixed", "days": 9},
                    "backlog_limit": 1,
                }
            ],
        )
    )
    assert log.notices["head"].tolist() == [0]


def test_at_a_batch_run_what_is_kept_may_wait_again_however_many_do():
    """Line 0 has a mug kept for it, which the run takes back and gives to line 2, an urgent one."""
    customers = {
        "slow": {
            "demand": orders((1, {"mug": 1, "plate": 1})),
            "shipment": "order",
            "priority": 2,
        },
        "urgent": {"demand": orders((2, 1)), "priority": 1},
    }
    log = play(
        build(
            customers,
            products=("mug", "plate"),
            stock=[
                {
                    "products": "mug",
                    "initial": 1,
                    "priority": "class_priority",
                    "clearing": {"every": 5, "first": 5, "reallocate": True},
                    "backlog_limit": 1,
                },
                {"products": "plate"},
            ],
        )
    )
    assert statuses(log) == ["waiting", "waiting", "shipped"]


def test_sites_wait_however_many_do_and_count_as_waiting():
    def at(site: str, *rows: tuple[float, int]) -> dict[str, Any]:
        demand = orders(*rows)
        for order in demand["orders"]:
            order["site"] = site
        return {"demand": demand}

    base = {"rule": "base_stock", "S": 1}
    log = play(
        build(
            {"shoppers": at("shop", (1, 1), (2, 1)), "fitters": at("hub", (3, 1))},
            sites=("shop", "hub"),
            stock=[
                {"sites": "shop", "supplier": {"site": "hub"}, "reorder": base},
                {"sites": "hub", "initial": 0, "inbound": inbound((5, 2)), "backlog_limit": 1},
            ],
        )
    )
    assert statuses(log) == ["shipped", "shipped", "lost"]  # two purchases of the shop wait
    assert [LINE_STATUS[code] for code in log.site_lines["status"]] == ["shipped", "shipped"]


# -- what theory says of it ------------------------------------------------------------------------


def queue(servers: int, room: Any, rate: float, **horizon: Any) -> Model:
    """M/M/s/r: a unit of stock is a server, and a customer who waits is in the queue."""
    service = {"exponential": {"mean": 1}}
    return from_dict(
        {
            "horizon": 20_500,
            "warm_up": 500,
            "products": "server",
            "suppliers": {"work": {"capacity": {"servers": servers, "service": service}}},
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": rate}}, "products": "server"}}
            },
            "policy": {"reorder": {"rule": "base_stock", "S": servers}, "backlog_limit": room},
            **horizon,
        }
    )


def blocked(servers: int, room: int, load: float) -> float:
    """Probability that all servers are busy and `room` customers wait.

    Source: Gross and Harris, Fundamentals of Queueing Theory (1998), section 2.5 (M/M/c/K).
    """
    weights = [load**n / math.factorial(min(n, servers)) for n in range(servers + room + 1)]
    weights = [w / servers ** max(0, n - servers) for n, w in enumerate(weights)]
    return weights[-1] / sum(weights)


def test_the_formula_is_that_of_erlang_without_room():
    terms = [5.0**n / math.factorial(n) for n in range(4)]
    assert blocked(3, 0, 5.0) == pytest.approx(terms[-1] / sum(terms))  # Erlang's loss formula


@pytest.mark.parametrize(("servers", "room", "load"), [(3, 0, 2.0), (3, 4, 2.5), (1, 2, 1.5)])
def test_the_share_that_is_lost_is_the_probability_of_a_full_system(
    servers: int, room: int, load: float
):
    """A right simulation fails one of the three with probability 3e-4 (t-test, 20 replications)."""
    runs = backsim.replicate(queue(servers, room, load), seed=4, replications=20, engine="compiled")
    lost = np.array([run.metrics["lost_rate"] for run in runs])
    error = lost.std(ddof=1) / math.sqrt(len(lost))
    assert error < 0.002
    assert abs(lost.mean() - blocked(servers, room, load)) < t.ppf(1 - 0.5e-4, 19) * error


def test_more_room_means_fewer_lost_and_longer_waits():
    """On the same random numbers."""
    (few,), (more,), (all_of_them,) = (
        backsim.replicate(queue(2, room, 1.8), seed=4, replications=1, engine="simpy")
        for room in (1, 5, "unlimited")
    )
    assert few.metrics["lost_rate"] > more.metrics["lost_rate"] > 0.0
    assert all_of_them.metrics["lost_rate"] == 0.0
    waits = [run.metrics["mean_wait"] for run in (few, more, all_of_them)]
    assert waits == sorted(waits)
