"""`allocate`: today's open orders against stock and purchases under way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from backsim.allocation.book.assemble import read_book
from backsim.allocation.book.settings import DECIMALS, parse_day
from backsim.allocation.book.template import write_template
from backsim.allocation.plan import lists
from backsim.allocation.plan.compare import LP, all_plans, allocate, compared
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.showing import plan_tables
from backsim.allocation.plan.store import plain_rows, summary, write_plan
from backsim.allocation.solver.solution import Effort
from backsim.cli.console import Format, Found, say, show
from backsim.errors import InputError, few
from backsim.files import check_folder
from backsim.present.numbers import money, share, units
from backsim.present.table import Block
from backsim.tables.dates import check_format

MOST_ROWS = 20
MOST_NAMES = 8


def make_template(folder: Path) -> None:
    """Write the example book and say what to do with it."""
    for path in write_template(folder):
        print(path)
    say(f"fill them in, then: backsim allocate {folder}")


def run_allocation(
    path: Path,
    rule: str,
    out: Path | None,
    format: Format,
    today: str | None,
    date_format: str | None,
    solver: str,
    time_limit: float | None,
    decimal: str | None = None,
) -> None:
    """Read a book, make the plan and those of all rules, print and write them."""
    if out is not None:
        check_folder(out)
    book = read_book(path, _today(today), _format(date_format), _decimal(decimal))
    if book.overdue:
        say(f"warning: overdue, but planned with as if here: {few(book.overdue, MOST_NAMES)}")
    for better, worse in book.silent_ranks if rule == LP else ():
        say(
            f"warning: rank only orders the rules and breaks ties; the linear program goes by "
            f"weight and lost, and class {better} has no more of them than class {worse}"
        )
    effort = Effort(time_limit=time_limit) if time_limit else None
    plan = allocate(book, rule, effort, **({"solver": solver} if rule == LP else {}))
    plans = all_plans(plan, effort)
    if out is not None:
        write_plan(plan, plans, out, f"Plan for {path.name or path}")
    found = Found(
        f"Plan for {path.name or path}",
        lambda: _blocks(plan, plans),
        lambda: plain_rows(plan.listed["shipments"]),
        lambda: {
            **summary(plan),
            "rules": lists.rows(compared(plans)),
            **{name: lists.rows(table) for name, table in plan.listed.items()},
        },
        MOST_ROWS,
    )
    show(found, format)
    if out is not None:
        say(f"written: {out}")


def _today(text: str | None) -> date | None:
    try:
        return None if text is None else parse_day(text)
    except ValueError:
        raise InputError(f"today: expected a date written as YYYY-MM-DD, got {text!r}") from None


def _format(text: str | None) -> str | None:
    try:
        return None if text is None else check_format(text)
    except ValueError as error:
        raise InputError(f"date-format: expected {error}, got {text!r}") from None


def _decimal(text: str | None) -> str | None:
    if text is not None and text not in DECIMALS:
        raise InputError(f"decimal: expected point or comma, got {text!r}")
    return None if text is None else DECIMALS[text]


def _blocks(plan: Plan, plans: Sequence[Plan]) -> Iterator[Block]:
    figures = summary(plan)
    today = f"{plan.book.today}: " if plan.book.today else ""
    yield (
        f"{today}{figures['lines']:,} lines, {figures['units_open']:,.6g} units open; "
        f"{figures['sources']:,} sources, {figures['choices']:,} choices"
    )
    bound = f"; no plan costs less than {money(plan.bound)}" if plan.bounded else ""
    gap = f" (gap {share(plan.gap)})" if plan.bounded and plan.gap > 5e-6 else ""
    yield (
        f"{plan.rule}: {plan.status}, cost {money(plan.cost)}{bound}{gap}; "
        f"{units(plan.served.sum())} units served; {plan.seconds:.2f} s"
    )
    yield from (table for table in plan_tables(plan, plans) if table.rows)
