"""The files of family 21 against exact computation: a Markov chain, and value iteration.

Per period: receive, order (express orders arrive at once), demand uniform on 0 ... U, measure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from backsim.validation import answers, left_out
from backsim.validation.collection import choose

FAMILY = "21_dual_sourcing"
COLLECTION = Path(__file__).parents[2].parent / "shared" / "opt_answers.json"
ALL = {answer.id: answer for answer in answers() if answer.family == FAMILY}
PUBLISHED = {"gijs22": 100.0}
"""What is added to the published value: per cent of the optimum instead of a gap in per cent."""

Orders = Callable[[int, int], tuple[int, int]]
"""(net stock, units to come from the regular supplier) -> (units from express, from regular)."""


class Instance:
    """A scenario of the family, read from its explicit form."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        size = scenario["customers"]["customers"]["demand"]["size"]
        self.demand = np.array(size["discrete"]["values"])
        self.lead_time = int(scenario["suppliers"]["regular"]["lead_time"])
        self.holding = scenario["costs"]["holding"]
        self.penalty = scenario["costs"]["backorder_time"]
        express = scenario["stock"][0]["supplier"][1]
        self.premium, self.plan = express["surcharge"], express["emergency"]
        self.rule = scenario["policy"]["reorder"]

    def of_period(self, stock: Any) -> Any:
        """Mean cost of a period that begins with this net stock, before its demand."""
        left = np.asarray(stock)[..., None] - self.demand
        return np.where(left > 0, self.holding * left, -self.penalty * left).mean(axis=-1)

    def orders(self, stock: int, coming: int) -> tuple[int, int]:
        """What the policy of the scenario orders."""
        counted = stock + coming if self.plan.get("counts") == "all" else stock
        urgent = self.plan["up_to"] - counted if counted <= self.plan["level"] else 0
        if self.rule["rule"] == "constant_order":
            return urgent, self.rule["Q"]
        missing = max(0, self.rule["S"] - stock - urgent - coming)
        return urgent, min(missing, self.rule.get("cap", missing))


def cost_of(instance: Instance) -> float:
    """The mean cost per period of an instance's policy, from its stationary law."""
    start = (instance.plan["up_to"], *[0] * (instance.lead_time - 1))
    number, waiting, moves, costs = {start: 0}, [start], [], {}
    while waiting:
        state = waiting.pop()
        stock, *coming = state
        urgent, regular = instance.orders(stock, sum(coming))
        costs[number[state]] = instance.premium * urgent + instance.of_period(stock + urgent)
        first, *rest = [*coming, regular]
        for units in instance.demand.tolist():
            following = (min(stock + urgent - units + first, 150), *rest)
            if following not in number:
                number[following] = len(number)
                waiting.append(following)
            moves.append((number[following], number[state]))
    size = len(number)
    to, of = zip(*moves, strict=True)
    matrix = sparse.csr_matrix((np.full(len(to), 1 / len(instance.demand)), (to, of)), (size, size))
    law = np.full(size, 1 / size)
    for _ in range(20_000):
        new = (matrix @ law + law) / 2
        if np.abs(new - law).sum() < 1e-13:
            break
        law = new
    return float(law @ [costs[i] for i in range(size)])


def optimum(instance: Instance) -> float:
    """The least mean cost per period of any policy, by relative value iteration."""
    most, stages = int(instance.demand.max()), instance.lead_time
    caps = most + (4 if stages == 2 else 1)
    stock = np.arange(-2 * most - 2, most * (stages + 1) + 5)
    here = instance.of_period(stock)
    urgent = np.arange(caps + 1)
    after = stock[:, None] + urgent
    place = np.clip(after - stock[0], 0, len(stock) - 1)
    arriving = np.arange(caps + 1)
    following = stock[:, None, None] - instance.demand + arriving[:, None]
    following = np.clip(following - stock[0], 0, len(stock) - 1)  # stock, arriving, demand
    value = np.zeros((len(stock), *[caps + 1] * (stages - 1)))
    extra = np.where(after > stock[-1], np.inf, instance.premium * urgent)
    for _ in range(1000):
        regular = value[following].mean(axis=2).min(axis=-1)
        best = here.reshape(-1, *[1] * (stages - 1)) + regular
        shape = (*extra.shape, *[1] * (stages - 1))
        new = (best[place] + extra.reshape(shape)).min(axis=1)
        step = new - value
        if np.ptp(step) < 1e-7:
            break
        value = new - new.flat[0]
    return float((step.max() + step.min()) / 2)


CASES = sorted(name for name, answer in ALL.items() if not answer.neighbours)


@pytest.mark.parametrize("name", [n for n in CASES if "idinn" not in n and n[-2:] != "U8"])
def test_a_file_says_what_exact_computation_does(name: str) -> None:
    answer = ALL[name]
    instance = Instance(dict(answer.case.scenario))
    regular = 0.0 if "boettcher" in name else 100 * instance.demand.mean()
    exact = cost_of(instance) + regular
    if "gijs22" in name:
        exact *= 100 / (optimum(instance) + regular)
        assert abs(exact - answer.value) <= answer.tolerance
    elif name.endswith(".optimal"):
        assert abs(optimum(instance) + regular - answer.value) <= 0.01
        assert -0.01 <= exact - answer.value <= answer.tolerance + 0.01
    else:
        assert abs(exact - answer.value) <= answer.tolerance


def test_an_instance_whose_name_has_dots_can_be_named() -> None:
    name = "gijs22.l3.ce105"
    chosen, _ = choose([name])
    assert {answer.instance for answer in chosen} == {name}
    assert [answer.id for answer in choose([f"{name}.dual_index"])[0]] == [f"{name}.dual_index"]


@pytest.mark.skipif(not COLLECTION.exists(), reason="the collection of known answers is not there")
def test_values_are_those_of_the_collection() -> None:
    rows = json.loads(COLLECTION.read_text(encoding="utf-8"))
    rows = [row for row in rows if row["family"] == FAMILY]
    out = {row.id for row in left_out()}
    assert {row["id"] for row in rows} <= set(ALL) | out
    for row in rows:
        if row["id"] not in out:
            added = PUBLISHED.get(row["id"].split(".")[0], 0.0)
            assert ALL[row["id"]].value == pytest.approx(row["value"] + added, abs=1e-12)
