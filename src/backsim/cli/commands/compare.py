"""`compare`: progress while it runs, then a table, the finding, and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import (
    Dask,
    Engine,
    Fresh,
    Metrics,
    Out,
    PrintAs,
    RuleFiles,
    Seed,
    Sets,
    StoreAt,
    UseEngine,
    Workers,
    named,
    to_write,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.errors import counted
from backsim.present.table import Block

if TYPE_CHECKING:
    import pandas as pd

    from backsim.experiment import Study

MOST_ROWS = 40

ExperimentFile = Annotated[
    Path, typer.Argument(metavar="EXPERIMENT", help="An experiment file (YAML).")
]
Replications = Annotated[
    int | None,
    typer.Option("--replications", "-n", help="Override the number of replications (at least 2)."),
]
Excel = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Also write the tables to an Excel file.", callback=to_write),
]
Slides = Annotated[
    Path | None,
    typer.Option(
        "--pptx",
        metavar="FILE",
        help="Also write slides with charts that can be edited.",
        callback=to_write,
    ),
]
Parquet = Annotated[bool, typer.Option("--parquet", help="Also write results.parquet.")]
Bound = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Show each policy's regret in hindsight over the first N replications.",
    ),
]


@command("Simulate")
def compare(
    experiment: ExperimentFile,
    out: Out = None,
    fresh: Fresh = False,
    workers: Workers = None,
    replications: Replications = None,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    format: PrintAs = Format.table,
    excel: Excel = None,
    pptx: Slides = None,
    parquet: Parquet = False,
    bound: Bound = None,
    dask: Dask = None,
    store: StoreAt = None,
    metrics: Metrics = None,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Compare policies on common random numbers.

    Writes a study, results.csv and report.html to `--out`, by default studies/ and the name of the
    file, or of its folder if it is called experiment.yaml.  Resumes the study there if it was
    interrupted.  With `--store` the study is what
    `backsim work` wrote there, and what is missing is added.  Prints a table and the finding.
    """
    from backsim.experiment.load import load_experiment
    from backsim.experiment.play import play

    _check_extras(excel, pptx, parquet)
    given = {"replications": replications, "seed": seed, "metrics": named(metrics) or None}
    fields = {name: value for name, value in given.items() if value is not None}
    out = out if out is not None else Path("studies") / _name_of(experiment)
    with counting("replications") as meter:
        meter.stage(f"loading {experiment}")
        asked = load_experiment(experiment, set_ or [], fields)
        meter.stage("drawing random numbers, preparing the engine")
        study = play(
            asked, out=out, progress=meter, workers=workers, engine=engine.value,
            fresh=fresh, dask=dask, store=store,
        )  # fmt: skip
        if bound is not None:
            meter.stage("bounding the cost in hindsight")
        bounds = None if bound is None else study.bound(bound, workers=workers)
    files = write_study(study, out, excel, parquet, bounds)
    if pptx is not None:
        files.append(study.pptx(pptx))
    show_study(study, format, files)


def _name_of(experiment: Path) -> str:
    """A name for its study: the file's, unless `new` and `calibrate` call every experiment so."""
    folder = experiment.resolve().parent
    alike = experiment.stem == "experiment" and folder != Path.cwd()
    return folder.name if alike and folder.name else experiment.stem


def show_study(study: Study, format: Format, files: list[Path]) -> None:
    """Print a study's warnings, what it found, and which files were written."""
    for warning in study.warnings:
        say(f"warning: {warning}")
    show(_found(study), format)
    say(f"\nwritten: {', '.join(map(str, files))}")


def _check_extras(excel: Path | None, pptx: Path | None, parquet: bool) -> None:
    """Raise InputError, before anything is played, where a format's library is missing."""
    from backsim.experiment.export import check_parquet
    from backsim.report.excel import check_excel
    from backsim.report.slides import check_pptx

    if parquet:
        check_parquet()
    if excel is not None:
        check_excel(excel)
    if pptx is not None:
        check_pptx(pptx)


def _found(study: Study) -> Found:
    return Found(
        study.experiment.heading,
        lambda: _blocks(study),
        study.records,
        lambda: _values(study),
        MOST_ROWS,
    )


def write_study(
    study: Study,
    out: Path,
    excel: Path | None = None,
    parquet: bool = False,
    bounds: pd.DataFrame | None = None,
) -> list[Path]:
    """Write the results and the report to a folder; which files these are."""
    from backsim.experiment.export import write_csv, write_parquet
    from backsim.files import check_folder

    check_folder(out)
    write_csv(study, out / "results.csv")
    files = [out / "results.csv"]
    if parquet:
        write_parquet(study, out / "results.parquet")
        files.append(out / "results.parquet")
    if bounds is not None:
        bounds.to_csv(out / "bounds.csv", index=False)
        files.append(out / "bounds.csv")
    files.append(study.report(out / "report.html", bounds))
    if excel is not None:
        files.append(study.excel(excel))
    return files


def _values(study: Study) -> dict[str, Any]:
    from backsim.report.words import unit_of

    experiment = study.experiment
    return {
        "title": experiment.title,
        "question": experiment.question,
        "finding": study.finding,
        "warnings": list(study.warnings),
        "objective": str(experiment.objective or ""),
        "constraints": [str(constraint) for constraint in experiment.constraints],
        "reference": experiment.reference,
        "units": {str(spec): unit_of(study, spec.unit) for spec in experiment.metrics},
        "policies": study.records(),
        "differences": _records(study.differences()),
        "provenance": dict(study.provenance),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _blocks(study: Study) -> Iterator[Block]:
    from backsim.report.tables import ranking_table, screening_table

    if study.experiment.question:
        yield study.experiment.question
    yield _how(study)
    yield replace(ranking_table(study, study.ranking), title="")
    if study.experiment.screening is not None:
        yield screening_table(study, study.ranking)
    if study.verdict is not None and study.verdict.note:
        yield study.verdict.note
    yield f"\n{study.finding}"


def _how(study: Study) -> str:
    counts = study.counts
    number = f"{counts[0]}" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"
    engines = sorted({e["engine"] for e in study.provenance["engines"].values()})
    return (
        f"{counted(len(study.policies), 'policy', 'policies')}, {number} replications, "
        f"{' and '.join(engines)} engine, seed {study.experiment.seed}"
    )
