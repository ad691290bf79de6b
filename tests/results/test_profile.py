"""The course of a run: against the event log, against the metrics, and as bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import build, inbound, orders
from tests.properties.strategies import models, networks

import backsim
from backsim import streams
from backsim.engines import simpy
from backsim.engines.log import Log
from backsim.entities import NOTES
from backsim.errors import InputError
from backsim.results.metrics import measure
from backsim.results.moves import all_moves
from backsim.results.profile import DAYS, Profile, profile
from backsim.scenario.model import Model

SCENARIO = Path(__file__).parents[2] / "scenarios" / "quickstart.yaml"


def play(model: Model, seed: int = 1, record: bool = False) -> Log:
    """A log; that both engines write the same is tested elsewhere."""
    return simpy.run(model, streams.draw(model, seed, 0), record=record)


def at(found: Profile, what: str, day: float) -> int:
    """A path's value on a day of its grid."""
    return int(getattr(found, what)[np.flatnonzero(np.isclose(found.times, day))[0]])


def test_a_story() -> None:
    """Five on hand; 3 at once on day 2, 4 wanted on day 4 of which 2 wait till day 6 and 9."""
    model = build(
        {"retail": {"demand": orders((2, 3), (4, 4)), "shipment": "partial"}},
        stock=[{"initial": 5, "inbound": inbound((6, 1), (9, 4))}],
    )
    found = profile(model, play(model))
    days = (0, 1.8, 2, 3.8, 4, 5.8, 6, 8.8, 9, 20)
    assert [at(found, "stock", d) for d in days] == [5, 5, 2, 2, 0, 0, 0, 0, 3, 3]
    assert [at(found, "backlog", d) for d in days] == [0, 0, 0, 0, 2, 2, 1, 1, 0, 0]
    assert found.ordered.tolist() == [7]
    shares = dict(zip(DAYS, found.shares[0], strict=True))
    assert (shares[0], shares[1.5], shares[2], shares[4], shares[5]) == (
        5 / 7, 5 / 7, 6 / 7, 6 / 7, 1.0,
    )  # fmt: skip


def test_units_between_sites_are_at_none() -> None:
    """The shop sells on day 2 and is sent one by the hub, which is under way for 4 days."""
    demand = orders((2, 1))
    demand["orders"][0]["site"] = "shop"
    model = build(
        {"retail": {"demand": demand}},
        sites=["shop", "hub"],
        stock=[
            {"sites": ["hub"], "initial": 3},
            {
                "sites": ["shop"],
                "supplier": {"site": "hub", "transport": 4},
                "reorder": {"rule": "base_stock", "S": 1},
            },
        ],
    )
    found = profile(model, play(model))
    assert [at(found, "stock", d) for d in (1.8, 2, 5.8, 6)] == [4, 2, 2, 3]
    assert not found.backlog.any()


def test_components_leave_the_stock_when_work_begins() -> None:
    """One wheel waits for two more from day 2 to 5; a day later there is a barrow."""
    model = build(
        {"retail": {"demand": orders((2, {"barrow": 1}))}},
        products=["barrow", "wheel"],
        suppliers={"stand": {"lead_time": 1}},
        stock=[
            {"products": ["wheel"], "initial": 1, "inbound": inbound((5, 2))},
            {
                "products": ["barrow"],
                "made_from": {"wheel": 3},
                "initial": 1,
                "reorder": {"rule": "base_stock", "S": 1},
            },
        ],
    )
    found = profile(model, play(model))
    assert [at(found, "stock", d) for d in (1.8, 2, 4.8, 5, 5.8, 6)] == [2, 1, 1, 0, 0, 1]


def test_what_comes_back_and_what_expires() -> None:
    """Four keep for six days; two are sold on day 2 and come back on day 5, to keep as long."""
    model = build(
        {"retail": {"demand": orders((2, 2)), "returns": {"share": 1, "after": 3, "restock": 1}}},
        products={"mug": {"shelf_life": 6}},
        stock=[{"initial": 4}],
    )
    found = profile(model, play(model))
    days = (1.8, 2, 4.8, 5, 5.8, 6, 10.8, 11)
    assert [at(found, "stock", d) for d in days] == [4, 2, 2, 4, 4, 2, 2, 0]


def from_notes(model: Model, log: Log, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stock and backlog of customers at each time, from the event log."""

    def total(*words: str, lines: int | None = None) -> np.ndarray:
        """Units so noted; only of the first `lines` lines."""
        rows = log.notes[np.isin(log.notes["what"], [NOTES.index(w) for w in words])]
        rows = rows if lines is None else rows[rows["subject"] < lines]
        return np.array([rows["units"][rows["time"] <= t].sum() for t in times], int)

    stock = log.stocks["initial"].sum() + total("receive", "return")
    stock -= total("ship", "substitute", "expire", "recall")
    own = len(log.lines)  # those of sites come after them
    gone = total("ship", "leave", "lose", "substitute", lines=own)
    return stock, total("order", lines=own) - gone


@settings(max_examples=examples(60))
@given(st.one_of(models(), networks()), st.integers(0, 3))
def test_against_the_event_log(model: Model, seed: int) -> None:
    makers = [s for name, s in model.scenario.suppliers.items() if name != "idle"]
    assume(all(maker.parts is None for maker in makers))  # those count with their last part
    log = play(model, seed, record=True)
    found = profile(model, log)
    stock, backlog = from_notes(model, log, found.times)
    assert (found.stock == stock).all()
    assert (found.backlog == backlog).all()
    assert found.stock[-1] == log.stocks["on_hand"].sum() + log.stocks["reserved"].sum()
    assert found.backlog[-1] == log.lines["open"].sum() + log.lines["reserved"].sum()
    held = log.stocks["initial"].astype(int)
    for move in all_moves(log):
        over = move.time <= model.horizon
        np.add.at(held, move.stock[over], move.units[over])
    assert (held == log.stocks["on_hand"] + log.stocks["reserved"]).all()


@settings(max_examples=examples(30))
@given(models(), st.integers(0, 3))
def test_waits_against_every_unit(model: Model, seed: int) -> None:
    log = play(model, seed)
    found = profile(model, log)
    ordered = np.zeros(len(model.classes), int)
    within = np.zeros((len(model.classes), len(DAYS)), int)
    for number, line in enumerate(log.lines):
        if line["time"] >= model.warm_up:
            code = line["customer_class"]
            ordered[code] += line["units"]
            within[code] += line["filled"]
            for shipment in log.shipments[log.shipments["line"] == number]:
                late = shipment["time"] - line["time"] <= DAYS + 1e-9
                within[code] += shipment["units"] * late
    assert found.ordered.tolist() == ordered.tolist()
    assert found.within.tolist() == within.tolist()


def test_it_agrees_with_the_metrics() -> None:
    """The share at 0 days is the fill rate, exactly; the path's mean is near the time average."""
    run = backsim.simulate(SCENARIO, seed=1, engine="simpy")
    found, metrics = profile(run.model, run.log), measure(run.model, run.log)
    for share, name in zip(found.shares[:, 0], run.model.classes, strict=True):
        assert share == pytest.approx(metrics.get("fill_rate", "class", name), abs=1e-12)
    after = found.times >= run.model.warm_up
    held = metrics["mean_on_hand"] + metrics["mean_reserved"]
    assert found.stock[after].mean() == pytest.approx(held, rel=0.15)


def test_nobody_ordered() -> None:
    model = build({"retail": {"demand": orders((30, 1))}}, horizon=20)
    found = profile(model, play(model))
    assert found.ordered.tolist() == [0]
    assert np.isnan(found.shares).all()
    assert not found.backlog.any()


def test_bytes_and_back() -> None:
    model = build({"gold": {"demand": orders((2, 3))}, "ψ <b>": {"demand": orders((4, 9))}})
    found = profile(model, play(model))
    data = found.to_bytes()
    again = Profile.from_bytes(data)
    assert again.to_bytes() == data
    assert again.classes == ("gold", "ψ <b>")
    for name in ("times", "stock", "backlog", "days", "ordered", "within"):
        one, other = getattr(found, name), getattr(again, name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert len(data) < 6000


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"\x80\x04" + data,
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data.replace(b'"stock"', b'"stuck"'),
        lambda data: data.replace(b'"<i8"', b'"|O8"', 1),
        lambda data: data[: data.index(b"{")] + b"[]\n",
    ],
)
def test_foreign_bytes(spoil: object) -> None:
    model = build({"gold": {"demand": orders((2, 3))}})
    data = profile(model, play(model)).to_bytes()
    with pytest.raises(InputError, match="profile: expected the bytes of a profile, got"):
        Profile.from_bytes(spoil(data))  # type: ignore[operator]
