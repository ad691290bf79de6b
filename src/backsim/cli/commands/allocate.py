"""`allocate`: today's open orders against stock and purchases under way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backsim.cli.console import Format, Found, say, show
from backsim.cli.options import Out, PrintAs, RuleFiles
from backsim.cli.progress import counting
from backsim.cli.registry import command
from backsim.errors import InputError
from backsim.files import check_folder
from backsim.present.numbers import share
from backsim.present.table import Block

if TYPE_CHECKING:
    from backsim.allocation.model.book import Book
    from backsim.allocation.plan.plan import Plan

MOST_ROWS = 20


class Solver(StrEnum):
    """What solves a linear program."""

    highs = "highs"
    cbc = "cbc"


BookPath = Annotated[
    Path | None, typer.Argument(metavar="BOOK", help="A folder of CSV files or an .xlsx workbook.")
]
RuleName = Annotated[
    str, typer.Option(help="lp, a priority rule or a sharing rule such as pro_rata.")
]
Template = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write an example book and stop.")
]
Today = Annotated[
    str | None, typer.Option(metavar="DATE", help="The date of the book. Default: today.")
]
DateFormat = Annotated[
    str | None, typer.Option(help="The date format, such as %d/%m/%Y. Default: detected.")
]
Decimal = Annotated[
    str | None, typer.Option(help="The decimal sign: point or comma. Default: detected.")
]
Delimiter = Annotated[
    str | None, typer.Option(help="The CSV delimiter, or tab. Default: detected.")
]
Encoding = Annotated[
    str | None, typer.Option(help="The CSV encoding, such as cp1252. Default: detected.")
]
SolverName = Annotated[Solver, typer.Option(help="The solver of the linear program.")]
TimeLimit = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0.01,
        help="Stop the solver after this time with its best plan. Default: 60.",
        show_default=False,
    ),
]


@command("Plan")
def allocate(
    book: BookPath = None,
    rule: RuleName = "lp",
    out: Out = None,
    template: Template = None,
    today: Today = None,
    date_format: DateFormat = None,
    decimal: Decimal = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    format: PrintAs = Format.table,
    solver: SolverName = Solver.highs,
    time_limit: TimeLimit = 60.0,
    rules: RuleFiles = None,
) -> None:
    """Allocate stock and purchases to today's open orders."""
    if template is not None:
        _make_template(template)
        return
    if book is None:
        raise InputError("allocate: expected a book (a folder or .xlsx), or --template DIR")
    from backsim.allocation.book.assemble import read_book
    from backsim.allocation.plan.allocate import LP, all_plans
    from backsim.allocation.plan.allocate import allocate as make_plan
    from backsim.allocation.plan.showing import write_plan
    from backsim.allocation.solver.program import Effort

    if out is not None:
        check_folder(out)
    with counting("rules") as meter:
        meter.stage(f"loading {book}")
        given = read_book(book, today, date_format, decimal, delimiter=delimiter, encoding=encoding)
        _warn(given, rule == LP)
        effort = Effort(time_limit=time_limit)
        meter.stage(f"planning by {rule}, {time_limit:g} s at most")
        plan = make_plan(given, rule, effort, **({"solver": solver.value} if rule == LP else {}))
        _tell_of_limit(plan, time_limit)
        meter.stage("planning by the other rules, to compare")
        plans = all_plans(plan, effort)
    title = f"Plan for {book.name or book}"
    if out is not None:
        write_plan(plan, plans, out, title)
        _write_picks(plan, out / "picks.xlsx")
    show(_found(plan, plans, title), format)
    if out is not None:
        say(f"written: {out}")


def _write_picks(plan: Plan, file: Path) -> None:
    """A workbook of pick lists, a sheet per site, where workbooks can be written."""
    from backsim.allocation.plan.showing import pick_tables
    from backsim.report.excel import write_tables

    tables = pick_tables(plan)
    if not tables:
        return
    if find_spec("openpyxl") is None:
        say("picks.xlsx is not written: pip install 'backsim[excel]'")
        return
    write_tables(tables, file)


def _warn(book: Book, by_program: bool) -> None:
    """Say what of a book may not be meant as it is read."""
    from backsim.allocation.plan.showing import remarks

    for remark in remarks(book):
        say(f"warning: {remark}")
    for better, worse in book.silent_ranks if by_program and not book.limits.strict else ():
        say(
            "warning: `rank` matters only to priority rules and breaks ties. The linear "
            "program uses "
            f"`weight` and `lost`, in which class {better} is not above class {worse}."
        )


def _tell_of_limit(plan: Plan, time_limit: float) -> None:
    """Say that a plan ended by the time limit, and how far it may be from the best."""
    from backsim.allocation.solver.program import TIME_LIMIT

    if plan.status == TIME_LIMIT:
        more = f"at most {share(plan.gap)} of its cost" if plan.bounded else "an unknown amount"
        say(
            f"stopped at the time limit of {time_limit:g} s (--time-limit): "
            f"a better plan would save {more}"
        )


def _found(plan: Plan, plans: Sequence[Plan], title: str) -> Found:
    from backsim.allocation.plan.allocate import compared
    from backsim.allocation.plan.lists import rows
    from backsim.allocation.plan.showing import plain_rows, summary

    return Found(
        title,
        lambda: _blocks(plan, plans),
        lambda: plain_rows(plan.listed["shipments"]),
        lambda: {
            **summary(plan),
            "rules": rows(compared(plans)),
            **{name: rows(table) for name, table in plan.listed.items()},
        },
        MOST_ROWS,
    )


def _make_template(folder: Path) -> None:
    """Write the example book and say what to do with it."""
    from backsim.allocation.book.template import write_template

    for path in write_template(folder):
        print(path)
    say(f"Fill them in, then run: backsim allocate {folder}")


def _blocks(plan: Plan, plans: Sequence[Plan]) -> Iterator[Block]:
    from backsim.allocation.plan.sentences import given, outcome
    from backsim.allocation.plan.showing import plan_tables

    yield given(plan)
    yield outcome(plan, plans)
    yield from (table for table in plan_tables(plan, plans) if table.rows)
