"""The figures: each a function of a study (or a run) and matplotlib axes."""

from backsim.report.figures.course import backlog, stock, waits
from backsim.report.figures.money import cancellations, costs, promises, regret
from backsim.report.figures.network import network, network_policies
from backsim.report.figures.policies import differences, pareto, ranking, sensitivity

__all__ = [
    "backlog",
    "cancellations",
    "costs",
    "differences",
    "network",
    "network_policies",
    "pareto",
    "promises",
    "ranking",
    "regret",
    "sensitivity",
    "stock",
    "waits",
]
