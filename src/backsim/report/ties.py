"""Policies that agree in every replication, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model
from backsim.scenario.readback import BY_DATE, BY_RANK, due_as_ordered, ranks_nobody
from backsim.study.analysis import values_of
from backsim.study.study import Study

ORDER = ("priority", "sharing")
"""Rules of a stock point that say who of those who wait gets the units of an arrival."""
KEEPS_BACK = "rationing"


def twins(study: Study, spec: MetricSpec, one: int, other: int) -> bool:
    """Two policies that agree in every replication."""
    values = values_of(study, spec)
    return bool(np.array_equal(values[one], values[other], equal_nan=True))


def groups(study: Study, spec: MetricSpec, among: Sequence[int]) -> list[list[int]]:
    """Those of some policies that agree in every replication, two or more together."""
    values = values_of(study, spec)
    found: dict[bytes, list[int]] = {}
    for row in among:
        if not np.isnan(values[row]).any():
            found.setdefault((values[row] + 0.0).tobytes(), []).append(row)
    return [group for group in found.values() if len(group) > 1]


def reason(study: Study, policies: Sequence[int]) -> str:
    """Why policies agree, as a sentence; nothing where that is not known.

    It is known where they differ only in who is served first or in what is kept back, and no class
    waits longer with one than with another.
    """
    first, *others = [study.policies[i].model for i in policies]
    differing = {name for other in others for name in _differing(first, other)}
    if not differing or not differing <= {*ORDER, KEEPS_BACK}:
        return ""
    if not all(twins(study, wait, policies[0], i) for wait in _waits(study) for i in policies[1:]):
        return ""
    models = (first, *others)
    rules = {point.priority.rule for model in models for point in model.scenario.stock}
    alike = {
        BY_RANK: ("priority", any(ranks_nobody(model) for model in models)),
        BY_DATE: ("due_in", all(due_as_ordered(model) for model in models)),
    }
    ranking = sorted(rules - {"fcfs"})
    if differing == {"priority"} and all(alike.get(name, ("", False))[1] for name in ranking):
        return " ".join(
            f"All customer classes have the same `{alike[name][0]}`, so that `{name}` serves first "
            "come, first served."
            for name in ranking
        )
    order = "the order of service"
    if KEEPS_BACK not in differing:
        return (
            f"These policies differ only in {order}, which changes nothing where each arrival "
            "covers the whole backlog."
        )
    if differing == {KEEPS_BACK}:
        return (
            "These policies differ only in the units that they keep back, which changes nothing "
            "where stock never falls that low."
        )
    return (
        f"These policies differ only in {order}, which changes nothing where each arrival covers "
        "the whole backlog, and in the units that they keep back, which changes nothing where "
        "stock never falls that low."
    )


def _waits(study: Study) -> Iterator[MetricSpec]:
    yield MetricSpec("mean_wait")
    for dimension, member in study.views:
        if dimension == "class":
            yield MetricSpec("mean_wait", dimension, member)


def _differing(one: Model, other: Model) -> Iterator[str]:
    """Names of what differs: fields of the scenario, or of its stock points."""
    names: dict[str, Any] = dict(one.scenario)
    for name, value in other.scenario:
        if name not in ("stock", "policy") and names[name] != value:
            yield name
    pairs = one.scenario.stock, other.scenario.stock
    if len(pairs[0]) != len(pairs[1]):
        yield "stock"
        return
    for here, there in zip(*pairs, strict=True):
        fields: dict[str, Any] = dict(here)
        yield from (name for name, value in there if fields[name] != value)


__all__ = ["groups", "reason", "twins"]
