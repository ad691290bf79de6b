"""`backtest`: held-out days of an export against what the days before predict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import Engine, PrintAs, Seed, UseEngine, Workers, known_seed
from backsim.cli.registry import command

if TYPE_CHECKING:
    from backsim.backtest.backtest import Backtest
    from backsim.present.table import Block


@command("Verify")
def backtest(
    export: Annotated[
        Path,
        typer.Argument(
            metavar="EXPORT", help="A folder of CSV and Excel files, or a mapping file."
        ),
    ],
    hold_out: Annotated[
        int, typer.Option(metavar="DAYS", min=7, help="Number of days at the end to hold out.")
    ] = 180,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=2, help="Number of simulated histories.")
    ] = 40,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay",
            help="Simulate the held-out days with the true demand, and with the true receipts too, "
            "to tell errors of demand, supply and service apart.",
        ),
    ] = False,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the results to a folder.")
    ] = None,
    format: PrintAs = Format.table,
) -> None:
    """Test a calibrated model on held-out days.

    Fits a model to the days before, simulates the held-out days many times, and compares what
    happened with 90 % prediction intervals.
    """
    from backsim.backtest.backtest import backtest as tested
    from backsim.backtest.backtest import to_dict
    from backsim.backtest.page import backtest_page
    from backsim.files import check_folder, write_text
    from backsim.present.records import to_json

    if out is not None:
        check_folder(out)
    found = tested(export, hold_out, replications, known_seed(seed), engine.value, replay, workers)
    values = to_dict(found)
    if out is not None:
        write_text(out / "backtest.html", backtest_page(found))
        write_text(out / "backtest.json", to_json(values) + "\n")
    title = f"Backtest of {export.name or export}"
    show(Found(title, lambda: _blocks(found), lambda: values["compared"], lambda: values), format)
    if out is not None:
        say(f"written: {out}")


def _blocks(found: Backtest) -> Iterator[Block]:
    from backsim.backtest import page

    yield page.facts(found)
    yield page.finding(found)
    yield page.totals_table(found)
    yield page.coverage_table(found)
    if found.replays:
        yield page.causes_table(found)
    for kind in page.KINDS:
        if len({c.group.name for c in found.of(kind)}) > 1:
            yield page.groups_table(found, kind)
    yield from page.reasons(found)
