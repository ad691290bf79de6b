"""Values that hold arrays are compared by what they are for, never element by element."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re

import numpy as np
import pytest
from tests.models import build, orders

import backsim
from backsim.engines.log import split_lines

PARTS = ("engines", "results", "scenario", "streams", "statistics", "hindsight", "experiment")
ARRAYS = re.compile(r"NDArray|Floats|Records|DataFrame|ndarray")


def classes() -> list[type]:
    """The dataclasses of backsim that hold arrays."""
    found = {}
    for part in PARTS:
        package = importlib.import_module(f"backsim.{part}")
        for module in pkgutil.walk_packages(package.__path__, f"backsim.{part}."):
            if module.name == "backsim.workers.cluster":
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and dataclasses.is_dataclass(value):
                    found[value] = any(
                        ARRAYS.search(str(f.type)) for f in dataclasses.fields(value)
                    )
    return [kind for kind, holds in found.items() if holds]


def test_those_with_arrays_have_no_equality_of_fields() -> None:
    kinds = classes()
    assert {"Log", "TraceLines", "Survival", "BetweenSites", "Metrics"} <= {
        k.__name__ for k in kinds
    }
    wrong = [kind.__qualname__ for kind in kinds if kind.__eq__ is not object.__eq__]
    assert not wrong


@pytest.fixture
def run() -> backsim.Run:
    model = build({"a": {"demand": orders((1, 3), (2, 4))}}, stock=[{"initial": 5}], horizon=9)
    return backsim.simulate(model, seed=1, engine="simpy", record=True)


def test_logs_and_runs_can_be_compared(run: backsim.Run) -> None:
    again = backsim.simulate(run.model, seed=1, engine="simpy", record=True)
    assert run.log != again.log
    assert run.log.equals(again.log)
    assert run != again


def test_splitting_a_log_leaves_it_as_it_was(run: backsim.Run) -> None:
    log = run.log
    before = log.digest
    assert len(log.lines) == 2
    turned = split_lines(dataclasses.replace(log, tape=None), [1, 0], 2)
    assert log.digest == before
    assert np.array_equal(turned.lines["time"], log.lines["time"][::-1])
