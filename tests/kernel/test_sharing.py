"""Splitting stock among waiting lines, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import build, check, deliveries, inbound, lines_of, orders, play, tell

from backsim import streams
from backsim.engines import simpy

WHOLE = {"shipment": "line"}


def shared(
    units: list[int], supply: int, sharing: str, whole: tuple[int, ...] = (), **stock: Any
) -> list[int]:
    """Units that each of some lines has on day 3, when so many have arrived.

    The line of each class waits from day 1; those of `whole` must be filled whole.
    """
    customers = {
        f"c{i}": {"demand": orders((1, n)), **(WHOLE if i in whole else {})}
        for i, n in enumerate(units)
    }
    stock = {"initial": 0, "sharing": sharing, "inbound": inbound((3, supply)), **stock}
    log = play(build(customers, stock=[stock], horizon=4))
    return (log.lines["shipped"] + log.lines["reserved"]).tolist()


@pytest.mark.parametrize(
    ("units", "supply", "proportional", "max_min"),
    [
        ([6, 3, 1], 5, [3, 2, 0], [2, 2, 1]),  # 3, 1.5, 0.5: of equal remainders the first
        ([6, 3, 1], 10, [6, 3, 1], [6, 3, 1]),
        ([6, 3, 1], 1, [1, 0, 0], [1, 0, 0]),
        ([1, 1, 1], 2, [1, 1, 0], [1, 1, 0]),
        ([10, 1, 1], 6, [5, 1, 0], [4, 1, 1]),
        ([5, 4, 3], 7, [3, 2, 2], [3, 2, 2]),  # 2.92, 2.33, 1.75
    ],
)
def test_shares(units: list[int], supply: int, proportional: list[int], max_min: list[int]):
    assert shared(units, supply, "proportional") == proportional
    assert shared(units, supply, "max_min") == max_min


def test_lines_that_must_be_whole_share_as_a_group():
    # 8 of 12 units: 2 each for the whole ones, 4 together, which fill the first; 1 is left over
    # for the line that takes parts, beside its own 4.
    assert shared([3, 6, 3], 8, "proportional", whole=(0, 2)) == [3, 5, 0]
    assert shared([3, 6, 3], 8, "max_min", whole=(0, 2)) == [3, 5, 0]


@pytest.mark.parametrize("sharing", ["proportional", "max_min"])
def test_what_a_line_cannot_use_goes_to_the_others(sharing: str):
    assert shared([5, 5], 6, sharing, whole=(0,)) == [0, 5]
    assert shared([5, 5], 6, sharing, whole=(0,), overtaking="strict") == [0, 5]
    assert shared([5, 5], 6, sharing, whole=(0,), overtaking="partial") == [3, 3]
    # The last unit beside a line of 2 that can be filled: nobody waits in vain.
    assert shared([2, 1, 9], 3, sharing, whole=(0, 2))[0] == 2


def test_among_lines_that_must_be_whole_the_first_may_block():
    # Of 6 units the shares of 5 and 1 are 2 and 0: enough for the second only.
    assert shared([5, 1, 6], 6, "proportional", whole=(0, 1)) == [0, 1, 5]
    assert shared([5, 1, 6], 6, "proportional", whole=(0, 1), overtaking="strict") == [0, 0, 6]


def test_units_below_a_critical_level_are_shared_by_those_who_may_have_them():
    levels = {"rule": "critical_level", "levels": {"c1": 2}}
    # 3 units above the level: 1.5 each; the last 2 go to the class without a level.
    assert shared([4, 4], 5, "proportional", rationing=levels) == [4, 1]
    levels = {"rule": "critical_level", "levels": {"c1": 2, "c2": 4}}
    # 1 above 4 among three; 2 above 2 among two; 2 for the first.
    assert shared([9, 9, 9], 5, "proportional", rationing=levels) == [4, 1, 0]
    assert shared([9, 9, 9], 5, "max_min", rationing=levels) == [4, 1, 0]


def test_of_equal_remainders_those_first_in_the_queue_get_the_unit():
    customers = {
        name: {"demand": orders((1, 2)), "priority": rank}
        for name, rank in (("late", 3), ("first", 1), ("second", 2))
    }
    stock = {"initial": 0, "sharing": "proportional", "inbound": inbound((3, 2))}
    log = play(build(customers, stock=[{**stock, "priority": "class_priority"}]))
    assert log.lines["shipped"].tolist() == [0, 1, 1]


@settings(max_examples=examples(150))
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.integers(1, 200),
    st.sampled_from(["proportional", "max_min"]),
)
def test_no_unit_is_lost_and_nobody_is_off_by_one(units: list[int], supply: int, sharing: str):
    customers = {f"c{i}": {"demand": orders((1, n))} for i, n in enumerate(units)}
    stock = {"initial": 0, "sharing": sharing, "inbound": inbound((3, supply))}
    model = build(customers, stock=[stock], horizon=4)
    log = simpy.run(model, streams.draw(model, 1))
    check(model, log)
    got, asked = log.lines["shipped"].astype(float), np.array(units)
    assert got.sum() == min(supply, sum(units))
    if sharing == "proportional":
        exact = asked * min(1.0, supply / sum(units))
        assert (np.abs(got - exact) < 1).all()
    else:
        short = got < asked
        assert not short.any() or got.max() <= got[short].min() + 1


# -- lines that must be whole, and those behind them -------------------------------------------


EARLY, BOTH, LATE = [[4, 4, 6], [6]], [[6, 6, 6], [6]], [[6, 6, 6], [4]]


@pytest.mark.parametrize(
    ("shipment", "overtaking", "expected"),
    [
        *(("partial", overtaking, EARLY) for overtaking in ("strict", "skip", "partial")),
        *((shipment, "strict", BOTH) for shipment in ("line", "order")),
        *((shipment, "skip", LATE) for shipment in ("line", "order")),
        *((shipment, "partial", BOTH) for shipment in ("line", "order")),
    ],
)
def test_shipment_and_overtaking(shipment: str, overtaking: str, expected: list[Any]):
    """3 units, then 1; 2 arrive on day 4 and 2 on day 6."""
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": shipment},
        "small": {"demand": orders((2, 1))},
    }
    stock = {"initial": 0, "overtaking": overtaking, "inbound": inbound((4, 2), (6, 2))}
    assert deliveries(play(build(customers, stock=[stock]))) == expected


def test_a_line_that_takes_what_there_is_keeps_it_from_a_more_important_one():
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": "line", "priority": 2},
        "urgent": {"demand": orders((5, 1))},
    }
    stock = {"initial": 0, "priority": "class_priority", "inbound": inbound((4, 2), (6, 2))}
    for overtaking, urgent in (("strict", 5.0), ("partial", 6.0)):
        log = play(build(customers, stock=[{**stock, "overtaking": overtaking}]))
        assert log.lines["closed"].tolist() == [6.0, urgent]
    assert tell(log) == lines_of(
        """1 order 0 3
        1 wait 0 3
        4 receive 0 2
        4 reserve 0 2
        5 order 1 1
        5 wait 1 1
        6 receive 1 2
        6 ship 1 1
        6 reserve 0 1
        6 ship 0 3"""
    )


def test_a_new_line_takes_what_there_is_and_gives_it_back_when_it_leaves():
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": "line", "tolerance": 2},
        "small": {"demand": orders((2, 1))},
    }
    log = play(build(customers, stock=[{"initial": 2, "overtaking": "partial"}]))
    assert tell(log) == lines_of(
        """1 order 0 3
        1 reserve 0 2
        1 wait 0 1
        2 order 1 1
        2 wait 1 1
        3 leave 0 3
        3 ship 1 1"""
    )
    assert log.stocks[-1]["on_hand"] == 1
