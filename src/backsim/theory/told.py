"""What customers are told in models of theory, and what they do about it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from backsim.theory.laws import law, number
from backsim.theory.records import Answer, Unsupported

STAYS = {"grace": "unlimited"}
"""Who accepts what they are told stays to the end."""


@dataclass(frozen=True, slots=True)
class Told:
    """Fields that a conversation adds to the policy, the customers and the supplier."""

    policy: dict[str, Any] = field(default_factory=dict)
    customer: dict[str, Any] = field(default_factory=dict)
    supplier: dict[str, Any] = field(default_factory=dict)


def told(model: Answer) -> Told:
    """The conversation of a model of a stock point.  Raises Unsupported.

    L0: nothing is told.  L1: the mean wait behind k others; L1q: the same decision at random, with
    the probability that patience is longer than the wait; L2: the exact wait; L3: one mean wait for
    all.  A predictor is a quote that is met with probability 0.9.
    """
    level = str(model.get("information", "L0"))
    if "announcement" in model:
        return _exact_delay(model)
    if "predictor" in model:
        return Told(_at_order({"rule": "quantile", "p": 0.9}), {"informed": STAYS})
    if level == "L0":
        return Told()
    estimate: Any = {"L1": "mean_lead_time", "L1q": None, "L2": "live", "L3": None}
    if level not in estimate:
        raise Unsupported(f"the information {level!r}")
    work, leaves = number(model["supply"]["service"]["rate"]), 1.0 / _mean_patience(model)
    estimate["L1q"] = at_random(leaves, work)
    estimate["L3"] = {"rule": "fixed", "days": mean_wait_of_those_who_join(model, work, leaves)}
    supplier = {"messages": "exact"} if level == "L2" else {}
    customer = {
        "tolerance": "unlimited",
        "informed": {**STAYS, "tolerance": law(model["patience"])},
    }
    return Told(_at_order(estimate[level]), customer, supplier)


def at_random(leaves: float, pace: float) -> dict[str, Any]:
    """Who stands behind k others stays with probability (pace / (pace + leaves))^(k + 1).

    For exponential patience that is to be told (k + 1) log(1 + leaves / pace) / leaves.
    Source: Whitt, Management Science 45 (1999) 192-207, model 2.
    """
    factor = pace / leaves * math.log1p(leaves / pace)
    return {"rule": "mean_lead_time", "factor": factor}


def mean_wait_of_those_who_join(model: Answer, work: float, leaves: float) -> float:
    """The wait w that comes true when it is told to all: w = 1 / (work - rate exp(-leaves w)).

    Those who join find a geometric number of others.  Source: Armony, Shimkin and Whitt,
    Operations Research 57 (2009) 66-81.
    """
    rate, wait = number(model["demand"]["rate"]), 1.0 / work
    for _ in range(10_000):
        spare = work - rate * math.exp(-leaves * wait)
        wait += 0.1 * (1.0 / max(spare, 1e-3) - wait)
    return wait


def _mean_patience(model: Answer) -> float:
    patience = model.get("patience", {})
    if patience.get("dist") != "exponential":
        raise Unsupported(f"information with patience {patience.get('dist')!r}")
    return number(patience["mean"])


def _exact_delay(model: Answer) -> Told:
    found = re.match(
        r"customer leaves at once iff delay > (\d+(?:\.\d+)?);", str(model.get("rule"))
    )
    if not found or not str(model["announcement"]).startswith("exact delay"):
        raise Unsupported(f"the announcement {model['announcement']!r}")
    informed = {**STAYS, "tolerance": float(found[1])}
    return Told({**_at_order("quoted"), "withdraw": True}, {"informed": informed})


def _at_order(estimate: Any) -> dict[str, Any]:
    return {"notice": "at_order", "estimate": estimate}
