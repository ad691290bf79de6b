"""What `run`, `rules` and `metrics` print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from backsim.cli.console import Found, display
from backsim.present.table import Block, Cell, Column, Table
from backsim.report.load import load_words
from backsim.results.metrics import groups
from backsim.results.overload import BACKLOG, GROWTH, WAITING, load_of
from backsim.results.summary import Summary
from backsim.results.units import unit_words
from backsim.rules import Family, Parameter, Rule
from backsim.scenario.model import Model

MOST_COLUMNS = 8


def summary_found(model: Model, summary: Summary, by: str) -> Found:
    """The metrics with confidence intervals, overall and by class, product or site."""
    return Found(
        model.scenario.title or model.name,
        lambda: _summary_blocks(model, summary, by),
        summary.records,
        lambda: {"provenance": summary.provenance, "metrics": list(summary.records())},
    )


def _summary_blocks(model: Model, summary: Summary, by: str) -> Iterator[Block]:
    members = [
        m for d, m in dict.fromkeys((r.dimension, r.member) for r in summary.rows) if d == by
    ]
    shown = members[:MOST_COLUMNS] if len(members) > 1 else []
    p = summary.provenance
    yield (
        f"{p['replications']} replications, {model.scenario.time_unit} "
        f"{model.warm_up:g} to {model.horizon:g}, "
        f"{summary.orders:,} orders, {summary.events:,} events; "
        f"{p['engine']} engine ({p['engine_reason']}); seed {p['seed']}"
    )
    yield _summary_table(model, summary, by, shown)
    if told := overload_words(summary):
        yield f"\n{told}"
    if len(members) > len(shown) > 0:
        yield f"({len(members) - len(shown)} more of {by}: --format csv shows all)"


def _summary_table(model: Model, summary: Summary, by: str, members: Sequence[str]) -> Table:
    found = {(r.metric, r.dimension, r.member): r.estimate for r in summary.rows}
    rows: list[tuple[Cell, ...]] = []
    named: list[str] = []
    for group, metrics in groups().items():
        for one in metrics:
            estimates = [
                found.get((one.name, *view)) for view in [("", ""), *((by, m) for m in members)]
            ]
            if any(e is not None and (e.mean != 0 or one.always) for e in estimates):
                rows.append((one.name, *estimates, unit_words(one.unit, model.scenario)))
                named.append(group)
    columns = (
        Column("metric", kind="text", keep=True),
        Column("overall", keep=True),
        *(Column(member) for member in members),
        Column("unit", kind="text", keep=True),
    )
    replications = summary.provenance["replications"]
    interval = "± half-width of the 95 % confidence interval (Student's t over replications)"
    note = interval if replications > 1 else ""
    return Table("metrics", "", columns, tuple(rows), note, tuple(named))


def overload_words(summary: Summary) -> str:
    """What is to be said of a system that is overloaded, or leaves many customers waiting."""
    known = {r.metric: r.estimate for r in summary.rows if not r.dimension}
    if not {GROWTH, BACKLOG, WAITING} <= set(known):
        return ""
    growth, backlog, waiting = known[GROWTH], known[BACKLOG], known[WAITING]
    return load_words(load_of(growth, backlog, waiting), [(growth, backlog, waiting)])


def print_rules(families: Mapping[str, Family]) -> None:
    """All rules by family, a line each."""
    tables = [
        Table(
            family.name,
            f"{family.name}: {' '.join(family.doc.split())}",
            (
                Column("rule", kind="text"),
                Column("parameters", kind="prose", keep=True),
                Column("what it does", kind="prose", keep=True),
            ),
            tuple(
                (rule.name, _parameters(rule), rule.doc.partition("\n")[0])
                for rule in family.rules.values()
            ),
        )
        for family in families.values()
    ]
    display("", tables)


def print_rule(rule: Rule) -> None:
    """One rule in full: its docstring, and its parameters with unit and default."""
    parameters = [f"  {p.name}: {parameter(p)}" for p in rule.parameters]
    text = "\n".join([rule.doc, *(["", "parameters:"] if parameters else []), *parameters])
    display(f"{rule.family}: {rule.name}", [""])
    print(text)


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
    members = [(group, m) for group, members in groups().items() for m in members]
    columns = (
        Column("metric", kind="text", keep=True),
        Column("unit", kind="text"),
        Column("better", kind="text"),
        Column("definition", kind="prose", keep=True),
    )
    rows = tuple((m.name, m.unit, m.better, m.definition) for _, m in members)
    names = tuple(group for group, _ in members)
    display("", [Table("metrics", "", columns, rows, groups=names)])
