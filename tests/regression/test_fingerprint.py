"""Hashes of the random world: equal when it is, and of each source of a stock point."""

from __future__ import annotations

from typing import Any

from tests.experiment import shop

from backsim.regression.fingerprint import lead_times_digest, orders_digest
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw


def model(**changes: Any) -> Model:
    """A shop with two sources for each product."""
    suppliers = {"acme": {"lead_time": {"gamma": {"mean": 3, "cv": 0.5}}}, "near": {"lead_time": 1}}
    sources = [{"supplier": "acme", "share": 0.6}, {"supplier": "near", "share": 0.4}]
    stock = [{"products": "mug", "supplier": sources}, {"products": "plate", "supplier": sources}]
    return from_dict({**shop.SHOP, "suppliers": suppliers, "stock": stock}, changes=changes)


def digests(of: Model, seed: int = 1) -> tuple[str, str]:
    tape = draw(of, seed)
    return orders_digest(tape), lead_times_digest(of, tape)


def test_the_same_world() -> None:
    assert digests(model()) == digests(model())
    assert digests(model()) == digests(model(**{"costs.holding": 9}))


def test_another_seed_and_another_source() -> None:
    orders, lead_times = digests(model())
    assert not {orders, lead_times} & set(digests(model(), seed=2))
    changed = digests(model(**{"suppliers.near.lead_time": 2}))
    assert changed[0] == orders
    assert changed[1] != lead_times


def test_a_stream_read_further_is_the_same() -> None:
    of = model()
    tape = draw(of, 1)
    tape.lead_times[0].first(5000)
    assert lead_times_digest(of, tape) == digests(of)[1]
