"""The description of a model, in equations and words, from its explicit form alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backsim.engines.features import switches
from backsim.engines.link import kernel_events
from backsim.errors import counted, listed
from backsim.present.table import Block, Cell, Column, Equation, Heading, Table
from backsim.publish.formula import formula_of, spelled
from backsim.publish.symbols import ANSWERS, SYMBOLS
from backsim.publish.words import MOST, compared, more, said
from backsim.results.metrics import METRICS, parts_of
from backsim.results.units import unit_words
from backsim.rules import PROGRAM, Rule
from backsim.scenario.costs import CostRates, CustomerCosts
from backsim.scenario.costtable import CostTable
from backsim.scenario.demand.schema import OrderList, Process, TraceDemand
from backsim.scenario.meanings import meaning
from backsim.scenario.model import Model

ASKED = {
    **{"forecast": "FORECASTS", "notice": "INFORMS", "estimate": "INFORMS"},
    **{"sourcing": "NETWORK", "split": "DIVIDES"},
}
"""Family of rules -> the part of the kernel without which it is never asked."""


def describe(model: Model) -> list[Block]:
    """The model as paragraphs, tables and equations, in the order in which a paper says them."""
    return [block for section in SECTIONS for block in section(model)]


def rules_asked(model: Model) -> dict[str, list[Rule]]:
    """The rules by family that runs of a model ask."""
    active = switches(model)
    return {f: rules for f, rules in model.rules.items() if ASKED.get(f, "") in ("", *active)}


def _system(model: Model) -> Iterator[Block]:
    scenario = model.scenario
    many = [
        counted(len(model.products), "product"), counted(len(model.sites), "site"),
        counted(len(model.suppliers), "supplier"),
        counted(len(model.classes), "customer class", "customer classes"),
    ]  # fmt: skip
    yield Heading("System")
    yield (
        f"A discrete-event model in continuous time of {listed(many)}, with "
        f"{counted(len(model.stock_points), 'stock point')} (a product at a site). "
        f"A replication plays {said(model.horizon)} {scenario.time_unit}, of which the first "
        f"{said(model.warm_up)} (the warm-up) are not counted."
        + (f" Day 0 is {scenario.start}." if scenario.start else "")
    )
    sets = (
        (r"i \in \mathcal{I}", "stock points", f"{len(model.stock_points):,}"),
        (r"k \in \mathcal{K}", "customer classes", listed(model.classes, 8)),
        (r"\mathcal{P}", "products", listed(model.products, 8)),
        (r"\mathcal{S}", "sites", listed(model.sites, 8)),
        (r"\mathcal{J}", "suppliers", listed(model.suppliers, 8)),
        (r"\ell", "an order line: units of one product in one order", ""),
    )
    columns = _columns("symbol formula", "meaning text", "members prose")
    yield Table("sets", "Sets and indices", columns, sets)


def _state(model: Model) -> Iterator[Block]:
    announced = "ANNOUNCES" in switches(model)
    yield Heading("State")
    rows = [
        ("I_i(t)", "units on hand at stock point i"),
        ("O_i(t)", "units on order, not received yet"),
        ("B_i(t)", "units that customers wait for (backlog)"),
        *([("A_i(t)", "units of orders announced and not due yet")] if announced else []),
        ("R_i(t)", "units received up to t"),
        ("S_i(t)", "units shipped up to t"),
    ]
    yield Table(
        "state", "State of a stock point", _columns("symbol formula", "meaning text"), tuple(rows)
    )
    yield "The inventory position, and the conservation of units, which every run checks:"
    yield Equation(f"X_i(t) = I_i(t) + O_i(t) - B_i(t){' - A_i(t)' if announced else ''}")
    yield Equation("I_i(t) = I_i(0) + R_i(t) - S_i(t)")


def _demand(model: Model) -> Iterator[Block]:
    yield Heading("Demand")
    rows: list[tuple[Cell, ...]] = []
    for name, customer in model.scenario.customers.items():
        for index, entry in enumerate(customer.demand):
            rows.append((name, *_entry(model, name, index, entry)))
    columns = _columns(
        "class text", "arrivals of orders prose", "pattern prose", "products prose", "sites prose",
        "lines text", "units per line prose",
    )  # fmt: skip
    yield _without_same(Table("demand", "Orders", columns, tuple(rows[:MOST]), more(len(rows))))
    if any(r[1].startswith("poisson") for r in rows if isinstance(r[1], str)):
        yield "A Poisson process of rate r with a pattern has the intensity"
        yield Equation(r"\lambda(t) = r \, f_{\mathrm{pattern}}(t), \qquad \overline{f} = 1")
    if "FORECASTS" in switches(model):
        yield "Stock points observe the demand of each period for their forecast."


def _entry(model: Model, name: str, index: int, entry: Any) -> tuple[str, ...]:
    match entry:
        case Process():
            return (
                said(entry.arrivals), _pattern(entry.pattern),
                f"each of {', '.join(entry.products)}" if entry.together
                else _weights(entry.products),
                _weights(entry.sites),
                f"{len(entry.products)}" if entry.together else said(entry.lines),
                said(entry.size),
            )  # fmt: skip
        case TraceDemand():
            report = model.traces[name, index].report
            orders, lines = counted(report.orders, "order"), counted(report.used, "line")
            told = f"replayed from {report.file}: {orders}, {lines}"
            return told, "", "as in the file", said(entry.trace.site), "", "as in the file"
        case OrderList():
            return f"{counted(len(entry.orders), 'order')} written in the scenario", *[""] * 5
    return (said(entry), *[""] * 5)


def _without_same(table: Table) -> Table:
    """A table in which what stands in every row is said once, in the note."""
    if len(table.rows) < 2:
        return table
    every = [{row[i] for row in table.rows} for i in range(len(table.columns))]
    same = [i for i in range(1, len(table.columns)) if len(every[i]) == 1]
    kept = [i for i in range(len(table.columns)) if i not in same]
    said_once = (f"{table.columns[i].label}: {table.rows[0][i]}" for i in same if table.rows[0][i])
    note = ". ".join(said_once)
    return Table(
        table.name,
        table.title,
        tuple(table.columns[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in table.rows),
        " ".join(filter(None, [f"In all: {note}." if note else "", table.note])),
    )


def _pattern(pattern: Any) -> str:
    fields = {name: getattr(pattern, name) for name in type(pattern).model_fields}
    parts = [f"{name}: {said(value)}" for name, value in fields.items() if value]
    return "; ".join(parts) or "none"


def _weights(weights: Any) -> str:
    names = list(weights)
    if len(names) == 1:
        return str(names[0])
    return said(dict(weights)) if len(names) <= 6 else f"{len(names):,} with weights"


def _customers(model: Model) -> Iterator[Block]:
    yield Heading("Customers")
    yield from compared("Customers", model.scenario.customers, ("demand", "costs"))


def _supply(model: Model) -> Iterator[Block]:
    yield Heading("Supply")
    yield from compared("Suppliers", model.scenario.suppliers)


def _policy(model: Model) -> Iterator[Block]:
    yield Heading("Policy")
    points = {f"{p.product} at {p.site}": p for p in model.written.stock}
    yield from compared("Stock points", points, ("products", "sites", "costs"))
    used: dict[str, tuple[str, str]] = {}
    for family, rules in rules_asked(model).items():
        for rule in rules:
            yield from _rule(rule, used)
        if rules:
            symbol, meaning = ANSWERS[family]
            used[symbol] = (symbol, meaning)
    for use, process in zip(model.scenario.processes, model.processes, strict=True):
        given = ", ".join(f"{name} = {value}" for name, value in use.params.items())
        words = " ".join(process.doc.split())
        yield f"Process {process.name}{f' ({given})' if given else ''}: {words}"
    if "LOTS" in switches(model):
        yield "What is ordered is at least the least order and a whole number of multiples M:"
        yield Equation(
            r"\hat{q}_i = M_i \left\lceil \frac{\max(q_i, q^{\min}_i)}{M_i} \right\rceil"
        )
    if used:
        columns = _columns("symbol formula", "meaning text")
        yield Table("notation", "Notation of the rules", columns, tuple(used.values()))


def _rule(rule: Rule, used: dict[str, tuple[str, str]]) -> Iterator[Block]:
    """A rule in words and, where it is one, as a formula; adds what occurs in it to `used`."""
    words = " ".join(rule.doc.split())
    yield f"{rule.family.capitalize()} rule {rule.name}: {words}"
    symbols = {name: symbol for name, (symbol, _) in SYMBOLS.items()}
    found = None if rule.name == PROGRAM else formula_of(rule.function, symbols)
    if found is None:
        return
    answer = ANSWERS[rule.family][0]
    where = "".join(f",\\quad {name} = {value}" for name, value in found.where)
    yield Equation(f"{answer} = {found.value}{where}")
    units = {p.name: f"parameter of {rule.name}, {p.unit}" for p in rule.parameters}
    for name in found.names:
        symbol, meaning = SYMBOLS.get(name, (spelled(name.rpartition(".")[2]), units.get(name, "")))
        if meaning:
            used.setdefault(symbol, (symbol, meaning))


def _costs(model: Model) -> Iterator[Block]:
    yield Heading("Costs")
    yield "Costs accrue per event or over time; the total is the sum of its parts:"
    parts = [METRICS[name] for name in parts_of("cost.total")]
    yield Equation(" + ".join(["C = " + _cost(parts[0].name), *(_cost(p.name) for p in parts[1:])]))
    rows = tuple((_cost(p.name), p.label, p.definition) for p in parts)
    columns = _columns("symbol formula", "part text", "what is charged prose")
    yield Table("costs", "Parts of the total cost", columns, rows)
    found = tuple(_rates(model))
    if found:
        heads = _columns("rate text", "of text", "value text", "meaning prose")
        unit = unit_words("money", model.scenario)
        yield Table(
            "rates", f"Cost rates ({unit})", heads, found, "Rates that are not listed are 0."
        )


def _cost(name: str) -> str:
    words = name.removeprefix("cost.").replace("_", r"\ ")
    return f"C_{{\\mathrm{{{words}}}}}"


def _rates(model: Model) -> Iterator[tuple[Cell, ...]]:
    """The rates that are not 0, of each class where they are classes'."""
    costs = CostTable(model.written)
    for name in CostRates.model_fields:
        values = costs[name]
        owners = list(model.classes) if name in CustomerCosts.model_fields else [""]
        for owner, row in zip(owners, np.atleast_2d(values), strict=True):
            if row.any():
                low, high = said(float(row.min())), said(float(row.max()))
                text = low if low == high else f"{low} to {high}"
                yield (
                    name,
                    owner or "stock points",
                    text,
                    " ".join(meaning(CostRates, name).split()),
                )


def _events(model: Model) -> Iterator[Block]:
    yield Heading("Order of events")
    active, seen = switches(model), set()
    rows: list[tuple[Cell, ...]] = []
    for event in kernel_events():
        if event.is_on(active):
            late = " (After the demand of that instant.)" if event.handler in seen else ""
            seen.add(event.handler)
            rows.append((len(rows) + 1, f"{event.doc}{late}"))
    columns = (Column("number"), Column("what happens", kind="prose"))
    yield "Events at the same time happen in this order; within a kind in the order of planning."
    yield Table("events", "Events", columns, tuple(rows))


def _randomness(model: Model) -> Iterator[Block]:
    yield Heading("Random numbers")
    yield (
        "Every random quantity has a stream of its own (PCG64DXSM), seeded by the seed, the "
        "replication and the stream's name, never by the policy: policies are compared on common "
        "random numbers. The draws of a customer belong to that customer; the n-th purchase of a "
        "stock point takes the n-th draw of its lead time."
    )


SECTIONS: tuple[Callable[[Model], Iterator[Block]], ...] = (
    *(_system, _state, _demand, _customers, _supply, _policy, _costs, _events, _randomness),
)


def _columns(*heads: str) -> tuple[Column, ...]:
    """Columns from `label kind`."""
    return tuple(
        Column(head.rpartition(" ")[0], kind=head.rpartition(" ")[2])  # type: ignore[arg-type]
        for head in heads
    )
