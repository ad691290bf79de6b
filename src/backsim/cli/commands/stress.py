"""`stress`: the reporting checklist of a study, filled from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import Format, Found, show
from backsim.cli.options import PrintAs, RuleFiles
from backsim.cli.registry import command

StudyOf = Annotated[
    Path,
    typer.Argument(metavar="STUDY", help="A folder of compare --out, or an experiment file."),
]


@command("Publish")
def stress(study: StudyOf, format: PrintAs = Format.markdown, rules: RuleFiles = None) -> None:
    """Fill the STRESS-DES checklist of a study.

    Items are filled from scenario, experiment and provenance; what only the author can say is
    listed
    (Monks et al., Journal of Simulation 13 (2019) 55-67).
    """
    from backsim.publish.stress import blocks, checklist
    from backsim.publish.study import read_study_of

    written = read_study_of(study)
    found = checklist(written)
    rows = [
        {"section": i.section, "item": i.number, "name": i.name, "status": a.status,
         "text": a.text, "author": a.author}
        for i, a in found
    ]  # fmt: skip
    title = f"STRESS-DES: {written.experiment.heading}"
    show(Found(title, lambda: blocks(found), lambda: rows, lambda: rows), format)
