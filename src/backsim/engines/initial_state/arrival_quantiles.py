"""Tables of how long a purchase still takes with some probability, for the kernel to look up."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from backsim.scenario.distributions import laws
from backsim.scenario.distributions.fields import Distribution
from backsim.scenario.levels.lead_time_demand import nodes
from backsim.scenario.schema import Supplier

POINTS, MOST_POINTS = 129, 1025


@lru_cache(maxsize=4096)
def arrival_quantiles(
    lead_time: Distribution, supplier: Supplier, p: float
) -> tuple[float, list[float]]:
    """(step, table): days until a purchase has arrived with probability `p`, by what is known.

    At an unlimited supplier the table goes by the days it has been under way (in steps of `step`):
    the quantile of the lead time, given that it is longer.  At a limited one by the mean services
    left until it is done (in steps of one by the servers, as these are done in turns): a gamma
    distribution with the mean and variance of that work and of the lead time, exact for exponential
    services without a lead time.
    Source: Whitt, Management Science 45 (1999) 192-207; the gamma fit is by the two moments.
    """
    if supplier.servers is not None:
        servers = supplier.servers.servers
        return 1.0 / servers, _by_work(lead_time, supplier.servers.service, servers, p)
    return _by_age(lead_time, p)


def _by_age(lead_time: Distribution, p: float) -> tuple[float, list[float]]:
    values, weights = nodes(lead_time)
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    step = max(float(values[-1]), 1e-9) / (POINTS - 1)
    table = []
    for age in step * np.arange(POINTS):
        longer = values > age
        if not longer.any():
            table.append(0.0)
            continue
        shares = np.cumsum(weights[longer]) / weights[longer].sum()
        place = min(int(np.searchsorted(shares, p - 1e-12)), len(shares) - 1)
        table.append(float(values[longer][place] - age))
    if len(np.unique(values)) == 1:  # a straight line, to its end
        table[-1] = 0.0
    return step, table


def _by_work(lead_time: Distribution, service: Distribution, servers: int, p: float) -> list[float]:
    work = np.arange(min((POINTS - 1) * servers + 1, MOST_POINTS)) / servers
    (mean, variance), (lead_mean, lead_variance) = service.moments(), lead_time.moments()
    means = work * mean + lead_mean
    variances = work / servers * variance + lead_variance
    table = means.copy()
    random = (variances > 0) & (means > 0)
    shape = means[random] ** 2 / variances[random]
    table[random] = laws.gamma(shape, variances[random] / means[random]).ppf(p)
    return [float(value) for value in table]
