"""`outlook`: when today's open orders ship, how sure that is, and what to do today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import (
    Engine,
    Out,
    PrintAs,
    RuleFiles,
    ScenarioFile,
    Seed,
    Sets,
    UseEngine,
    Workers,
    known_seed,
)
from backsim.cli.progress import counting
from backsim.cli.registry import command

if TYPE_CHECKING:
    from backsim.ahead.outlook import Outlook
    from backsim.present.table import Block

MOST_ROWS = 20

Book = Annotated[
    Path, typer.Argument(metavar="BOOK", help="A folder of CSV files, or an .xlsx workbook.")
]
Days = Annotated[float, typer.Option(min=0.01, help="Days to play from today.")]
Plays = Annotated[int, typer.Option("--replications", "-n", min=1, help="Times to play them.")]
Delay = Annotated[
    float,
    typer.Option(metavar="DAYS", min=0, help="Delay to play for each purchase; 0 plays none."),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE", help="A priority rule to play in the same worlds, lp, or all; repeatable."
    ),
]
Today = Annotated[
    str | None, typer.Option(metavar="DATE", help="The book's day. Today if not given.")
]


@command("Plan")
def outlook(
    book: Book,
    scenario: ScenarioFile,
    days: Days = 60.0,
    replications: Plays = 400,
    delay: Delay = 7.0,
    against: Against = None,
    today: Today = None,
    seed: Seed = None,
    engine: UseEngine = Engine.auto,
    workers: Workers = None,
    out: Out = None,
    format: PrintAs = Format.table,
    set_: Sets = None,
    rules: RuleFiles = None,
) -> None:
    """Print when today's open orders ship, and what to do.

    Starts a simulation of the scenario from the book of `backsim allocate` and plays the coming
    days many times. For each line: the probability that it ships by its promise, and the dates met
    with 50, 80 and 90 %. Without --seed, a seed is drawn and printed.
    """
    from backsim.ahead.outlook import outlook as look_ahead
    from backsim.ahead.showing import write_outlook
    from backsim.allocation.book.assemble import read_book
    from backsim.files import check_folder
    from backsim.scenario import load

    if out is not None:
        check_folder(out)
    given = read_book(book, today=today)
    model = load(scenario, set_ or [])
    drawn = known_seed(seed)
    with counting("plays") as progress:
        found = look_ahead(
            given,
            model,
            days=days,
            replications=replications,
            seed=drawn,
            delay=delay,
            against=against or (),
            engine=engine.value,
            workers=workers,
            progress=progress,
        )
    for remark in found.remarks:
        say(f"note: {remark}")
    title = f"Outlook for {book.name or book}"
    if out is not None:
        write_outlook(found, out, title)
    show(_told(found, title), format)
    if out is not None:
        say(f"written: {out}")


def _told(found: Outlook, title: str) -> Found:
    from backsim.ahead.showing import TIP_FIELDS, to_dict

    values = to_dict(found)
    return Found(
        title,
        lambda: _blocks(found),
        lambda: values["tips"],
        lambda: values,
        MOST_ROWS,
        TIP_FIELDS,
    )


def _blocks(found: Outlook) -> Iterator[Block]:
    from backsim.ahead import showing

    yield showing.facts(found)
    yield showing.finding(found)
    yield from showing.tables(found)
