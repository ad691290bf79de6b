"""`allocate`: today's open orders against stock and purchases under way."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.table import Table

from backsim.allocation.book.assemble import read_book
from backsim.allocation.book.settings import DECIMALS, parse_day
from backsim.allocation.book.template import write_template
from backsim.allocation.plan import lists
from backsim.allocation.plan.compare import LP, all_plans, allocate, compared, shown_terms
from backsim.allocation.plan.lists import Columns, Row
from backsim.allocation.plan.page import money, share, units
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.store import summary, write_csv, write_plan
from backsim.allocation.solver.solution import Effort
from backsim.cli.console import console, escape, say
from backsim.errors import InputError
from backsim.files import check_folder
from backsim.tables.dates import check_format

MOST_ROWS = 20
MOST_NAMES = 8
BROKEN = ("line", "customer", "product", "promised_before", "promise", "broken")


def make_template(folder: Path) -> None:
    """Write the example book and say what to do with it."""
    for path in write_template(folder):
        print(path)
    say(f"fill them in, then: backsim allocate {folder}")


def run_allocation(
    path: Path,
    rule: str,
    out: Path | None,
    format: str,
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
        say(f"warning: overdue, but planned with as if here: {_few(book.overdue)}")
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
    if format == "json":
        print(
            json.dumps(
                {
                    **summary(plan),
                    "rules": _records(compared(plans)),
                    **{name: _records(table) for name, table in plan.listed.items()},
                },
                indent=2,
            )
        )
    elif format == "csv":
        write_csv(plan.listed["shipments"], sys.stdout)
    else:
        _print(plan, plans)
    if out is not None:
        say(f"written: {out}")


def _few(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _records(table: Columns) -> list[Row]:
    """The rows of a table for JSON, which knows no nan."""
    return lists.rows({name: list(map(_known, column)) for name, column in table.items()})


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


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


def _print(plan: Plan, plans: Sequence[Plan]) -> None:
    out, figures = console(), summary(plan)
    today = f"{plan.book.today}: " if plan.book.today else ""
    out.print(
        f"{today}{figures['lines']:,} lines, {figures['units_open']:,.6g} units open; "
        f"{figures['sources']:,} sources, {figures['choices']:,} choices"
    )
    bound = f"; no plan costs less than {money(plan.bound)}" if plan.bounded else ""
    gap = f" (gap {share(plan.gap)})" if plan.bounded and plan.gap > 5e-6 else ""
    out.print(
        f"{plan.rule}: {plan.status}, cost {money(plan.cost)}{bound}{gap}; "
        f"{units(plan.served.sum())} units served; {plan.seconds:.2f} s"
    )
    _table("What each rule would have cost", _rules(plans))
    _table("Shipments", _texts(lists.rows(plan.listed["shipments"]), drop=("class",)))
    promised = lists.rows(plan.listed["promises"])
    _table("Lines that do not get all they ask for", _texts(lists.unfilled(promised)))
    _table("Promises that are not kept", _texts(lists.broken(promised), BROKEN))
    dearest = lists.worth_most(lists.rows(plan.listed["prices"]))
    _table("What one more unit would save", _texts(dearest, drop=("kind", "source")))


def _rules(plans: Sequence[Plan]) -> list[list[str]]:
    terms = shown_terms(plans)
    table = compared(plans)
    limits = any(table["breaks"])
    head = ["rule", "cost", "more", *terms, "units served", "in time"]
    texts = [head + (["does not keep"] if limits else [])]
    for row in sorted(lists.rows(table), key=lambda row: row["cost"]):
        figures = [money(row[name]) for name in ("cost", "more", *terms)]
        figures += [share(row["units_served"]), share(row["lines_in_time"])]
        texts.append([row["rule"], *figures, *([row["breaks"]] if limits else [])])
    return texts


def _texts(found: Sequence[Row], only: Sequence[str] = (), drop: Sequence[str] = ()) -> list[Any]:
    """Rows as texts, under a row of headings; nothing where there are none."""
    if not found:
        return []
    names = [name for name in only or found[0] if name not in drop]
    texts = [[_cell(name, row[name]) for name in names] for row in found[:MOST_ROWS]]
    more = len(found) - MOST_ROWS
    texts += [[f"({more:,} more: --out writes all)"]] if more > 0 else []
    return [[name.replace("_", " ") for name in names], *texts]


def _cell(name: str, value: Any) -> str:
    if isinstance(value, float):
        return money(value) if name in ("cost", "worth") else units(value)
    return str(value)


def _table(title: str, rows: list[list[str]]) -> None:
    """A table under its title; nothing where there are no rows."""
    if len(rows) < 2:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    body = rows[1:]
    for i, name in enumerate(rows[0]):
        texts = [row[i] for row in body if i < len(row)]
        numeric = all(t.replace(",", "").replace(".", "").strip("-% ").isdigit() for t in texts)
        table.add_column(name, justify="right" if numeric else "left")
    for row in body:
        table.add_row(*map(escape, row))
    out = console()
    out.print(f"\n[bold]{title}[/bold]")
    out.print(table)
