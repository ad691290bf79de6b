"""`bundle`: a study as one archive, for others to read and to run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.options import RuleFiles, to_write
from backsim.cli.registry import command


@command("Publish")
def bundle(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="A folder of compare --out.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The archive. Default: STUDY.zip next to it.",
            callback=to_write,
        ),
    ] = None,
    rules: RuleFiles = None,
) -> None:
    """Write a study as one archive.

    It holds the scenarios, the study with its seeds and results, data files, versions of all
    packages, backsim's source, report, figures, model description, checklist, checksums and a
    script that runs the study again; `backsim reproduce` verifies it.
    """
    from backsim.publish.bundle import bundle as write

    archive = out if out is not None else study.with_name(f"{study.resolve().name}.zip")
    print(f"written: {write(study, archive)}")
