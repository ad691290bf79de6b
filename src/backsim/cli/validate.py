"""`validate`: what is wrong with files, each checked as what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backsim.cli.console import say
from backsim.errors import InputError
from backsim.kinds import Kind, kind_of


def check_files(files: Sequence[Path], overrides: Sequence[str]) -> bool:
    """Print what each file holds, or its faults; return whether all are sound."""
    sound = True
    for file in files:
        try:
            told = _told(file, overrides)
        except InputError as error:
            sound = False
            say(str(error))
        else:
            print(f"{file}: ok ({told[0]})")
            for line in told[1:]:
                print(f"  {line}".replace("\n", "\n  "))
    return sound


def _told(file: Path, overrides: Sequence[str]) -> list[str]:
    """What a sound file holds.  Raises InputError."""
    kind = kind_of(file)
    if kind is Kind.EXPERIMENT:
        from backsim.experiment.load import load_experiment

        experiment = load_experiment(file, overrides)
        return [f"an experiment of {len(experiment.policies)} policies"]
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
