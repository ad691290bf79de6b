"""`compare`: its arguments and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import Format
from backsim.cli.options import Engine, Out, PrintAs, RuleFiles, Seed, Sets, UseEngine, Workers
from backsim.cli.registry import command


@command("Simulate")
def compare(
    experiment: Annotated[
        Path, typer.Argument(metavar="EXPERIMENT", help="An experiment file (YAML).")
    ],
    out: Out = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what the study holds and start anew.")
    ] = False,
    workers: Workers = None,
    replications: Annotated[
        int | None,
        typer.Option("--replications", "-n", help="Instead of the experiment's; 2 or more."),
    ] = None,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    format: PrintAs = Format.table,
    excel: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the tables to an Excel file, too.")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write results.parquet, too.")] = False,
    bound: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Bound the first N replications in hindsight; the report shows each regret.",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run on a cluster: the address of dask's scheduler."),
    ] = None,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Compare policies on common random numbers.

    Writes a study, results.csv and report.html to `--out`, by default studies/ and the experiment's
    name, and resumes the study there if it was interrupted.  Table and finding are printed.
    """
    from backsim.cli.compare import compare_policies
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    fields = {"replications": replications, "seed": seed}
    compare_policies(
        experiment,
        out if out is not None else Path("studies") / experiment.stem,
        set_ or [],
        {name: value for name, value in fields.items() if value is not None},
        format,
        excel,
        parquet,
        bound,
        {"workers": workers, "engine": engine.value, "fresh": fresh, "dask": dask},
    )
