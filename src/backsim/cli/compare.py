"""`compare`: progress while it runs, then a table, the finding, and files."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from backsim.cli.console import console, escape, say
from backsim.cli.progress import counting
from backsim.experiment import Study
from backsim.experiment.export import check_parquet, write_csv, write_parquet
from backsim.experiment.load import load_experiment
from backsim.experiment.play import play
from backsim.report.excel import check_excel
from backsim.report.table import cell_text
from backsim.report.tables import ranking_table

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 40


def compare_policies(
    file: Path,
    out: Path,
    overrides: Sequence[str],
    fields: dict[str, Any],
    format: str,
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
    shown: Callable[[Study], None] = {"table": _table, "json": _json, "csv": _csv}[format]
    shown(study)
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


def _csv(study: Study) -> None:
    study.table().to_csv(sys.stdout, index=False)


def _json(study: Study) -> None:
    experiment = study.experiment
    values = {
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
    print(json.dumps(values, indent=2))


def _records(frame: Any) -> list[dict[str, Any]]:
    """Rows as plain values; nan as None."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return rows


def _table(study: Study) -> None:
    experiment, out = study.experiment, console()
    found = ranking_table(study, study.ranking)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, cell in zip(found.columns, found.rows[0], strict=True):
        unit = f"\n[not bold]{escape(column.unit)}[/]" if column.unit else ""
        justify: Any = "left" if isinstance(cell, str) else "right"
        table.add_column(escape(column.label) + unit, justify=justify)
    for row in found.rows[:MOST_ROWS]:
        table.add_row(*(escape(cell_text(cell)) for cell in row))
    out.print(f"[bold]{escape(experiment.title or experiment.name)}[/bold]")
    if experiment.question:
        out.print(escape(experiment.question))
    out.print(_how(study) + "\n")
    out.print(table)
    if len(found.rows) > MOST_ROWS:
        out.print(f"({len(found.rows) - MOST_ROWS} more: --format csv shows all)")
    out.print(f"\n{escape(found.note)}")
    if study.verdict is not None and study.verdict.note:
        out.print(escape(study.verdict.note))
    out.print(f"\n{escape(study.finding)}")


def _how(study: Study) -> str:
    counts = study.counts
    number = f"{counts[0]}" if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"
    engines = sorted({e["engine"] for e in study.provenance["engines"].values()})
    return (
        f"{len(study.policies)} policies, {number} replications, "
        f"{' and '.join(engines)} engine, seed {study.experiment.seed}"
    )
