"""The tape: what is random depends on the seed, the replication and a stream's name alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders

from backsim.entities import TAPE_FIELDS
from backsim.scenario.distributions.fields import distribution
from backsim.scenario.load import from_dict
from backsim.streams import Draws, Tape, draw, generator


def demand(**fields: Any) -> dict[str, Any]:
    return {"arrivals": {"poisson": {"rate": 4}}, "products": "mug", **fields}


def customer(**fields: Any) -> dict[str, Any]:
    return {
        "demand": demand(
            size={"geometric": {"mean": 2}},
            lines={"discrete": {"values": [1, 3]}},
            products=["mug", "plate"],
        ),
        "tolerance": {"exponential": {"mean": 3}},
        "due_in": {"uniform": {"low": 0, "high": 5}},
        "backorder_share": 0.7,
        **fields,
    }


SUPPLIERS = {
    "maker": {
        "lead_time": {"gamma": {"mean": 3, "cv": 0.5}},
        "capacity": {"servers": 1, "service": {"exponential": {"mean": 1}}},
    }
}


def model(customers: dict[str, Any], **fields: Any) -> Any:
    fields = {"products": ("mug", "plate"), "suppliers": SUPPLIERS, "horizon": 30, **fields}
    return build(customers, **fields)


def columns(tape: Tape, but: tuple[str, ...] = ()) -> dict[str, bytes]:
    return {name: tape.lines[name].tobytes() for name in TAPE_FIELDS if name not in but}


def of_class(tape: Tape, code: int) -> list[Any]:
    lines = tape.lines[tape.lines["customer_class"] == code]
    return lines[["time", "due", "tolerance", "units"]].tolist()


def test_the_same_seed_gives_the_same_tape():
    m = model({"a": customer(), "b": customer()})
    one, other = draw(m, 7), draw(m, 7)
    assert columns(one) == columns(other)
    for a, b in zip(one.lead_times + one.services, other.lead_times + other.services, strict=True):
        assert a.first(50)[:50].tobytes() == b.first(50)[:50].tobytes()


def test_another_replication_or_seed_gives_another_tape():
    m = model({"a": customer()})
    tapes = [draw(m, 7), draw(m, 7, 1), draw(m, 8), draw(m, 8, 1)]
    for name in ("time", "due", "tolerance", "units"):
        assert len({tape.lines[name].tobytes() for tape in tapes}) == len(tapes), name
    last = len(m.stock_points) - 1
    assert len({tape.lead_times[last].first(9)[:9].tobytes() for tape in tapes}) == len(tapes)


def test_a_class_more_shifts_no_other_class():
    alone = draw(model({"a": customer()}), 3)
    before = draw(model({"new": {"demand": demand()}, "a": customer()}), 3)
    after = draw(model({"a": customer(), "new": {"demand": orders((1, 2), (9, 1))}}), 3)
    assert of_class(alone, 0) == of_class(before, 1) == of_class(after, 0)


def test_a_demand_entry_more_shifts_no_other():
    one = customer()
    two = {**one, "demand": [one["demand"], demand()]}
    alone, both = draw(model({"a": one}), 3), draw(model({"a": two}), 3)
    assert set(alone.lines["time"]) <= set(both.lines["time"])


@pytest.mark.parametrize(
    "change",
    [
        {"tolerance": "unlimited"},
        {"due_in": 3},
        {"backorder_share": 1},
        {"shipment": "order"},
        {"priority": 5},
    ],
)
def test_a_class_changed_in_one_thing_keeps_the_others(change: dict[str, Any]):
    was = draw(model({"a": customer()}), 3)
    now = draw(model({"a": customer(**change)}), 3)
    but = {"tolerance": ("tolerance",), "due_in": ("due",), "backorder_share": ("tolerance",)}
    assert columns(was, but.get(next(iter(change)), ())) == columns(
        now, but.get(next(iter(change)), ())
    )


def test_a_stock_point_more_shifts_no_other():
    few = model({"a": customer()})
    many = model({"a": customer()}, products=("bowl", "mug", "plate"))
    tapes = [(m, draw(m, 3)) for m in (few, many)]
    streams: list[dict[Any, Any]] = []
    for m, tape in tapes:
        first = slice(len(m.stock_points))  # of each stock point's sources
        places = zip(m.stock_points, tape.lead_times[first], tape.services[first], strict=True)
        streams.append(
            {
                place: (a.first(20)[:20].tolist(), b.first(20)[:20].tolist())
                for place, a, b in places
            }
        )
    assert all(streams[1][place] == values for place, values in streams[0].items())
    assert tapes[0][1].lines["units"].tobytes() == tapes[1][1].lines["units"].tobytes()


def test_the_policy_never_enters():
    stock = [{"reorder": {"rule": "s_S", "s": 1, "S": 9}, "priority": "class_priority"}]
    assert columns(draw(model({"a": customer()}), 3)) == columns(
        draw(model({"a": customer()}, stock=stock), 3)
    )


def test_streams_of_different_names_differ():
    """Also where names look alike when put together."""
    m = model(
        {"a": {"demand": {"orders": [{"time": 1, "lines": {"x": 1}, "site": "y@z"}]}}},
        products=("x@y", "x"),
        sites=("z", "y@z"),
        stock=[{"products": ["x@y"], "sites": ["z"]}, {"products": ["x"], "sites": ["y@z"]}],
    )
    tape = draw(m, 3)
    last = len(m.stock_points)
    one, other = (tape.lead_times[last - k].first(5)[:5].tolist() for k in (1, 2))
    assert one != other


def test_a_second_source_shifts_no_other_stream():
    law = {"gamma": {"mean": 2, "cv": 1}}
    second = ["maker", {"supplier": "near", "emergency": {"level": 0, "up_to": 1}}]
    tapes = [
        draw(
            model(
                {"a": customer()},
                suppliers={"maker": {"lead_time": law}, "near": {"lead_time": law}},
                stock=[{"supplier": supplier, "expedite": {"days": 1, "level": 0}}],
            ),
            3,
        )
        for supplier in ("maker", second)
    ]
    assert len(tapes[1].lead_times) == len(tapes[0].lead_times) + 2  # a mug and a plate
    last = len(model({"a": customer()}).stock_points) - 1  # then come further sources
    one, other = (tape.lead_times[last].first(9)[:9].tolist() for tape in tapes)
    assert one == other != tapes[1].lead_times[-1].first(9)[:9].tolist()
    assert columns(tapes[0]) == columns(tapes[1])


@pytest.mark.parametrize("name", distribution)
def test_a_stream_does_not_depend_on_how_it_is_asked_for(name: str):
    given = distribution[name](**distribution[name].examples[0])

    def stream() -> Draws:
        return Draws(given, lambda: generator(1, 0, "x"))

    at_once, bit_by_bit = stream(), stream()
    for count in (1, 2, 3, 64, 65, 500, 1001):
        bit_by_bit.first(count)
    assert at_once.first(1001)[:1001].tobytes() == bit_by_bit.first(1001)[:1001].tobytes()
    assert (at_once.values >= 0).all()


def test_streams_grow_in_several_threads():
    from concurrent.futures import ThreadPoolExecutor

    given = distribution["gamma"](mean=2, cv=1.5)
    expected = Draws(given, lambda: generator(1, 0, "x")).first(20_000)[:20_000]
    shared = Draws(given, lambda: generator(1, 0, "x"))
    with ThreadPoolExecutor(4) as pool:
        pieces = list(pool.map(lambda n: shared.first(n)[:n].copy(), range(1, 20_000, 97)))
    for piece in pieces:
        assert piece.tobytes() == expected[: len(piece)].tobytes()


def test_a_tape_is_in_order_of_time_with_orders_together():
    m = model({"a": customer(), "b": customer(), "c": {"demand": orders((1, 2), (1, 1))}})
    lines = draw(m, 5).lines
    assert (np.diff(lines["time"]) >= 0).all()
    assert (np.diff(lines["head"]) >= 0).all()
    assert (lines["head"][lines["head"]] == lines["head"]).all()
    for name in ("time", "due", "tolerance", "customer_class"):
        assert (lines[name] == lines[name][lines["head"]]).all()
    assert (lines["due"] >= lines["time"]).all()
    assert lines["time"][-1] <= 30
    assert (lines["units"] > 0).all()


def test_lines_of_no_units_are_none():
    size = {"discrete": {"values": [0, 2]}}
    lines = draw(model({"a": {"demand": demand(size=size, lines=3)}}), 5).lines
    assert set(lines["units"]) == {2}
    heads = np.flatnonzero(lines["head"] == np.arange(len(lines)))
    assert set(np.diff(heads)) == {1, 2, 3}


def test_an_empty_tape():
    late = orders((99, 1))
    tape = draw(model({"a": {"demand": late}}), 5)
    assert (len(tape), tape.orders, tape.longest) == (0, 0, 1)


def test_orders_stay_whole_when_a_streams_last_order_has_one_line():
    """Merged with another class, two lines of one order still have one head."""
    orders = [{"time": 1, "lines": {"a": 1, "b": 1}}, {"time": 2, "lines": {"a": 1}}]
    other = [{"time": 1.5, "lines": {"a": 1}}]
    model = from_dict(
        {
            "horizon": 5,
            "products": ["a", "b"],
            "suppliers": {"s": {}},
            "customers": {
                "gold": {"demand": {"orders": orders}},
                "silver": {"demand": {"orders": other}},
            },
            "policy": {"reorder": "none"},
        }
    )
    tape = draw(model, 1)
    assert tape.columns["head"].tolist() == [0, 0, 2, 3]
    assert tape.orders == 3
    assert tape.longest == 2
