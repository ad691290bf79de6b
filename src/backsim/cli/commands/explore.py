"""`explore`: a page with sliders for the scenario's numbers and rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import say
from backsim.cli.options import (
    Engine,
    Metrics,
    RuleFiles,
    ScenarioFile,
    Seed,
    Sets,
    UseEngine,
    Workers,
    known_seed,
    named,
    to_write,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.errors import InputError

if TYPE_CHECKING:
    from backsim.explore.explorer import Explorer

Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="PATH",
        help="Show only fields at or below this path, such as policy.reorder; repeatable.",
    ),
]
Grid = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=VALUES",
        help="With --out: values of a field, such as policy.reorder.s=10,20; repeatable.",
    ),
]
OutFile = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Write one HTML file with the answers of a grid.",
        callback=to_write,
    ),
]
Replications = Annotated[
    int | None,
    typer.Option(
        "--replications", "-n", min=2, help="Replications per answer. Default: those of 0.15 s."
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")]


@command("Simulate")
def explore(
    scenario: ScenarioFile,
    field: Fields = None,
    replications: Replications = None,
    metrics: Metrics = None,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    out: OutFile = None,
    grid: Grid = None,
    port: Port = 0,
    browser: Browser = True,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Open a page with sliders for a scenario.

    Each change is simulated in the same random worlds as the base case. The page is served on this
    machine only, until Ctrl-C. With --out, writes one file that needs no server.
    """
    from backsim.explore.explorer import Explorer

    if grid and out is None:
        raise InputError("--grid: expected --out FILE, the page to write")
    seed = known_seed(seed)
    with counting("answers") as meter:
        meter.stage(f"loading {scenario}")
        explorer = Explorer(
            scenario, set_ or [], seed=seed, replications=replications, metrics=named(metrics),
            fields=field or [], engine=engine.value, workers=workers, stage=meter.stage,
        )  # fmt: skip
        if out is not None:
            from backsim.explore.page import static_page
            from backsim.files import write_text

            write_text(out, static_page(explorer, grid or [], meter))
            say(f"written: {out}")
            return
    _serve(explorer, port, browser)


def _serve(explorer: Explorer, port: int, browser: bool) -> None:
    """Answer the page until Ctrl-C."""
    import webbrowser

    from backsim.explore.server import Server

    with Server(explorer, port) as server:
        print(server.url, flush=True)
        say("The page is open on this machine only. Ctrl-C ends it.")
        if browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("ended")
