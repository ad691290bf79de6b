"""Tables on the console."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from backsim.cli.console import console, escape
from backsim.report.load import load_words
from backsim.report.words import interval
from backsim.results.metrics import groups
from backsim.results.overload import BACKLOG, GROWTH, WAITING, load_of
from backsim.results.summary import Summary
from backsim.results.units import unit_words
from backsim.rules import Family, Parameter, Rule
from backsim.scenario.model import Model
from backsim.statistics import Estimate

MOST_COLUMNS = 8


def print_summary(model: Model, summary: Summary, by: str) -> None:
    """The metrics with confidence intervals, overall and by class, product or site."""
    found = {(r.metric, r.dimension, r.member): r.estimate for r in summary.rows}
    members = [
        m for d, m in dict.fromkeys((r.dimension, r.member) for r in summary.rows) if d == by
    ]
    shown = members[:MOST_COLUMNS] if len(members) > 1 else []
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("metric")
    table.add_column("overall", justify="right")
    for member in shown:
        table.add_column(member, justify="right")
    table.add_column("unit", style="dim")
    for group, metrics in groups().items():
        rows = []
        for one in metrics:
            estimates = [
                found.get((one.name, *view)) for view in [("", ""), *((by, m) for m in shown)]
            ]
            if any(e is not None and (e.mean != 0 or one.always) for e in estimates):
                rows.append(
                    (
                        f"  {one.name}",
                        *map(_text, estimates),
                        escape(unit_words(one.unit, model.scenario)),
                    )
                )
        if rows:
            table.add_row(group, style="bold")
        for row in rows:
            table.add_row(*row)
    p = summary.provenance
    title = model.scenario.title or model.name
    out = console()
    out.print(f"[bold]{escape(title)}[/bold]")
    out.print(
        f"{p['replications']} replications, {escape(model.scenario.time_unit)} "
        f"{model.warm_up:g} to {model.horizon:g}, "
        f"{summary.orders:,} orders, {summary.events:,} events; "
        f"{p['engine']} engine ({p['engine_reason']}); seed {p['seed']}"
    )
    out.print()
    out.print(table)
    if told := overload_words(summary):
        out.print(f"\n{escape(told)}")
    if len(members) > len(shown) > 0:
        out.print(f"({len(members) - len(shown)} more of {by}: --format csv shows all)")
    if p["replications"] > 1:
        out.print("\n+- half-width of the 95 % confidence interval (Student's t over replications)")


def overload_words(summary: Summary) -> str:
    """What is to be said of a system that is overloaded, or leaves many customers waiting."""
    known = {r.metric: r.estimate for r in summary.rows if not r.dimension}
    if not {GROWTH, BACKLOG, WAITING} <= set(known):
        return ""
    growth, backlog, waiting = known[GROWTH], known[BACKLOG], known[WAITING]
    return load_words(load_of(growth, backlog, waiting), [(growth, backlog, waiting)])


def _text(estimate: Estimate | None) -> str:
    return "-" if estimate is None else interval(estimate)


def print_rules(families: Mapping[str, Family]) -> None:
    """All rules by family, a line each."""
    out = console()
    for family in families.values():
        out.print(f"[bold]{family.name}[/bold]  {escape(family.doc)}")
        table = Table(box=None, show_header=False, pad_edge=False)
        for rule in family.rules.values():
            table.add_row(
                "  " + rule.name, escape(_parameters(rule)), escape(rule.doc.split("\n")[0])
            )
        out.print(table)
        out.print()


def print_rule(rule: Rule) -> None:
    """One rule in full: its docstring, and its parameters with unit and default."""
    out = console()
    out.print(f"[bold]{rule.family}: {rule.name}[/bold]\n\n{escape(rule.doc)}")
    if rule.parameters:
        out.print("\nparameters:")
    for p in rule.parameters:
        out.print(f"  {p.name}: {parameter(p)}")


def _parameters(rule: Rule) -> str:
    names = [
        p.name if p.default is None else f"{p.name}={_spoken(p.default)}" for p in rule.parameters
    ]
    return ", ".join(names)


def parameter(p: Parameter) -> str:
    """Unit and default of a rule's parameter."""
    default = "required" if p.default is None else f"default {_spoken(p.default)}"
    rest = f", {_spoken(p.rest)} for the others" if p.default is None and p.rest is not None else ""
    classes = f", for all or by customer class{rest}" if p.each_class else ""
    return f"{p.unit}, {default}{classes}"


def _spoken(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def print_metrics() -> None:
    """The metrics by group, with unit, which way is better, and definition."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("metric", "unit", "better", "definition"):
        table.add_column(heading)
    for group, members in groups().items():
        if members:
            table.add_row(escape(group), style="bold")
        for m in members:
            table.add_row(f"  {m.name}", escape(m.unit), m.better, escape(m.definition))
    console().print(table)
