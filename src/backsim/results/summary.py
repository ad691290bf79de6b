"""Metrics over replications: means with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics import METRICS
from backsim.results.run import Run
from backsim.results.units import unit_words
from backsim.statistics import Estimate, estimate_from_below

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Row:
    """A metric overall (dimension "") or of one class, product or site."""

    metric: str
    unit: str
    dimension: str
    member: str
    estimate: Estimate


@dataclass(frozen=True, eq=False)
class Summary:
    """The metrics of several replications."""

    rows: tuple[Row, ...]
    values: pd.DataFrame = field(repr=False)
    """One row a replication, metric, dimension and member."""
    provenance: dict[str, Any] = field(repr=False)
    events: int = 0
    orders: int = 0

    def get(self, metric: str, dimension: str = "", member: str = "") -> Estimate:
        """One estimate.  Raises KeyError when it is not there."""
        for row in self.rows:
            if (row.metric, row.dimension, row.member) == (metric, dimension, member):
                return row.estimate
        raise KeyError((metric, dimension, member))

    def frame(self) -> pd.DataFrame:
        """One row a metric, dimension and member: mean, half_width, sd, replications.

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


def summarise(runs: Iterable[Run], confidence: float = 0.95) -> Summary:
    """The metrics of runs of one model; each run is measured and let go.

    Raises ValueError for no runs.
    """
    import pandas as pd

    tables: list[Any] = []
    events = orders = 0
    for run in runs:
        if not tables:  # the same in all of them
            views, provenance, scenario = run.metrics.views, run.provenance, run.model.scenario
        events += run.log.handled
        orders += run.log.orders
        tables.append(np.array([run.metrics.values[name] for name in METRICS]))
    if not tables:
        raise ValueError("no runs to summarise")
    values = np.array(tables)  # (replications, metrics, views)
    known = [(i, j) for i in range(values.shape[1]) for j in range(values.shape[2])]
    names = list(METRICS)
    place = {name: i for i, name in enumerate(names)}

    def over_replications(i: int, j: int) -> Estimate:
        bound = METRICS[names[i]].more_than
        least = values[:, place[bound], j] if bound else np.full(len(values), np.nan)
        return estimate_from_below(values[:, i, j].tolist(), least.tolist(), confidence)

    estimates = {(i, j): over_replications(i, j) for i, j in known}
    rows = tuple(
        Row(names[i], unit_words(METRICS[names[i]].unit, scenario), *views[j], found)
        for (i, j), found in estimates.items()
        if found.count
    )
    index = [(k, names[i], *views[j]) for k in range(len(values)) for i, j in known]
    frame = pd.DataFrame(index, columns=["replication", "metric", "dimension", "member"])
    frame["value"] = values.reshape(-1)
    provenance = {**provenance, "replications": len(values)}
    del provenance["replication"]
    return Summary(rows, frame.dropna(), provenance, events, orders)


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
