"""`optimise`: progress while it searches, then the policy, what is promised, and files."""

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
    Out,
    PrintAs,
    RuleFiles,
    Seed,
    UseEngine,
    Workers,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.present.table import Block

if TYPE_CHECKING:
    from backsim.search import Search


@command("Simulate")
def optimise(
    file: Annotated[
        Path,
        typer.Argument(metavar="SEARCH", help="An experiment file with a `search:` block (YAML)."),
    ],
    minutes: Annotated[
        float | None,
        typer.Option(help="Maximum search time in minutes. Default: as in the file."),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option(
            "--replications",
            "-n",
            help="Maximum number of replications in total. Default: as in the file.",
        ),
    ] = None,
    seed: Seed = None,
    out: Out = None,
    fresh: Fresh = False,
    workers: Workers = None,
    dask: Dask = None,
    engine: UseEngine = Engine.auto,
    format: PrintAs = Format.table,
    rules: RuleFiles = None,
) -> int:
    """Search for the best policy that meets the service.

    Prints the policy, what is guaranteed for it and what the search cost.  With `--out`, writes all
    results, search.json, and a study that compares the policy found with the present one, with its
    report; an interrupted search resumes there.  Exits with 1 if nothing can be guaranteed.
    """
    from backsim import search
    from backsim.report.objective import objective_warnings
    from backsim.rules.files import load_rules

    load_rules(rules or [])
    given = {"minutes": minutes, "replications": replications, "seed": seed}
    fields: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with counting("replications") as meter:
        meter.stage(f"loading {file}")
        found = search.optimise(
            file,
            out=out,
            progress=meter,
            workers=workers,
            engine=engine.value,
            fresh=fresh,
            dask=dask,
            **fields,
        )
    for warning in objective_warnings(found.figures) if found.figures is not None else ():
        say(f"warning: {warning}")
    show(_told(found), format)
    if out is not None:
        say(f"\nwritten: {', '.join(map(str, _write(found, out)))}")
    return 0 if found.promised else 1


def _told(found: Search) -> Found:
    asked = found.problem.asked
    return Found(
        asked.heading,
        lambda: _blocks(found),
        lambda: _records(found),
        found.to_dict,
    )


def _records(found: Search) -> list[dict[str, Any]]:
    rows = found.table().to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _write(found: Search, out: Path) -> list[Path]:
    from backsim.present.records import to_json
    from backsim.search.page import write_page

    files = [out / "search.json"]
    files[0].write_text(to_json(found.to_dict()) + "\n", encoding="utf-8")
    if found.problem.items is not None:
        files.append(out / "levels.csv")
        found.levels.to_csv(files[-1], index=False)
    if found.figures is not None:
        files.append(write_page(found, out / "report.html"))
    return files


def _blocks(found: Search) -> Iterator[Block]:
    from backsim.report.tables import ranking_table

    if found.problem.asked.question:
        yield found.problem.asked.question
    if found.figures is not None:
        yield replace(ranking_table(found.figures, found.figures.ranking), title="")
    yield f"\n{found.finding}"
