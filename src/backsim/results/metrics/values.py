"""The metrics of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.log import Log
from backsim.errors import InputError, counted, nearest
from backsim.results.metrics.registry import METRICS
from backsim.results.metrics.sums import Sums
from backsim.scenario.model import Model

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Metrics:
    """The metrics of one run: `metrics["fill_rate"]`, `metrics.get("otif", "class", "gold")`."""

    views: tuple[tuple[str, str], ...]
    values: Mapping[str, Floats]

    def __repr__(self) -> str:
        views = counted(len(self.views), "view")
        return f"Metrics({counted(len(self.values), 'metric')}, {views}: {_some(self)}, ...)"

    def _repr_html_(self) -> str:
        """What a notebook shows: every metric, overall and by class."""
        from backsim.present.numbers import number

        shown: str = self.table("class").to_html(float_format=number, border=0)
        return shown

    @cached_property
    def _place(self) -> dict[tuple[str, str], int]:
        return {view: i for i, view in enumerate(self.views)}

    def __getitem__(self, name: str) -> float:
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def keys(self) -> Iterable[str]:
        """The names of the metrics: `dict(metrics)` has each overall."""
        return self.values.keys()

    def get(self, name: str, dimension: str = "", member: str = "") -> float:
        """A metric, overall or of one class, product or site; nan where it means nothing.

        Raises InputError for an unknown metric, class, product or site.
        """
        if str(name) not in self.values:
            near = nearest(str(name), list(self.values))
            raise InputError(f"expected a metric ({near}), got {name!r}")
        if (dimension, member) not in self._place:
            known = [m for d, m in self.views if d == dimension]
            found, kind = (member, dimension) if any(known) else (dimension or member, "dimension")
            known = known if any(known) else list(dict.fromkeys(d for d, _ in self.views if d))
            raise InputError(f"expected a {kind} ({', '.join(known)}), got {found!r}")
        return float(self.values[name][self._place[dimension, member]])

    def rows(self) -> list[tuple[str, str, str, float]]:
        """(metric, dimension, member, value), without those that mean nothing."""
        return [
            (name, *view, float(value))
            for name, values in self.values.items()
            for view, value in zip(self.views, values, strict=True)
            if not np.isnan(value)
        ]

    def frame(self) -> pd.DataFrame:
        """One row per metric and class, product or site."""
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=["metric", "dimension", "member", "value"])

    def table(self, by: str = "class") -> pd.DataFrame:
        """Rows are metrics; columns are "overall" and the members of `by`: class, product, site."""
        import pandas as pd

        places = {"overall": self._place["", ""]}
        places |= {member: i for (kind, member), i in self._place.items() if kind == by}
        columns = {name: [float(v[i]) for v in self.values.values()] for name, i in places.items()}
        return pd.DataFrame(columns, index=pd.Index(list(self.values), name="metric"))


def _some(metrics: Metrics) -> str:
    known = [n for n in ("fill_rate", "mean_wait", "cost.total") if n in metrics.values]
    return ", ".join(f"{name}={metrics[name]:.4g}" for name in known)


def measure(
    model: Model, log: Log, names: Iterable[str] = METRICS, by_place: bool = True
) -> Metrics:
    """The metrics of a run, all or some, and by product, site and group or not.

    Raises InputError when a user's metric fails.
    """
    sums = Sums(model, log, by_place)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {name: sums[name] for name in names}
    return Metrics(sums.views, values)
