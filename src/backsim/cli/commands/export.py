"""`export`: a simulated history as a client's system would write it, with known truth."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import say
from backsim.cli.options import Engine, RuleFiles, ScenarioFile, Seed, Sets, UseEngine, known_seed
from backsim.cli.registry import command
from backsim.errors import InputError


class System(StrEnum):
    """Whose headings and formats an export has."""

    plain = "plain"
    sap = "sap"
    odoo = "odoo"
    erpnext = "erpnext"
    shopify = "shopify"
    woocommerce = "woocommerce"
    amazon = "amazon"


class Dirt(StrEnum):
    """How dirty an export is."""

    none = "none"
    light = "light"
    heavy = "heavy"


@command("Files")
def export(
    scenario: ScenarioFile,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the files to this folder.")
    ] = None,
    as_: Annotated[
        System, typer.Option("--as", help="The system whose headings and formats the files have.")
    ] = System.plain,
    dirt: Annotated[
        Dirt,
        typer.Option(
            help="light: repeated rows, totals, shipments without a date; heavy: test orders, "
            "returns and days without times too."
        ),
    ] = Dirt.none,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Write a simulated history as an ERP's export.

    Its truth is the scenario: for demonstrations, and to test `calibrate`.
    A seed that is not given is drawn and printed.
    """
    from backsim.api import load, simulate
    from backsim.backtest.simulated import tables_of
    from backsim.data.writing import write_export
    from backsim.streams import generator

    if out is None:
        raise InputError("export: expected --out DIR, the folder for the files")
    model = load(scenario, set_ or [])
    seed = known_seed(seed)
    run = simulate(model, seed=seed, engine=engine.value)
    tables = tables_of(run)
    written = write_export(tables, as_.value, out, dirt.value, generator(seed, 0, "dirt"))
    for path in written:
        print(path)
    say(f"its truth is {scenario}; next: backsim calibrate {out} --out DIR")
