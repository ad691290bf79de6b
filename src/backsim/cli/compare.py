"""`compare`: progress while it runs, then a table, the finding, and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsim.cli.console import Format, Found, say, show
from backsim.cli.progress import counting
from backsim.experiment import Study
from backsim.experiment.export import check_parquet, write_csv, write_parquet
from backsim.experiment.load import load_experiment
from backsim.experiment.play import play
from backsim.present.table import Block
from backsim.report.excel import check_excel
from backsim.report.tables import ranking_table

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 40


def compare_policies(
    file: Path,
    out: Path,
    overrides: Sequence[str],
    fields: dict[str, Any],
    format: Format,
    excel: Path | None,
    parquet: bool,
    bound: int | None,
    settings: dict[str, Any],
) -> None:
    """Play an experiment file and show what came of it."""
    if parquet:
        check_parquet()
    if excel is not None:
        check_excel(excel)
    experiment = load_experiment(file, overrides, fields)
    with counting("replications") as progress:
        study = play(experiment, out=out, progress=progress, **settings)
    bounds = None if bound is None else study.bound(bound)
    files = _write(study, out, excel, parquet, bounds)
    found = Found(
        experiment.title or experiment.name,
        lambda: _blocks(study),
        lambda: _records(study.table()),
        lambda: _values(study),
        MOST_ROWS,
    )
    show(found, format)
    for warning in study.warnings:
        say(f"warning: {warning}")
    say(f"\nwritten: {', '.join(map(str, files))}")


def _write(
    study: Study, out: Path, excel: Path | None, parquet: bool, bounds: pd.DataFrame | None
) -> list[Path]:
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
    experiment = study.experiment
    return {
        "title": experiment.title,
        "question": experiment.question,
        "finding": study.finding,
        "warnings": list(study.warnings),
        "objective": str(experiment.objective or ""),
        "constraints": [str(constraint) for constraint in experiment.constraints],
        "reference": experiment.reference,
        "policies": _records(study.table()),
        "differences": _records(study.differences()),
        "provenance": dict(study.provenance),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _blocks(study: Study) -> Iterator[Block]:
    if study.experiment.question:
        yield study.experiment.question
    yield _how(study)
    yield replace(ranking_table(study, study.ranking), title="")
    if study.verdict is not None and study.verdict.note:
        yield study.verdict.note
    yield f"\n{study.finding}"


def _how(study: Study) -> str:
    counts = study.counts
    number = f"{counts[0]}" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"
    engines = sorted({e["engine"] for e in study.provenance["engines"].values()})
    return (
        f"{len(study.policies)} policies, {number} replications, "
        f"{' and '.join(engines)} engine, seed {study.experiment.seed}"
    )
