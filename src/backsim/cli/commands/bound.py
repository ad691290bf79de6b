"""`bound`: its arguments and options."""

from __future__ import annotations

from typing import Annotated

import typer

from backsim.cli.console import Format
from backsim.cli.options import Engine, PrintAs, RuleFiles, ScenarioFile, Seed, Sets, UseEngine
from backsim.cli.registry import command


@command("Simulate")
def bound(
    scenario: ScenarioFile,
    seed: Seed = None,
    replications: Annotated[
        int, typer.Option("--replications", "-n", min=1, help="Independent replications.")
    ] = 5,
    against: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RULE",
            help="A priority rule, its parameters at defaults; repeatable. All such if none.",
        ),
    ] = None,
    engine: UseEngine = Engine.auto,
    format: PrintAs = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Print how far rules are above the least cost.

    What no clearing rule could have beaten on the same random numbers, and each rule's regret.
    A seed that is not given is drawn and printed.
    """
    from backsim.cli.bound import show_bound
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    show_bound(scenario, seed, replications, against, format, engine.value, set_ or [])
