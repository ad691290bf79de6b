"""The largest work a replication may be, checked before anything is drawn or simulated."""

from __future__ import annotations

from backsim.scenario.rates import steps
from backsim.scenario.schema import Batches, Process, Review, Scenario
from backsim.scenario.yamlfile import Document, Fault

BYTES_A_LINE = 250.0
"""Peak memory of a replication per order line, in bytes (`make bench` measures it)."""

EVENTS_A_LINE = 3.0
"""Order, purchase arrival, end of tolerance."""

MAX_STEPS = 10e6
"""Steps in which the rate of arrivals may change during the horizon."""


def too_many_steps(scenario: Scenario, document: Document) -> list[Fault]:
    """Faults of patterns that change the rate too often."""
    found = []
    for name, customer in scenario.customers.items():
        for i, demand in enumerate(customer.demand):
            count = steps(demand.pattern, scenario.horizon) if isinstance(demand, Process) else 0.0
            if count > MAX_STEPS:
                path = (*document.entry(("customers", name, "demand"), i), "pattern")
                expected = (
                    f"at most {MAX_STEPS:,.0f} changes of the rate within the horizon"
                    " (lengthen the season's period, or shorten `horizon`)"
                )
                found.append(document.fault(path, expected, f"about {count:,.0f}"))
    return found


def too_much_work(scenario: Scenario, lines: float, document: Document) -> list[Fault]:
    """Faults of a scenario, fully resolved, whose expected work is beyond its limits."""
    limits = scenario.limits
    # Each review may make a purchase, which is kept like a line.
    reviews = sum(
        scenario.horizon / point.review.period
        for point in scenario.stock
        if isinstance(point.review, Review)
    )
    reviews += sum(
        scenario.horizon / point.observe.every
        for point in scenario.stock
        if point.observe is not None
    )
    batches = sum(
        scenario.horizon / point.clearing.every
        for point in scenario.stock
        if isinstance(point.clearing, Batches)
    )
    turns = sum(
        2 * scenario.horizon / (plan.up.moments()[0] + plan.down.moments()[0])
        for supplier in scenario.suppliers.values()
        if (plan := supplier.disruptions) is not None and plan.up and plan.down
    )
    events = EVENTS_A_LINE * lines + reviews + batches + turns
    memory = BYTES_A_LINE * (lines + reviews + turns) / 1e9
    if turns > EVENTS_A_LINE * lines:
        advice = "(shorten `horizon` or make outages rarer, or raise `{}`)"
    elif reviews > EVENTS_A_LINE * lines:
        advice = "(shorten `horizon` or lengthen the review period, or raise `{}`)"
    else:
        advice = "(shorten `horizon` or lower the rates of arrivals, or raise `{}`)"
    found = []
    if events > limits.events:
        expected = f"at most {limits.events:,.0f} events a replication " + advice.format(
            "limits.events"
        )
        found.append(document.fault(("horizon",), expected, f"about {events:,.0f}"))
    if memory > limits.memory:
        expected = f"at most {limits.memory:g} GB a replication " + advice.format("limits.memory")
        found.append(document.fault(("horizon",), expected, f"about {memory:,.3g} GB"))
    return found
