"""`validate`: what is wrong with files, each checked as what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import say, tell
from backsim.cli.options import RuleFiles, Sets
from backsim.cli.registry import command
from backsim.errors import InputError, counted
from backsim.kinds import Kind, kind_of


@command("Files")
def validate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Files of any kind, or folders of books."),
    ],
    set_: Sets = None,
    rules: RuleFiles = None,
) -> int:
    """Check files of any kind and print all errors.

    Accepts scenarios, experiments, searches, books of orders, known answers and mappings.
    """
    sound = True
    for file in files:
        try:
            told = _told(file, set_ or [])
        except InputError as error:
            sound = False
            say(str(error))
        else:
            tell(f"{file}: ok ({told[0]})")
            for line in told[1:]:
                tell(f"  {line}".replace("\n", "\n  "))
    return 0 if sound else 2


def _told(file: Path, overrides: Sequence[str]) -> list[str]:
    """What a sound file holds.  Raises InputError."""
    kind = kind_of(file)
    if kind is Kind.EXPERIMENT:
        from backsim.experiment.load import load_experiment
        from backsim.report.objective import warnings_before

        experiment = load_experiment(file, overrides)
        told = f"an experiment with {counted(len(experiment.policies), 'policy', 'policies')}"
        return [told, *_warned(warnings_before(experiment))]
    if kind is Kind.MAPPING:
        from backsim.data.mapping import load_mapping

        return [f"a mapping of {counted(len(load_mapping(file).tables), 'table')}"]
    if kind is Kind.SEARCH:
        from backsim.search.problem import load_problem

        problem = load_problem(file)
        if problem.items is not None:
            return [f"a search for the levels of {counted(len(problem.items.names), 'item')}"]
        return [f"a search among {counted(problem.space.size, 'policy', 'policies')}"]
    if kind is Kind.KNOWN_ANSWERS:
        from backsim.validation import read

        return [counted(len(read(file)), "known answer")]
    if kind in (Kind.BOOK, Kind.WORKBOOK):
        from backsim.allocation.book.assemble import read_book

        book = read_book(file)
        return [
            f"a book of {counted(len(book.lines), 'line')} and "
            f"{counted(len(book.sources), 'source')}"
        ]
    from backsim.scenario import load
    from backsim.scenario.readback import described, implausible

    model = load(file, overrides)
    points, orders = len(model.stock_points), model.expected_orders
    told = f"{counted(points, 'stock point')}, about {orders:,.0f} orders per replication"
    doubts = _warned(implausible(model))
    return [told, *map(str, model.trace_reports), *described(model), *doubts]


def _warned(texts: Sequence[str]) -> list[str]:
    return [f"warning: {text}" for text in texts]
