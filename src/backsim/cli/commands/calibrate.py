"""`calibrate`: from a client's export to a scenario, an experiment and a page of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import PrintAs
from backsim.cli.registry import command
from backsim.errors import InputError

if TYPE_CHECKING:
    from backsim.data.calibrate import Calibration
    from backsim.present.table import Block


@command("Plan")
def calibrate(
    export: Annotated[
        Path | None,
        typer.Argument(
            metavar="EXPORT", help="A folder of CSV and Excel files, or a mapping file."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write the scenario to this folder.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            metavar="SYSTEM",
            help="Write a mapping for sap, odoo, odoo_list, netsuite, dynamics, erpnext, shopify, "
            "woocommerce, amazon or plain to the folder EXPORT and stop.",
        ),
    ] = None,
    format: PrintAs = Format.table,
) -> None:
    """Fit a scenario to the export of an ERP or shop.

    A mapping (YAML) says which file holds what; without one, it is guessed from the headings.
    """
    from backsim.data.systems import write_template

    if export is None:
        raise InputError("calibrate: expected a folder with an export, or a mapping file")
    if template is not None:
        path = write_template(template, export)
        print(path)
        say(f"Put the files in the same folder, then run: backsim calibrate {path} --out DIR")
        return
    from backsim.data.calibrate import calibrate as fitted
    from backsim.data.calibrate import to_dict

    found = fitted(export)
    for note in (*found.guesses, *found.history.notes, *found.assumptions):
        say(note)
    if out is not None:
        _write(found, export, out)
    title = found.mapping.title or f"Calibrated from {export.name or export}"
    rows = [
        {"table": r.table, "file": r.file, "read": r.read, "used": r.used}
        for r in found.history.rows
    ]
    show(Found(title, lambda: _blocks(found), lambda: rows, lambda: to_dict(found)), format)
    if out is not None:
        say(f"written: {out}; next: backsim run {out / 'scenario.yaml'}")


def _blocks(found: Calibration) -> Iterator[Block]:
    from backsim.report import data, datatimes

    yield data.facts(found)
    yield data.summary(found)
    for warning in data.missing(found):
        yield f"warning: {warning}"
    for make in (
        data.rows_table,
        data.dropped_table,
        data.service_table,
        data.demand_table,
        datatimes.lead_time_table,
        datatimes.patience_table,
        data.level_groups_table,
    ):
        table = make(found)
        if table.rows:
            yield table


def _write(found: Calibration, export: Path, out: Path) -> None:
    from backsim.data.book import FOLDER, book
    from backsim.data.calibrate import to_dict
    from backsim.data.levels import levels_rows
    from backsim.data.scenariofile import experiment_text, scenario_text
    from backsim.data.systems import to_yaml
    from backsim.data.today import FILES, opening_rows, today_text
    from backsim.files import check_folder, write_text
    from backsim.present.records import to_json, write_csv
    from backsim.report.data import data_page, level_groups_table, levels_table
    from backsim.report.excel import write_tables
    from backsim.scenario import load

    check_folder(out)
    texts: dict[str, Callable[[], str]] = {
        "scenario.yaml": lambda: scenario_text(found),
        "experiment.yaml": lambda: experiment_text(found),
        "calibration.json": lambda: to_json(to_dict(found)) + "\n",
        "data.html": lambda: data_page(found),
    }
    if found.guesses:
        entries = [
            {**t.model_dump(mode="json", exclude_unset=True), "file": relpath(export / t.file, out)}
            for t in found.mapping.tables
        ]
        texts["mapping.yaml"] = lambda: "# Guessed from headings.\n" + to_yaml({"tables": entries})
    for name, make in texts.items():
        text = make()
        write_text(out / name, text)
    opening = opening_rows(found)
    for name, rows in opening.items():
        if rows:
            write_text(out / FILES[name], partial(write_csv, rows))
    write_text(out / "today.yaml", today_text(found, opening))
    for name, rows in book(found, opening).items():
        if rows:
            check_folder(out / FOLDER)
            write_text(out / FOLDER / f"{name}.csv", partial(write_csv, rows))
    write_text(out / "levels.csv", lambda file: write_csv(levels_rows(found), file))
    if find_spec("openpyxl") is None:
        say("levels.xlsx is not written: pip install 'backsim[excel]'")
    else:
        write_tables([levels_table(found), level_groups_table(found)], out / "levels.xlsx")
    load(out / "today.yaml")  # the scenario and more; to read both takes twice as long
