"""`variance`: where the chance of a result comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import Format, Found, show
from backsim.cli.options import (
    Engine,
    PrintAs,
    RuleFiles,
    ScenarioFile,
    Seed,
    Sets,
    UseEngine,
    Workers,
    known_seed,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.present.table import Block, Column, Table

if TYPE_CHECKING:
    from backsim.statistics.screening import Indices
    from backsim.streams.sources import Source


@command("Simulate")
def variance(
    scenario: ScenarioFile,
    metric: Annotated[str, typer.Option(help="A metric, such as mean_wait[gold].")] = "cost.total",
    points: Annotated[
        int, typer.Option("--points", "-n", min=4, help="Base points, of 5 runs each.")
    ] = 64,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    format: PrintAs = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Print where the variance of a metric comes from.

    The shares of demand, supply and customers' behaviour in the variance between replications.
    """
    from backsim.experiment.variance import variance as decomposed
    from backsim.scenario import load

    model = load(scenario, set_ or [])
    seed = known_seed(seed)
    with counting("runs") as progress:
        found = decomposed(
            model, metric, points=points, seed=seed, engine=engine.value, workers=workers,
            progress=progress,
        )  # fmt: skip
    rows = [
        {"source": name, "S1": one.first.mean, "S1_half_width": one.first.half_width,
         "ST": one.total.mean, "ST_half_width": one.total.half_width}
        for name, one in found.items()
    ]  # fmt: skip
    values = {"metric": metric, "seed": seed, "points": points, "sources": rows}
    show(
        Found("", lambda: _blocks(metric, points, seed, found), lambda: rows, lambda: values),
        format,
    )


def _blocks(
    metric: str, points: int, seed: int, found: Mapping[Source, Indices]
) -> Iterator[Block]:
    yield f"Shares of the variance of {metric} between replications; {points} points; seed {seed}"
    columns = (Column("source", kind="text"), Column("alone (S1)"), Column("with others (ST)"))
    rows = tuple((name, one.first, one.total) for name, one in found.items())
    note = "Share and half-width of the 95 % interval (jackknife). S1 leaves interactions out."
    yield Table("variance", "", columns, rows, note)
