"""What is shown of an outlook: tables, files, and a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any

from backsim.ahead.found import SURE, Effect, Found, LineAhead
from backsim.ahead.tips import Tip, tips
from backsim.allocation.plan.showing import with_texts
from backsim.errors import capitalized, counted
from backsim.files import check_folder, write_text
from backsim.present.html import Section, page
from backsim.present.numbers import share
from backsim.present.records import to_json, write_csv
from backsim.present.table import Column, Table, from_records

Row = dict[str, Any]

TIP_FIELDS = ("action", "subject", "customer", "product", "date", "why")

MOST_ROWS = 200
"""Rows of a table on the page; the CSV files have all."""
MOST_EFFECTS = 5
"""Lines named of those that a delay concerns."""


# -- rows ------------------------------------------------------------------------------------------


def tip_rows(found: Found) -> list[Row]:
    """Today's tips."""
    return [_tip_row(found, tip) for tip in tips(found)]


def _tip_row(found: Found, tip: Tip) -> Row:
    date = _day(found, tip.date)
    return dict(
        zip(
            TIP_FIELDS,
            (tip.action, tip.subject, tip.customer, tip.product, date, tip.why),
            strict=True,
        )
    )


def line_rows(found: Found) -> list[Row]:
    """The open lines, in the order of the book."""
    codes, names = found.book.lines, found.book.names
    called = names.called or ("",) * len(names.customers)
    described = names.described or ("",) * len(names.products)
    return [
        {
            "line": line.line,
            "customer": line.customer,
            "class": line.customer_class,
            "product": line.product,
            "site": line.site,
            "units": line.units,
            "ordered": _day(found, line.ordered),
            "due": _day(found, line.due),
            "promised": _day(found, line.promised),
            "in_time": line.in_time,
            **{f"by_{100 * p:.0f}": _day(found, line.dates[p]) for p in SURE},
            "leaves": line.leaves,
            "waits_for": line.waits_for,
            "waits_share": line.waits_share,
            "customer_text": called[codes.customer[line.index]],
            "product_text": described[codes.product[line.index]],
        }
        for line in sorted(found.lines, key=lambda line: line.index)
    ]


def purchase_rows(found: Found) -> list[Row]:
    """The purchases that lines wait for, the dearest delay first."""
    return [
        {
            "purchase": row.purchase,
            "product": row.product,
            "site": row.site,
            "units": row.units,
            "expected": _day(found, row.expected),
            "delay": row.delay,
            "delay_costs": row.cost.mean,
            "hurts": "; ".join(map(_effect, row.hurts)),
            "earlier": row.earlier,
            "earlier_saves": row.saves.mean,
            "earlier_price": row.price,
        }
        for row in sorted(found.purchases, key=lambda row: -row.cost.mean)
    ]


def _effect(effect: Effect) -> str:
    less = f", {100 * effect.less:.0f} points less in time" if effect.less > 0 else ""
    return f"{effect.line} (+{effect.later:.1f} days{less})"


def rule_rows(found: Found) -> list[Row]:
    """The rules that were played in the same worlds."""
    return [
        {
            "rule": row.rule,
            "in_time": row.in_time,
            "cost": row.cost.mean,
            "cost_half_width": row.cost.half_width,
            "more": row.more.mean,
            "more_half_width": row.more.half_width,
        }
        for row in found.rules
    ]


def _day(found: Found, day: float | None) -> str:
    return "" if day is None else found.book.spell_day(day)


def to_dict(found: Found) -> Row:
    """All of it as plain values."""
    today = found.book.today
    return {
        "today": today.isoformat() if today else None,
        "days": found.days,
        "replications": found.replications,
        "seed": found.seed,
        "remarks": list(found.remarks),
        "tips": tip_rows(found),
        "lines": line_rows(found),
        "purchases": purchase_rows(found),
        "rules": rule_rows(found),
    }


# -- tables ----------------------------------------------------------------------------------------


def facts(found: Found) -> str:
    """What was played."""
    today = f"{found.book.today}: " if found.book.today else ""
    return (
        f"{today}{len(found.lines):,} open lines, {len(found.today.sources):,} purchases under "
        f"way; {found.days:g} days, {found.replications:,} times; seed {found.seed}"
    )


def finding(found: Found) -> str:
    """How today's promises stand, in a sentence."""
    promised = [line for line in found.lines if line.promised is not None]
    if not promised:
        return _of_due(found.lines)
    kept = sum(line.in_time for line in promised)
    tell = sum(tip.action == "tell" for tip in tips(found))
    customers = counted(tell, "customer") if tell else "no customer"
    return (
        f"{_expected(kept, len(promised), 'promise')} be kept; {customers} should hear a new date "
        "today."
    )


def _of_due(lines: Sequence[LineAhead]) -> str:
    """How lines without promises stand: those that are late already, and the others."""
    rest = [line for line in lines if line.due >= 0]
    in_time = sum(line.in_time for line in rest)
    if len(rest) == len(lines):
        return f"{_expected(in_time, len(rest), 'line')} ship by {_its(rest)} due date."
    served = sum(1 - line.leaves for line in lines)
    if len(lines) == 1:
        return (
            f"The only line is past its due date: with a probability of {share(served)} it ships "
            "before its customer leaves."
        )
    if not rest:
        return (
            f"All {len(lines):,} lines are past their due dates; {_some_of(served)} will ship "
            "before the customer leaves."
        )
    return (
        f"{len(lines) - len(rest):,} of {len(lines):,} lines are past their due dates; of "
        f"the {len(rest):,} not yet due {_some_of(in_time)} will ship in time."
    )


def _some_of(mean: float) -> str:
    return f"about {round(mean):,}" if mean >= 0.5 else "probably none"


def _expected(mean: float, number: int, noun: str) -> str:
    """`About 9 of 12 promises will`; of one the probability."""
    if number == 1:
        sure = mean >= 0.995
        odds = f"With a probability of {share(mean)}, the only {noun} will"
        return f"The only {noun} will very likely" if sure else odds
    if number - mean < 0.5:
        return f"All {number:,} {noun}s will very likely"
    return f"{capitalized(_some_of(mean))} of {number:,} {noun}s will"


def _its(lines: Sequence[object]) -> str:
    return "its" if len(lines) == 1 else "their"


def tables(found: Found) -> tuple[Table, ...]:
    """Tips, lines, purchases, and rules where some were played."""
    made = [tips_table(found), lines_table(found), purchases_table(found), rules_table(found)]
    return tuple(table for table in made if table.rows)


def tips_table(found: Found) -> Table:
    """What to do today."""
    return _named(
        "tips",
        from_records(
            "What to do today",
            tip_rows(found),
            {
                "action": Column("action", kind="text", keep=True),
                "subject": Column("line or purchase", kind="text", keep=True),
                "customer": "text",
                "product": "text",
                "date": Column("date", kind="text", keep=True),
                "why": "prose",
            },
        ),
    )


def lines_table(found: Found) -> Table:
    """When each open line ships."""
    dates: dict[str, Column] = {
        f"by_{100 * p:.0f}": Column(f"{100 * p:.0f} % by", kind="text", keep=p == SURE[1])
        for p in SURE
    }
    return _named(
        "lines",
        with_texts(
            "When each line ships",
            line_rows(found),
            {
                "line": Column("line", kind="text", keep=True),
                "customer": "text",
                "product": "text",
                "units": "units",
                "promised" if any(line.promised is not None for line in found.lines) else "due": (
                    "text"
                ),
                "in_time": Column("in time", kind="share", keep=True),
                **dates,
                "leaves": "share",
                "waits_for": Column("waits for", kind="text"),
            },
        ),
    )


def purchases_table(found: Found) -> Table:
    """What a delay of each purchase would do."""
    rows = purchase_rows(found)
    by_name = {row.purchase: row for row in found.purchases}
    for row in rows:
        hurts = by_name[row["purchase"]].hurts
        more = f"; and {len(hurts) - MOST_EFFECTS} more" if len(hurts) > MOST_EFFECTS else ""
        row["hurts"] = "; ".join(map(_effect, hurts[:MOST_EFFECTS])) + more
        row["delay_costs"], row["earlier_saves"] = (
            by_name[row["purchase"]].cost,
            by_name[row["purchase"]].saves,
        )
    delay = found.purchases[0].delay if found.purchases else 0
    return _named(
        "purchases",
        from_records(
            f"What {delay:g} days of delay would do",
            rows,
            {
                "purchase": Column("purchase", kind="text", keep=True),
                "product": "text",
                "units": "units",
                "expected": "text",
                "delay_costs": Column("delay costs", kind="money", keep=True),
                "hurts": "prose",
                "earlier": Column("days earlier", kind="days"),
                "earlier_saves": Column("would save", kind="money"),
            },
        ),
    )


def rules_table(found: Found) -> Table:
    """The rules side by side."""
    rows = [
        {"rule": row.rule, "in_time": row.in_time, "cost": row.cost, "more": row.more}
        for row in found.rules
    ]
    return _named(
        "rules",
        from_records(
            "Rules in the same worlds",
            rows,
            {
                "rule": Column("rule", kind="text", keep=True),
                "in_time": Column("in time", kind="share", keep=True),
                "cost": Column("lateness costs", kind="money", keep=True),
                "more": Column("more than as it is", kind="money"),
            },
        ),
    )


def _named(name: str, table: Table) -> Table:
    return replace(table, name=name)


# -- files -----------------------------------------------------------------------------------------

WORDS = {
    "tips": "Customers are told where a promise is kept with less than 50 %; the new date is met "
    "with 80 %.",
    "lines": "A line is in time if it ships by the end of the day promised, or else due. A date is "
    "met with the probability in its heading; there is none where too few customers wait for it, "
    "or where it is after the days played.",
    "purchases": "Money is weight x units x days late of the open lines. Delays are played in the "
    "same worlds, one purchase at a time.",
    "rules": "Each rule serves from today on in the same worlds; intervals are of 95 %.",
}


def outlook_page(found: Found, title: str) -> str:
    """The page, which needs nothing else."""
    return page(
        title=title,
        facts=facts(found),
        finding=finding(found),
        sections=[
            Section(table.name, table.title, (WORDS[table.name],), tables=(_some(table),))
            for table in tables(found)
        ],
        warnings=found.remarks,
    )


def _some(table: Table) -> Table:
    more = len(table.rows) - MOST_ROWS
    if more <= 0:
        return table
    note = f"{more:,} more rows in {table.name}.csv"
    return replace(table, rows=table.rows[:MOST_ROWS], note=note)


def write_outlook(found: Found, folder: Path, title: str) -> list[Path]:
    """Write the tables, `outlook.json` and the page.  Raises InputError."""
    check_folder(folder)
    rows = {
        "tips": tip_rows(found),
        "lines": line_rows(found),
        "purchases": purchase_rows(found),
        "rules": rule_rows(found),
    }
    texts: dict[str, Callable[[IO[str]], Any]] = {
        "tips.csv": partial(write_csv, rows.pop("tips"), names=TIP_FIELDS),
        **{f"{name}.csv": partial(write_csv, some) for name, some in rows.items() if some},
        "outlook.json": lambda f: f.write(to_json(to_dict(found)) + "\n"),
        "outlook.html": lambda f: f.write(outlook_page(found, title)),
    }
    for name, write in texts.items():
        write_text(folder / name, write)
    return [folder / name for name in texts]
