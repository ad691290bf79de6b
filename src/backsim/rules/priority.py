"""Priority rules: who is served first when stock arrives."""

from __future__ import annotations

from backsim.entities import CustomerClass, Line
from backsim.rules.registry import priority


@priority
def fcfs(line: Line) -> float:
    """First come, first served."""
    return line.time


@priority
def lcfs(line: Line) -> float:
    """Last come, first served."""
    return -line.time


@priority
def class_priority(customer: CustomerClass) -> float:
    """The most important class first (1 before 2); within a class first come, first served."""
    return float(customer.priority)
