"""`validate-outlook`: are the dates that the outlook gives met as often as it says?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import (
    Engine,
    Out,
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
    ] = 19,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    out: Out = None,
    format: PrintAs = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Check how often the outlook's dates are met.

    Simulates a history of the scenario, looks ahead from many of its days without knowing what
    comes, and counts how many of the dates given with 10, 20, ... 90 % were met.
    """
    from backsim.ahead.calibration import calibration
    from backsim.ahead.calibration_page import calibration_page, calibration_table
    from backsim.files import check_folder, write_text
    from backsim.present.records import to_json
    from backsim.scenario import load

    if out is not None:
        check_folder(out)
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
    title = f"Dates of the outlook: {model.scenario.title or model.name}"
    if out is not None:
        write_text(out / "calibration.html", calibration_page(found, days, drawn, title))
        write_text(out / "calibration.json", to_json(values) + "\n")
    table = calibration_table(found, days)
    show(Found(title, lambda: [table], lambda: rows, lambda: values), format)
    if out is not None:
        say(f"written: {out}")


def _row(level: Calibrated) -> dict[str, Any]:
    return {
        "probability": level.probability,
        "dates": level.given,
        "met": level.met,
        "share": level.share,
        "error": level.error,
    }
