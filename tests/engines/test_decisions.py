"""The compiled engine stops for a program's decisions, and writes the log that SimPy writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import assert_equal, check

from backsim.allocation.plan import clearing
from backsim.engines import compiled, lp_solver, simpy
from backsim.engines.features import switches
from backsim.errors import BacksimError
from backsim.results.ledger import check_ledger
from backsim.scenario.load import load
from backsim.scenario.model import Model
from backsim.streams import draw

KITCHENS = Path(__file__).parents[2] / "scenarios" / "kitchens.yaml"
WEIGHT = {"fitter": 10, "private": 3, "shop": 1}
LOST = {"private": 60, "shop": 20}


def kitchens(horizon: float = 60, **rule: Any) -> Model:
    priority = {"rule": "lp", "weight": WEIGHT, "lost": LOST, **rule}
    return load(KITCHENS).replace({"policy.priority": priority, "horizon": horizon, "warm_up": 10})


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"scope": "site"},
        {"scope": "site", "capacity": 5},
        {"min_fill": {"shop": 0.5}},
        {"fairness": 0.1},
    ],
    ids=["stock", "site", "capacity", "fill", "fairness"],
)
def test_both_engines_decide_the_same(rule: dict[str, Any], seed: int):
    model = kitchens(18 if "capacity" in rule else 50, **rule)
    tape = draw(model, seed)
    log = simpy.run(model, tape, record=True)
    assert_equal(log, compiled.run(model, tape, record=True))
    check(model, log)
    check_ledger(model, log)
    assert (log.shipments["time"] > 0).sum() > 10


def count_decisions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of lines in each decision, from now on."""
    found: list[int] = []
    plain = lp_solver.LPSolver.allot

    def allot(clerk: Any, tables: Any, first: int, rows: Any, now: float) -> None:
        found.append(len(rows))
        plain(clerk, tables, first, rows, now)

    monkeypatch.setattr(lp_solver.LPSolver, "allot", allot)
    return found


def test_nobody_stops_where_the_program_is_a_sort(monkeypatch: pytest.MonkeyPatch):
    """Parts, due at once, for ever: the log is that of the sort, and no program is solved."""
    plain = {
        f"customers.{name}": {"demand": load(KITCHENS).to_dict()["customers"][name]["demand"]}
        for name in WEIGHT
    }
    model = kitchens(lost=0).replace(
        {
            **plain,
            "policy.priority": {"rule": "lp", "weight": WEIGHT},
            "horizon": 60,
        }
    )
    assert "DECIDES" not in switches(model)
    decisions = count_decisions(monkeypatch)
    sort = model.replace(
        {**plain, "policy.priority": {"rule": "costliest_wait", "weight": WEIGHT}, "horizon": 60}
    )
    tape = draw(model, 1)
    one, other = simpy.run(model, tape), simpy.run(sort, tape)
    assert one.lines.tobytes() == other.lines.tobytes()
    assert len(one.shipments) > 20
    assert not decisions


def test_nothing_is_asked_where_there_is_enough_for_all(monkeypatch: pytest.MonkeyPatch):
    decisions = count_decisions(monkeypatch)
    model = kitchens(scope="site")
    simpy.run(model.replace({"policy.reorder.r": 500, "policy.priority": {"rule": "lp"}}),
              draw(model, 1))  # fmt: skip
    assert decisions == []
    simpy.run(model, draw(model, 1))
    assert len(decisions) > 20
    assert min(decisions) >= 1


@pytest.mark.parametrize("most", [False, True])
def test_a_program_that_gives_out_too_much_is_caught(monkeypatch: pytest.MonkeyPatch, most: bool):
    """A planted fault: each line that gets nothing gets what it wants, or one unit more."""
    plain = clearing.decide

    def too_many(case: Any, solver: Any = None) -> Any:
        units = plain(case, solver)
        return units + 1 if most else np.where(units == 0, case.units, units)

    monkeypatch.setattr(clearing, "decide", too_many)
    model = kitchens()
    with pytest.raises(BacksimError, match=r"lp: on day .* more is given out than there is"):
        simpy.run(model, draw(model, 1))
