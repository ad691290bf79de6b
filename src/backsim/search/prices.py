"""The policies that none beats in objective and service, with the price of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.statistics import Feasible
from backsim.study.analysis import against, efficient, estimates, keeping

if TYPE_CHECKING:
    import pandas as pd

    from backsim.experiment.comparison import Comparison
    from backsim.search.problem import Problem


def priced(problem: Problem, figures: Comparison) -> pd.DataFrame:
    """The policies that none beats in objective and service, the cheapest first: `trade_off`."""
    import pandas as pd

    objective, service = problem.asked.objective, problem.service
    assert objective is not None
    assert service is not None
    specs = (objective.metric, service)
    found = [estimates(figures, spec) for spec in specs]
    means = np.array([[e.mean for e in one] for one in found])
    senses = [objective.sense, service.sense]
    keep = _keeping(problem, figures)
    best = [keep[i] for i in efficient(means[:, keep], senses)]
    order = sorted(best, key=lambda i: problem.sign * means[0, i])
    rows: list[dict[str, Any]] = []
    for n, i in enumerate(order):
        row: dict[str, Any] = {"policy": figures.policies[i].name}
        for spec, one in zip(specs, found, strict=True):
            row |= {str(spec): one[i].mean, f"{spec}_half_width": one[i].half_width}
        apart = None if n == 0 else against(figures, specs[0], order[n - 1]).get(i)
        more = means[1, i] - means[1, order[n - 1]] if n else np.nan
        row["price"] = abs(apart.mean / more) if apart is not None and more else np.nan
        row["price_half_width"] = (
            abs(apart.half_width / more) if apart is not None and more else np.nan
        )
        row["alike"] = apart is not None and not apart.significant
        rows.append(row)
    return pd.DataFrame(rows)


def _keeping(problem: Problem, figures: Comparison) -> list[int]:
    """The policies that surely violate no constraint but one on the service itself."""
    others = [n for n, c in enumerate(problem.asked.constraints) if c.metric != problem.service]
    states = enumerate(keeping(figures))
    return [i for i, state in states if all(state[n] is not Feasible.no for n in others)]
