"""The largest work a replication may be, checked before anything is drawn or simulated."""

from __future__ import annotations

from backsim.scenario.model import Model
from backsim.scenario.schema import Process, Review
from backsim.scenario.yamlfile import Document, Fault, FileError

BYTES_A_LINE = 250.0
"""Peak memory of a replication per order line, in bytes (`make bench` measures it)."""

EVENTS_A_LINE = 3.0
"""Order, purchase arrival, end of tolerance."""


def check_limits(model: Model, document: Document) -> None:
    """Refuse a model whose expected work is beyond its limits.  Raises FileError."""
    limits = model.scenario.limits
    lines = expected_lines(model)
    reviews = sum(
        model.horizon / point.review.period
        for point in model.scenario.stock
        if isinstance(point.review, Review)
    )
    events = EVENTS_A_LINE * lines + reviews
    memory = BYTES_A_LINE * (lines + reviews) / 1e9
    faults: list[Fault] = []
    advice = "(shorten `horizon`, lower the rates or lengthen the review periods, or raise `{}`)"
    if events > limits.events:
        expected = f"at most {limits.events:,.0f} events a replication " + advice.format("limits.events")
        faults.append(document.fault(("horizon",), expected, f"about {events:,.0f}"))
    if memory > limits.memory:
        expected = f"at most {limits.memory:g} GB a replication " + advice.format("limits.memory")
        faults.append(document.fault(("horizon",), expected, f"about {memory:,.1f} GB"))
    if faults:
        raise FileError(document.name, faults)


def expected_lines(model: Model) -> float:
    """Order lines a replication, on average."""
    from backsim.scenario.resolve import order_rate

    total = 0.0
    for name, customer in model.scenario.customers.items():
        for i, demand in enumerate(customer.demand):
            if isinstance(demand, Process):
                growth = 1.0 + max(0.0, demand.pattern.trend) * model.horizon / 2
                per_order = max(1.0, demand.lines.moments()[0])
                total += order_rate(demand) * model.horizon * growth * per_order
            elif (name, i) in model.traces:
                total += model.traces[name, i].report.used
            else:
                total += sum(len(order.lines) for order in demand.orders)
    return total
