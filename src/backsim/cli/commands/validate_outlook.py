"""`validate-outlook`: are the dates that the outlook gives met as often as it says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

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
    known_seed,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.present.table import Block, Column, Table

if TYPE_CHECKING:
    from backsim.ahead.calibration import Calibrated


@command("Verify", "validate-outlook")
def validate_outlook(
    scenario: ScenarioFile,
    days: Annotated[int, typer.Option(min=2, help="Days of a history to look ahead from.")] = 200,
    every: Annotated[
        float, typer.Option(metavar="DAYS", min=0.01, help="Days between two of them.")
    ] = 5.0,
    ahead: Annotated[
        float, typer.Option(metavar="DAYS", min=0.01, help="Days that each of them looks ahead.")
    ] = 60.0,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=9, help="Times that each plays them.")
    ] = 99,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    format: PrintAs = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Check how often the outlook's dates are met.

    Simulates a history of the scenario, looks ahead from many of its days without knowing what
    comes, and counts how many of the dates given with 10, 20, ... 90 % were met.
    """
    from backsim.ahead.calibration import calibration
    from backsim.scenario import load

    model = load(scenario, set_ or [])
    drawn = known_seed(seed)
    with counting("days") as progress:
        found = calibration(
            model,
            drawn,
            days=days,
            every=every,
            ahead=ahead,
            replications=replications,
            engine=engine.value,
            progress=progress,
        )
    rows = [_row(level) for level in found]
    values = {"seed": drawn, "days": days, "replications": replications, "levels": rows}
    show(
        Found("Dates of the outlook", lambda: _blocks(found, days), lambda: rows, lambda: values),
        format,
    )


def _row(level: Calibrated) -> dict[str, Any]:
    return {
        "probability": level.probability,
        "dates": level.given,
        "met": level.met,
        "share": level.share,
        "error": level.error,
    }


def _blocks(found: Sequence[Calibrated], days: int) -> Iterator[Block]:
    columns = (
        Column("probability", kind="share", keep=True),
        Column("dates given"),
        Column("met"),
        Column("share met", kind="share", keep=True),
        Column("standard error", kind="share"),
    )
    rows = tuple(
        (level.probability, level.given, level.met, level.share, level.error) for level in found
    )
    note = f"From {days} days of a history; the days are the sample of the standard error."
    yield Table("calibration", "Dates given with a probability, and met", columns, rows, note)
