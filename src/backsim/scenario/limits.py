"""The largest work a replication may be, checked before anything is drawn or simulated."""

from __future__ import annotations

from backsim.scenario.demand.patterns import steps
from backsim.scenario.model import Model
from backsim.scenario.schema import Process, Scenario
from backsim.scenario.timeunit import hour_of
from backsim.scenario.workload import workload
from backsim.scenario.yamlfile import Document, Fault

MAX_STEPS = 10e6
"""Steps in which the rate of arrivals may change during the horizon."""


def too_many_steps(scenario: Scenario, document: Document) -> list[Fault]:
    """Faults of patterns that change the rate too often."""
    found, hour = [], hour_of(scenario.time_unit)
    for name, customer in scenario.customers.items():
        for i, demand in enumerate(customer.demand):
            count = 0.0
            if isinstance(demand, Process):
                count = steps(demand.pattern, scenario.horizon, hour)
            if count > MAX_STEPS:
                path = (*document.entry(("customers", name, "demand"), i), "pattern")
                expected = (
                    f"at most {MAX_STEPS:,.0f} changes of the rate within the horizon"
                    " (lengthen the season's period, or shorten `horizon`)"
                )
                found.append(document.fault(path, expected, f"about {count:,.0f}"))
    return found


def too_much_work(model: Model, lines: float, document: Document) -> list[Fault]:
    """Faults of a model whose expected work is beyond its limits, with what makes most of it.

    `lines` are the order lines expected of customers.
    """
    limits, parts = model.scenario.limits, workload(model, lines)
    events = sum(part.events for part in parts)
    memory = sum(part.bytes for part in parts) / 1e9
    found = []

    def fault(amount: str, limit: str, advice: str, got: str) -> None:
        expected = (
            f"at most {amount} a replication (shorten `horizon` or {advice}, or raise `{limit}`)"
        )
        found.append(document.fault(("horizon",), expected, got))

    if events > limits.events:
        most = max(parts, key=lambda part: part.events)
        amount = f"{limits.events:,.0f} events"
        fault(amount, "limits.events", most.advice, f"about {events:,.0f}")
    if memory > limits.memory:
        most = max(parts, key=lambda part: part.bytes)
        amount = f"{limits.memory:g} GB"
        fault(amount, "limits.memory", most.advice, f"about {memory:,.3g} GB")
    return found
