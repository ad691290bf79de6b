"""The journey of an order: day by day what happened to it, and what its customer was told."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backsim.errors import InputError, counted
from backsim.present.html import Section
from backsim.present.table import Cell, Column, Table
from backsim.results.run import Run
from backsim.scenario.timeunit import in_time_unit, one_of

if TYPE_CHECKING:
    import pandas as pd

OFFERED = 3
"""Orders of each kind that are offered."""
MOST_ROWS = 60

WORDS = {
    "order": "orders {units} of {product} at {site}",
    "ship": "{units} shipped",
    "wait": "{units} out of stock: the customer waits",
    "lose": "{units} lost: the customer does not wait",
    "leave": "{units} cancelled by the customer",
    "reserve": "{units} reserved, not shipped yet",
    "release": "{units} that were reserved are given to others",
    "substitute": "{units} served by a substitute",
    "reroute": "the line is served from {site}",
    "return": "{units} come back",
    "receive": "a purchase of {units} arrives at {site}",
    "expect": "the supplier gives a new date for a purchase of {units}",
    "reject": "{units} of a purchase are rejected",
    "expedite": "a purchase of {units} is expedited",
    "withdraw": "{units} of a purchase are withdrawn",
}
"""What the log's events are; of others nothing is said."""
TOLD = {
    "estimate": "it ships by {day}",
    "revision": "a new date: {day}",
    "inquiry": "(the customer asks where the order is)",
}
OF_PURCHASES = ("receive", "expect", "reject", "expedite", "withdraw")


def offered(run: Run) -> list[tuple[int, str]]:
    """Orders worth a look, and why: the longest waits, cancellations, and most messages."""
    lines, start = run.orders, run.model.warm_up
    lines = lines[lines["time"] >= start]
    kinds = {
        "waited {wait}": lines.nlargest(OFFERED, "wait"),
        "cancelled after {wait}": _after(lines[lines["status"] == "cancelled"]),
        "lost": lines[lines["status"] == "lost"].head(OFFERED),
        "still waits": lines[lines["status"] == "waiting"].head(OFFERED),
        "served from stock": lines[lines["wait"] == 0].head(OFFERED),
    }
    told = run.notices[run.notices["time"] >= start]
    often = told["order"].value_counts().head(OFFERED)
    first = lines.drop_duplicates("order")
    classes = dict(zip(first["order"].tolist(), first["class"], strict=True))
    found: dict[int, str] = {}
    for order, number in zip(often.index.tolist(), often.tolist(), strict=True):
        if number > 1 and order in classes:
            found[order] = f"{classes[order]}, {counted(number, 'message')}"
    for words, rows in kinds.items():
        for row in rows.to_dict("records"):
            if row["wait"] > 0 or "{wait}" not in words:
                wait = _days(run, row["wait"])
                found.setdefault(row["order"], f"{row['class']}, {words.format(wait=wait)}")
    return [(order, f"order {order:,}: {why}") for order, why in found.items()]


def _after(lines: pd.DataFrame) -> pd.DataFrame:
    """Cancelled lines with the days until then, the longest first."""
    return lines.assign(wait=lines["closed"] - lines["time"]).nlargest(OFFERED, "wait")


def _days(run: Run, days: float) -> str:
    several = run.model.scenario.time_unit
    return f"{days:,.1f} {in_time_unit('days', several)}" if not math.isnan(days) else ""


def journey(run: Run, order: int) -> Section:
    """What happened to an order, as a table.  Raises InputError for an order that is not there."""
    lines = run.orders[run.orders["order"] == order]
    if lines.empty:
        last = int(run.orders["order"].max()) if len(run.orders) else -1
        raise InputError(f"journey: expected an order from 0 to {last:,}, got {order:,}")
    day = one_of(run.model.scenario.time_unit)
    told = list(_told(run, order, day))
    columns = [Column(day), Column("what happens", kind="prose")]
    columns += [Column("what the customer is told", kind="prose")] if told else []
    columns += [Column("on hand", "units"), Column("backlog", "units")]
    rows = sorted([*_happened(run, lines), *told], key=lambda row: row[0])
    shown: list[tuple[Cell, ...]] = [
        (f"{time:,.2f}", what, *([words] if told else []), *stock)
        for time, what, words, *stock in rows[:MOST_ROWS]
    ]
    note = f"The first {MOST_ROWS} of {len(rows)} rows. " if len(rows) > MOST_ROWS else ""
    note += "On hand and backlog are those of the stock point, after the event."
    table = Table("journey", f"Order {order:,}", tuple(columns), tuple(shown), note)
    return Section("journey-table", f"Order {order:,}", (_summary(run, lines),), tables=(table,))


def _summary(run: Run, lines: pd.DataFrame) -> str:
    """The order in a sentence."""
    first = lines.iloc[0]
    number = counted(len(lines), "line")
    ends = ", ".join(dict.fromkeys(map(str, lines["status"])))
    closed = lines["closed"].max() - first["time"]
    after = f" after {_days(run, closed)}" if closed > 0 else ""
    patience = "" if not math.isfinite(first["tolerance"]) else (
        f" The customer would wait {_days(run, float(first['tolerance']))}."
    )  # fmt: skip
    return f"A {first['class']} customer, {number}: {ends}{after}.{patience}"


def _happened(run: Run, lines: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Events of the order's lines, and of purchases of its products while it waits."""
    events = run.events
    closed = lines["closed"].fillna(run.model.horizon).max()
    here = events["line"].isin(lines.index)
    places = set(zip(lines["product"], lines["site"], strict=True))
    meanwhile = events["event"].isin(OF_PURCHASES) & events["time"].between(
        lines["time"].min(), closed
    )
    for row in events[here | meanwhile].to_dict("records"):
        ours = row["line"] in lines.index
        if row["event"] in WORDS and (ours or (row["product"], row["site"]) in places):
            number = counted(int(row["units"]), "unit")
            words = WORDS[row["event"]].format(
                units=number, product=row["product"], site=row["site"]
            )
            yield row["time"], words, "", int(row["on_hand"]), int(row["backlog"])


def _told(run: Run, order: int, day: str) -> Iterator[tuple[Any, ...]]:
    """What the customer was told, and asked."""
    notices = run.notices
    for row in notices[notices["order"] == order].to_dict("records"):
        known = not math.isnan(row["promise"])
        date = f"{day} {row['promise']:,.1f}" if known else "a date that is not known yet"
        yield row["time"], "", TOLD[row["what"]].format(day=date), None, None
