"""`validate`: what is wrong with files, each checked as what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from backsim.cli.console import say
from backsim.cli.options import RuleFiles, Sets
from backsim.cli.registry import command
from backsim.errors import InputError
from backsim.kinds import Kind, kind_of


@command("Files")
def validate(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Scenarios, experiments, books of orders."),
    ],
    set_: Sets = None,
    rules: RuleFiles = None,
) -> int:
    """Check files of any kind, and print all faults.

    Scenarios, experiments, books of orders, known answers, mappings of exports.
    """
    sound = True
    for file in files:
        try:
            told = _told(file, set_ or [])
        except InputError as error:
            sound = False
            say(str(error))
        else:
            print(f"{file}: ok ({told[0]})")
            for line in told[1:]:
                print(f"  {line}".replace("\n", "\n  "))
    return 0 if sound else 2


def _told(file: Path, overrides: Sequence[str]) -> list[str]:
    """What a sound file holds.  Raises InputError."""
    kind = kind_of(file)
    if kind is Kind.EXPERIMENT:
        from backsim.experiment.load import load_experiment

        experiment = load_experiment(file, overrides)
        return [f"an experiment of {len(experiment.policies)} policies"]
    if kind is Kind.MAPPING:
        from backsim.data.mapping import load_mapping

        return [f"a mapping of {len(load_mapping(file).tables)} tables"]
    if kind is Kind.SEARCH:
        from backsim.search.problem import load_problem

        problem = load_problem(file)
        if problem.items is not None:
            return [f"a search for the levels of {len(problem.items.names):,} items"]
        return [f"a search among {problem.space.size:,} policies"]
    if kind is Kind.KNOWN_ANSWERS:
        from backsim.validation import read

        count = len(read(file))
        return [f"{count} known answer{'s' * (count != 1)}"]
    if kind in (Kind.BOOK, Kind.WORKBOOK):
        from backsim.allocation.book.assemble import read_book

        book = read_book(file)
        return [f"a book of {len(book.lines):,} lines and {len(book.sources):,} sources"]
    from backsim.scenario import load

    model = load(file, overrides)
    points, orders = len(model.stock_points), model.expected_orders
    told = f"{points} stock points, about {orders:,.0f} orders a replication"
    return [told, *map(str, model.trace_reports)]
