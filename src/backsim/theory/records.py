"""The known answers: records of a data file, and the model each of them is about."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
"""A model of a record, or the answers of an instance by metric: plain values."""


class Unsupported(Exception):
    """A record needs what scenarios cannot say yet; the message names it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One known answer: the value of a metric of a model."""

    id: str
    instance: str
    family: str
    model: Mapping[str, Any]
    metric: str
    value: Any
    unit: str
    exactness: str
    tolerance: float
    source: str

    @property
    def is_share(self) -> bool:
        """The value is a probability or a share, between 0 and 1."""
        return self.unit == "fraction"

    @property
    def is_estimate(self) -> bool:
        """The value is itself a simulation's, and `tolerance` its 95 % half-width."""
        return self.exactness.startswith("simulation")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record of the collection that is not expressed, and what it waits for."""

    id: str
    instance: str
    family: str
    metric: str
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many records of a family are checked and skipped, and what these wait for, counted."""

    family: str
    checked: int
    skipped: int
    reasons: Mapping[str, int]


FIELDS = tuple(Record.__dataclass_fields__)


def read(path: str | Path) -> tuple[Record, ...]:
    """The records of a JSON file: a list of mappings with at least the fields of `Record`."""
    return _records(json.loads(Path(path).read_text(encoding="utf-8")))


@cache
def records() -> tuple[Record, ...]:
    """The known answers that today's features express."""
    return _records(_data("known_answers.json"))


@cache
def skipped() -> tuple[Skipped, ...]:
    """The answers of the collection that are not expressed, and why."""
    return tuple(Skipped(**row) for row in _data("skipped.json"))


def coverage() -> tuple[Coverage, ...]:
    """What is checked and skipped, by family."""
    names = sorted({r.family for r in records()} | {r.family for r in skipped()})
    found = []
    for name in names:
        reasons = Counter(r.reason for r in skipped() if r.family == name)
        checked = sum(r.family == name for r in records())
        found.append(Coverage(name, checked, reasons.total(), reasons))
    return tuple(found)


def _records(rows: Iterable[Mapping[str, Any]]) -> tuple[Record, ...]:
    return tuple(Record(**{name: row[name] for name in FIELDS}) for row in rows)


def _data(name: str) -> Any:
    return json.loads((resources.files("backsim.theory") / name).read_text(encoding="utf-8"))


def answers(rows: Iterable[Record]) -> dict[str, Answer]:
    """The values by instance and metric: an optimal cost belongs to the optimal parameters."""
    found: dict[str, Answer] = {}
    for row in rows:
        found.setdefault(row.instance, {})[row.metric] = row.value
    return found


def model_of(record: Record, known: Answer) -> Answer:
    """The model that a record is about, explicit: parameters it leaves to its metric are filled in.

    `known` are the answers of the same instance.
    """
    model = dict(record.model)
    metric = record.metric
    for name in ("r", "Q", "s", "S"):
        if name not in model and f"{name}_opt" in known:
            model[name] = known[f"{name}_opt"]
    if "backorder_fraction" not in model and "backorder_fraction_opt" in known:
        model["backorder_fraction"] = known["backorder_fraction_opt"]
    if "protection_level_littlewood" in known:
        model["protect"] = known["protection_level_littlewood"]
    if metric == "expected_value_no_protection":
        model["protect"] = 0
    if metric.startswith("ErlangC_"):
        model.pop("patience_mean", None)
    if discipline := re.fullmatch("EW2_([A-Z]+)", metric):
        model["backorder_clearing"] = discipline[1]
    if metric.startswith("cost_"):
        for name, value in re.findall(r"_([rQsS])_?(\d+(?:\.\d+)?)", metric):
            model[name] = float(value)
    return model
