"""Transshipment between stock points that differ: the shipped answers from a Markov chain."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from backsim.validation import answers

Parts = tuple[int, ...]


def shares(stock: Parts, rates: tuple[float, ...], mean: float) -> tuple[float, float]:
    """(by emergency, by transshipment) of all requests, with exponential lead times.

    The state is how many parts each stock point has; those that it lacks arrive one by one, each
    at the rate 1 / mean.  Who finds none asks the others in their order.
    """
    states = list(product(*(range(n + 1) for n in stock)))
    place = {state: i for i, state in enumerate(states)}
    flow, lost, sent = (np.zeros(shape) for shape in ((len(states),) * 2, len(states), len(states)))

    def move(state: Parts, point: int, by: int, rate: float) -> None:
        after = place[(*state[:point], state[point] + by, *state[point + 1 :])]
        flow[place[state], after] += rate
        flow[place[state], place[state]] -= rate

    for state in states:
        for i, rate in enumerate(rates):
            sender = next((j for j in (i, *range(len(stock))) if state[j]), None)
            if sender is None:
                lost[place[state]] += rate
                continue
            sent[place[state]] += rate * (sender != i)
            move(state, sender, -1, rate)
        for i, parts in enumerate(state):
            if parts < stock[i]:
                move(state, i, 1, (stock[i] - parts) / mean)
    equations = np.vstack([flow.T, np.ones(len(states))])
    known = np.append(np.zeros(len(states)), 1.0)
    law = np.linalg.lstsq(equations, known, rcond=None)[0]
    return float(law @ lost / sum(rates)), float(law @ sent / sum(rates))


def test_equal_stock_points_have_the_figures_of_a_loss_system() -> None:
    """Its law does not depend on that of the lead time: LT3, with two parts."""
    found = {a.metric: a.value for a in answers() if a.instance == "LT3"}
    lost, sent = shares((1, 1, 0), (1.0, 1.0, 1.0), 1 / 30)
    assert lost == pytest.approx(found["emergency_2"], abs=1e-12)
    assert sent == pytest.approx(found["lateral_2"], abs=1e-12)


def test_the_file_has_the_figures_of_its_scenario() -> None:
    known = [answer for answer in answers() if answer.instance == "LT_order"]
    scenario: Any = known[0].case.scenario
    demand = scenario["customers"]["machines"]["demand"]
    rates = tuple(entry["arrivals"]["poisson"]["rate"] for entry in demand)
    stock = tuple(entry["reorder"]["S"] for entry in scenario["stock"])
    mean = scenario["suppliers"]["maker"]["lead_time"]["exponential"]["mean"]
    lost, sent = shares(stock, rates, mean)
    found = {answer.metric: answer.value for answer in known}
    assert found["emergency"] == pytest.approx(lost, abs=1e-12)
    assert found["lateral"] == pytest.approx(sent, abs=1e-12)
    assert found["wait"] == pytest.approx(0.5 * sent + 2 * lost, abs=1e-12)
