"""`run`: metrics of a scenario, with confidence intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import (
    Engine,
    Metrics,
    Out,
    PrintAs,
    RuleFiles,
    ScenarioFile,
    Seed,
    Sets,
    UseEngine,
    Workers,
    chosen_metrics,
    known_seed,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.errors import counted
from backsim.files import check_folder
from backsim.present.table import Block, Cell, Column, Table

if TYPE_CHECKING:
    from backsim.results.summary import Summary
    from backsim.scenario.model import Model

MOST_COLUMNS = 8


class By(StrEnum):
    """How the printed table is split."""

    customer_class = "class"
    product = "product"
    site = "site"


@command("Simulate")
def run(
    scenario: ScenarioFile,
    seed: Seed = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=1, help="Number of independent replications.")
    ] = 10,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    out: Out = None,
    format: PrintAs = Format.table,
    by: Annotated[By, typer.Option(help="Split the table by this dimension.")] = By.customer_class,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every event of replication 0 (.csv, .jsonl, or .gz of them).",
        ),
    ] = None,
    metrics: Metrics = None,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Simulate a scenario and print its metrics.

    Prints means over replications with 95 % confidence intervals.
    Without --seed, a seed is drawn and printed.
    """
    from backsim.api import load, replicate, simulate
    from backsim.results.store import check_trace, write_summary, write_trace
    from backsim.results.summary import summarise

    if out is not None:
        check_folder(out)
    if trace is not None:
        check_trace(trace)
    chosen = chosen_metrics(metrics)
    with counting("replications") as meter:
        meter.stage(f"loading {scenario}")
        model = load(scenario, set_ or [])
        for remark in _remarks(model):
            say(remark)
        seed = known_seed(seed)
        meter.stage("drawing random numbers, preparing the engine")
        runs = replicate(
            model, seed=seed, replications=replications, workers=workers, engine=engine.value
        )
        summary = summarise(meter.each(runs, replications))
    if trace is not None:
        write_trace(simulate(model, seed=seed, engine=summary.engine, record=True), trace)
    if out is not None:
        write_summary(summary, out)
    shown = replace(summary, rows=tuple(r for r in summary.rows if r.metric in chosen))
    found = Found(
        model.scenario.title or model.name,
        lambda: _blocks(model, shown, by.value, _overload(summary)),
        shown.records,
        lambda: {"provenance": summary.provenance, "metrics": list(shown.records())},
    )
    show(found, format)


def _remarks(model: Model) -> Iterator[str]:
    """What was read of its traces, and what of it can hardly be meant."""
    from backsim.scenario.readback import implausible

    yield from map(str, model.trace_reports)
    for doubt in implausible(model):
        yield f"warning: {doubt}"


def _blocks(model: Model, summary: Summary, by: str, overload: str) -> Iterator[Block]:
    members = [
        m for d, m in dict.fromkeys((r.dimension, r.member) for r in summary.rows) if d == by
    ]
    shown = members[:MOST_COLUMNS] if len(members) > 1 else []
    yield (
        f"{counted(summary.replications, 'replication')}, {model.scenario.time_unit} "
        f"{model.warm_up:.10g} to {model.horizon:.10g}, "
        f"{counted(summary.orders, 'order')}, {counted(summary.events, 'event')}; "
        f"{summary.engine} engine ({summary.reason}); seed {summary.seed}"
    )
    yield _table(model, summary, by, shown)
    if overload:
        yield f"\n{overload}"
    if len(members) > len(shown) > 0:
        yield f"({len(members) - len(shown)} more by {by}: --format csv shows all)"


def _table(model: Model, summary: Summary, by: str, members: Sequence[str]) -> Table:
    from backsim.report.words import scale_of
    from backsim.results.metrics import groups
    from backsim.results.spec import MetricSpec
    from backsim.results.units import unit_words
    from backsim.statistics import times

    found = {(r.metric, r.dimension, r.member): r.estimate for r in summary.rows}
    rows: list[tuple[Cell, ...]] = []
    named: list[str] = []
    for group, metrics in groups().items():
        for one in metrics:
            estimates = [
                found.get((one.name, *view)) for view in [("", ""), *((by, m) for m in members)]
            ]
            if any(e is not None and (e.mean != 0 or one.always) for e in estimates):
                spec, unit = MetricSpec(one.name), unit_words(one.unit, model.scenario)
                if spec.is_share:
                    estimates = [e and times(e, scale_of(spec)) for e in estimates]
                rows.append((one.name, *estimates, "%" if spec.is_share else unit))
                named.append(group)
    columns = (
        Column("metric", kind="text", keep=True),
        Column("overall", keep=True),
        *(Column(member) for member in members),
        Column("unit", kind="text", keep=True),
    )
    interval = "± half-width of the 95 % confidence interval (Student's t over replications)"
    note = interval if summary.replications > 1 else ""
    return Table("metrics", "", columns, tuple(rows), note, tuple(named))


def _overload(summary: Summary) -> str:
    """What is to be said of a system that is overloaded, or leaves many customers waiting."""
    from backsim.report.load import load_words
    from backsim.results.overload import BACKLOG, GROWTH, WAITING, load_of

    known = {r.metric: r.estimate for r in summary.rows if not r.dimension}
    if not {GROWTH, BACKLOG, WAITING} <= set(known):
        return ""
    growth, backlog, waiting = known[GROWTH], known[BACKLOG], known[WAITING]
    return load_words(load_of(growth, backlog, waiting), [(growth, backlog, waiting)])
