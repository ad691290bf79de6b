"""`run`: its arguments and options."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import Format, show
from backsim.cli.options import (
    Engine,
    Out,
    PrintAs,
    RuleFiles,
    ScenarioFile,
    Seed,
    Sets,
    UseEngine,
    Workers,
)
from backsim.cli.registry import command


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
        int, typer.Option("--replications", "-n", min=1, help="Independent replications.")
    ] = 10,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    out: Out = None,
    format: PrintAs = Format.table,
    by: Annotated[By, typer.Option(help="How the table is split.")] = By.customer_class,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every event of replication 0 (.csv, .jsonl, or .gz of them).",
        ),
    ] = None,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Simulate a scenario and print its metrics.

    Means over replications, with confidence intervals.
    A seed that is not given is drawn and printed.
    """
    from backsim.cli.console import say
    from backsim.cli.progress import watched
    from backsim.cli.show import summary_found
    from backsim.files import check_folder
    from backsim.results.store import check_trace, write_summary, write_trace
    from backsim.results.summary import summarise
    from backsim.rules.files import load_rules
    from backsim.streams import fresh_seed

    load_rules(rules or [])
    if out is not None:
        check_folder(out)
    if trace is not None:
        check_trace(trace)
    from backsim.api import load, replicate, simulate

    model = load(scenario, set_ or [])
    for report in model.trace_reports:
        say(str(report))
    if seed is None:
        seed = fresh_seed()
        say(f"seed: {seed}")
    runs = replicate(
        model, seed=seed, replications=replications, workers=workers, engine=engine.value
    )
    summary = summarise(watched(runs, replications))
    if trace is not None:
        used = summary.provenance["engine"]
        write_trace(simulate(model, seed=seed, engine=used, record=True), trace)
    if out is not None:
        write_summary(summary, out)
    show(summary_found(model, summary, by.value), format)
