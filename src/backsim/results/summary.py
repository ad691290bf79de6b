"""Metrics over replications: means with confidence intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from backsim.errors import InputError, counted
from backsim.results.metrics import METRICS
from backsim.results.run import Run
from backsim.results.spec import parse_metric
from backsim.results.units import unit_words
from backsim.scenario.model import Model
from backsim.scenario.schema import ResolvedScenario
from backsim.statistics import Estimate, estimate_from_below

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Row:
    """A metric overall (dimension "") or of one class, product or site."""

    metric: str
    unit: str
    dimension: str
    member: str
    estimate: Estimate


SHOWN = ("fill_rate", "mean_wait", "cancel_rate", "cost.total")
"""What a summary says of itself in a line."""


@dataclass(frozen=True, eq=False, repr=False)
class Summary:
    """The metrics of several replications: means with confidence intervals."""

    rows: tuple[Row, ...]
    views: tuple[tuple[str, str], ...]
    measured: NDArray[np.float64] = field(repr=False)
    """Of shape (replications, metrics, views)."""
    names: tuple[str, ...] = field(repr=False)
    """The metrics, in the order of `measured`."""
    seed: int
    engine: str
    reason: str
    """Why that engine."""
    origin: Callable[[], dict[str, Any]] = field(repr=False)
    """Makes the provenance of the first run."""
    events: int = 0
    orders: int = 0
    confidence: float = 0.95

    def at(self, confidence: float, model: Model) -> Summary:
        """The same runs, of the model, with other intervals."""
        if confidence == self.confidence:
            return self
        rows = _rows(self.measured, self.views, model.scenario, confidence)
        return replace(self, rows=rows, confidence=confidence)

    @property
    def replications(self) -> int:
        """How many runs were measured."""
        return len(self.measured)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """All that is needed to run them again: scenario, seed, engine, versions."""
        told = {**self.origin(), "replications": self.replications}
        del told["replication"]
        return told

    @cached_property
    def values(self) -> pd.DataFrame:
        """One row per replication, metric, dimension and member."""
        import pandas as pd

        replications = range(self.replications)
        index = [
            (k, name, *view) for k in replications for name in self.names for view in self.views
        ]
        frame = pd.DataFrame(index, columns=["replication", "metric", "dimension", "member"])
        frame["value"] = self.measured.reshape(-1)
        return frame.dropna()

    def __repr__(self) -> str:
        from backsim.present.numbers import interval

        known = {row.metric: row.estimate for row in self.rows if not row.dimension}
        said = ", ".join(f"{name} {interval(known[name])}" for name in SHOWN if name in known)
        return f"Summary of {counted(self.replications, 'replication')}: {said}"

    def _repr_html_(self) -> str:
        """What a notebook shows: every metric overall, with its interval."""
        from backsim.present.numbers import interval

        rows = "".join(
            f"<tr><th>{escape(row.metric)}</th><td>{interval(row.estimate)}</td>"
            f"<td>{escape(row.unit)}</td></tr>"
            for row in self.rows
            if not row.dimension and (row.estimate.mean or METRICS[row.metric].always)
        )
        said = counted(self.replications, "replication")
        return (
            f"<table><caption>{said}, {100 * self.confidence:g} % intervals</caption>{rows}</table>"
        )

    def __getitem__(self, metric: str) -> Estimate:
        """A metric overall, or of one member: `fill_rate[gold]`, `mean_wait[product:mug]`.

        Raises SpecError: there is no such metric or member, or several members have the name; and
        KeyError when it has no value.
        """
        found = parse_metric(metric, self.views)
        return self.get(found.metric, found.dimension, found.member)

    def get(self, metric: str, dimension: str = "", member: str = "") -> Estimate:
        """One estimate.  Raises KeyError when it is not there."""
        for row in self.rows:
            if (row.metric, row.dimension, row.member) == (metric, dimension, member):
                return row.estimate
        raise KeyError((metric, dimension, member))

    def table(self) -> pd.DataFrame:
        """Metrics by member: rows are metrics; columns are (member, mean or half_width).

        The first member, "", is all of the model.  A name that a class and a site have, say, is
        told apart as `class:north` and `site:north`.
        """
        import pandas as pd

        named = Counter(member for _, member in self.views)
        cells = {
            (row.metric, (_spelt(row, named[row.member] > 1), what)): value
            for row in self.rows
            for what, value in (
                ("mean", math.nan if row.estimate.more else row.estimate.mean),
                ("half_width", row.estimate.half_width),
            )
        }
        metrics = list(dict.fromkeys(metric for metric, _ in cells))
        columns = list(dict.fromkeys(column for _, column in cells))
        values = [
            [cells.get((metric, column), math.nan) for column in columns] for metric in metrics
        ]
        names = pd.MultiIndex.from_tuples(columns, names=["member", "statistic"])
        return pd.DataFrame(values, index=pd.Index(metrics, name="metric"), columns=names)

    def frame(self) -> pd.DataFrame:
        """One row per metric, dimension and member: mean, half_width, sd, replications.

        Where the mean is known only from below, `more_than` says it, and `mean` is nan.
        """
        import pandas as pd

        return pd.DataFrame([_flat(row) for row in self.rows])

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows as plain values; nan as None."""
        for row in self.rows:
            flat = _flat(row)
            yield {
                k: None if isinstance(v, float) and math.isnan(v) else v for k, v in flat.items()
            }


def _spelt(row: Row, several: bool) -> str:
    return f"{row.dimension}:{row.member}" if several else row.member


class Replications(Iterator[Run]):
    """Independent runs of a model, as they are done; or what they say together: `summary()`."""

    def __init__(self, runs: Iterator[Run], model: Model, number: int) -> None:
        self.model, self.number = model, number
        self._runs = runs
        self._summary: Summary | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Run:
        return next(self._runs)

    def __repr__(self) -> str:
        return f"{counted(self.number, 'replication')} of {self.model.name}"

    def summary(self, confidence: float = 0.95) -> Summary:
        """Means with confidence intervals of all runs that have not been taken yet.

        Each run is measured and let go; asked again, it is of the same runs.  Raises InputError
        where all had been taken.
        """
        if self._summary is None:
            self._summary = summarise(self, confidence)
        return self._summary.at(confidence, self.model)


def summarise(runs: Iterable[Run], confidence: float = 0.95) -> Summary:
    """The metrics of runs of one model; each run is measured and let go.

    Raises InputError for no runs.
    """
    tables: list[Any] = []
    events = orders = 0
    for run in runs:
        if not tables:  # the same in all of them
            views, scenario = run.metrics.views, run.model.scenario
            seed, engine, reason, origin = run.seed, run.engine, run.reason, run.origin
        events += run.log.handled
        orders += run.log.orders
        tables.append(np.array([run.metrics.values[name] for name in METRICS]))
    if not tables:
        raise InputError("summary: expected runs, found none left: replicate again")
    values = np.array(tables)  # (replications, metrics, views)
    rows = _rows(values, views, scenario, confidence)
    made = seed, engine, reason, origin
    return Summary(rows, views, values, tuple(METRICS), *made, events, orders, confidence)


def _rows(
    values: NDArray[np.float64],
    views: Sequence[tuple[str, str]],
    scenario: ResolvedScenario,
    confidence: float,
) -> tuple[Row, ...]:
    """The estimates of all metrics: of (replications, metrics, views)."""
    names = list(METRICS)
    place = {name: i for i, name in enumerate(names)}

    def over_replications(i: int, j: int) -> Estimate:
        bound = METRICS[names[i]].more_than
        least = values[:, place[bound], j] if bound else np.full(len(values), np.nan)
        return estimate_from_below(values[:, i, j].tolist(), least.tolist(), confidence)

    known = [(i, j) for i in range(values.shape[1]) for j in range(values.shape[2])]
    estimates = {(i, j): over_replications(i, j) for i, j in known}
    return tuple(
        Row(names[i], unit_words(METRICS[names[i]].unit, scenario), *views[j], found)
        for (i, j), found in estimates.items()
        if found.count
    )


def _flat(row: Row) -> dict[str, Any]:
    e = row.estimate
    return {
        "metric": row.metric,
        "dimension": row.dimension,
        "member": row.member,
        "unit": row.unit,
        "mean": math.nan if e.more else e.mean,
        "more_than": e.mean if e.more else math.nan,
        "half_width": e.half_width,
        "sd": e.sd,
        "replications": e.count,
    }
