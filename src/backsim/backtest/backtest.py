"""Held-out months against what the model of the months before predicts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.api import Run, replicate
from backsim.backtest.measures import MEASURES, SUPPLY, Group, Groups, realised, simulated
from backsim.backtest.replay import DEMAND, RECEIPTS, replays
from backsim.data.calibrate import Calibration, fit, history_of, read_mapping
from backsim.data.history import History, known_on
from backsim.data.scenariofile import scenario_text
from backsim.errors import InputError
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import parse_yaml
from backsim.statistics.checks import student

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WARM_UP = 180
"""Days simulated before the held-out ones."""
LEAST_FITTED = 90
"""Days that the model must be fitted on."""
LEVEL = 0.90


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure of a group: what happened, and what the model predicts of one history."""

    group: Group
    measure: str
    realised: float
    mean: float
    low: float
    high: float
    """The 90 % prediction interval: of one history, not of the mean of many."""
    z: float
    """Realised less predicted, over the standard deviation of one history."""

    @property
    def inside(self) -> bool:
        """Whether what happened is in the prediction interval."""
        return self.low <= self.realised <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """A model fitted on the days before `split`, and the days from then on."""

    history: History
    fitted: Calibration
    split: datetime.date
    days: int
    replications: int
    seed: int
    compared: tuple[Compared, ...]
    replays: Mapping[str, tuple[Compared, ...]] = field(default_factory=dict)
    """By what it is told of the held-out days: the comparison of a model that is told it."""

    def of(self, kind: str, measure: str = "") -> list[Compared]:
        """Those of a kind of group, and of a measure."""
        return [c for c in self.compared if c.group.kind == kind and measure in ("", c.measure)]

    def causes(self, measure: str) -> dict[str, float] | None:
        """What happened less what was predicted, of all, in three parts; None: not replayed.

        demand: what the true demand changes; supply: what the true receipts change then, that is
        lead times and purchases; service: the rest, as who was served first, and patience.
        """
        if set(self.replays) != {DEMAND, RECEIPTS}:
            return None
        (plain,) = self.of("all", measure)
        demand, receipts = (
            next(c for c in self.replays[told] if c.group.kind == "all" and c.measure == measure)
            for told in (DEMAND, RECEIPTS)
        )
        return {
            "demand": demand.mean - plain.mean,
            "supply": receipts.mean - demand.mean,
            "service": plain.realised - receipts.mean,
        }

    def coverage(self, measure: str, kind: str = "product") -> tuple[int, int]:
        """(inside their 90 % prediction interval, of how many) among the groups of a kind."""
        known = [c for c in self.of(kind, measure) if np.isfinite(c.realised + c.mean)]
        return sum(c.inside for c in known), len(known)


def backtest(
    path: Path,
    held: int,
    replications: int,
    seed: int,
    engine: str = "auto",
    replay: bool = False,
    workers: int | None = 1,
) -> Backtest:
    """Fit on all but the last `held` days, simulate these many times, and compare.

    `replay` does the same with the true demand, and with the true receipts too.  `workers` simulate
    in parallel, as in `backsim.replicate`.
    Raises InputError: fewer than 90 days are left to fit, or what `calibrate` raises.
    """
    mapping, folder, guesses = read_mapping(path)
    history = history_of(mapping, folder)
    day = history.days - held
    if day < LEAST_FITTED:
        raise InputError(
            f"hold-out: expected at least {LEAST_FITTED} days before the held-out ones, got "
            f"{day:.0f} of {history.days:.0f}"
        )
    fitted = fit(mapping, known_on(history, day), guesses)
    groups = Groups.of(history)

    def played(model: Model) -> tuple[Compared, ...]:
        runs = replicate(
            model, seed=seed, replications=replications, workers=workers, engine=engine
        )
        return compare(history, groups, day, runs)

    compared = played(from_dict(values_of(fitted, WARM_UP, held)))
    told = {}
    if replay:
        before = min(WARM_UP, int(day))
        values, start = values_of(fitted, before, held), day - before
        models = replays(history, values, start, before + held)
        told = {name: played(model) for name, model in models}
    split = history.first + datetime.timedelta(days=int(day))
    return Backtest(history, fitted, split, held, replications, seed, compared, told)


def values_of(fitted: Calibration, before: int, days: int) -> dict[str, Any]:
    """The calibrated scenario, whose counted days are those after its history."""
    first = fitted.history.last + datetime.timedelta(days=1 - before)
    text = scenario_text(fitted, first, before, days)
    return dict(parse_yaml(text, "scenario").values)


def compare(
    history: History, groups: Groups, day: float, runs: Iterable[Run]
) -> tuple[Compared, ...]:
    """What happened from a day on against the spread of the runs."""
    happened = realised(history, groups, day)
    played = [simulated(run, history, groups) for run in runs]
    if len(played) < 2:
        raise InputError(f"replications: expected at least 2, got {len(played)}")
    found: list[Compared] = []
    for measure in (*MEASURES, *SUPPLY):
        values = np.array([one[measure] for one in played])
        found += [
            _one(group, measure, float(happened[measure][i]), values[:, i])
            for i, group in enumerate(groups.groups)
            if measure in MEASURES or group.kind != "class"
        ]
    return tuple(found)


def _one(group: Group, measure: str, happened: float, values: Floats) -> Compared:
    """With Student's prediction interval; the ends no further than a share or time can be."""
    known = values[np.isfinite(values)]
    count = len(known)
    if count < 2:
        nan = float("nan")
        return Compared(group, measure, happened, nan, nan, nan, nan)
    mean, sd = float(known.mean()), float(known.std(ddof=1)) * np.sqrt(1 + 1 / count)
    reach = student((1 + LEVEL) / 2, count - 1) * sd
    low, high = max(0.0, mean - reach), mean + reach
    if measure in ("fill_rate", "cancel_rate"):  # skewed near 0 and 1: as the runs are spread
        low = min(low, float(np.quantile(known, (1 - LEVEL) / 2)))
        high = min(1.0, max(high, float(np.quantile(known, (1 + LEVEL) / 2))))
    z = (happened - mean) / sd if sd > 0 else float("nan")
    return Compared(group, measure, happened, mean, low, high, float(z))


def to_dict(found: Backtest) -> dict[str, Any]:
    """The comparison as plain values."""
    return {
        "split": found.split.isoformat(),
        "held_out_days": found.days,
        "replications": found.replications,
        "seed": found.seed,
        "coverage": {
            measure: dict(zip(("inside", "of"), found.coverage(measure), strict=True))
            for measure in MEASURES
        },
        "compared": [_row(c) for c in found.compared],
        "replays": {
            told: [_row(c) for c in compared if c.group.kind == "all"]
            for told, compared in found.replays.items()
        },
    }


def _row(c: Compared) -> dict[str, Any]:
    values = {k: _plain(getattr(c, k)) for k in ("realised", "mean", "low", "high", "z")}
    return {"kind": c.group.kind, "name": c.group.name, "measure": c.measure, **values}


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None
