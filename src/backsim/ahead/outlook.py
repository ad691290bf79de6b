"""The outlook: what becomes of today's open orders, how sure that is, and what would change it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backsim.ahead.found import SURE, Effect, Found, LineAhead, PurchaseAhead, RuleAhead
from backsim.ahead.play import LATER, LEFT, STOCK, Delay, Plays, play_ahead
from backsim.ahead.showing import finding, line_rows, tip_rows
from backsim.ahead.start import Today, start_today
from backsim.allocation.book.assemble import read_book
from backsim.allocation.model.book import Book
from backsim.errors import InputError
from backsim.hindsight.bound import rules_for
from backsim.quantities import LEAST
from backsim.rules import PROGRAM
from backsim.scenario.load import model_of
from backsim.scenario.model import Model
from backsim.statistics import Estimate, estimate
from backsim.streams import seed_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_DELAYS = 20
"""Purchases whose delay is played, at most: those that most lines wait for."""

PLAYS_OF_A_DELAY = 100
"""Plays of each delay, at most."""

LITTLE = 0.02
"""Mean days, or probability, below which a delay is not said to concern a line."""

EVERY_RULE = "all"

Progress = Callable[[int, int], object]


class Outlook(Found):
    """What `outlook` found."""

    def _repr_html_(self) -> str:
        """What a notebook shows: the finding, what to do today, and when each line ships."""
        import pandas as pd

        tables = [pd.DataFrame(rows) for rows in (tip_rows(self), line_rows(self)) if rows]
        shown = [t.to_html(float_format="{:.3g}".format, border=0, index=False) for t in tables]
        return f"<p>{escape(finding(self))}</p>" + "".join(shown)


def outlook(
    book: Book | str | Path,
    model: Model | str | Path,
    *,
    days: float = 60.0,
    replications: int = 400,
    seed: int | None = None,
    delay: float = 7.0,
    against: str | Sequence[str] = (),
    engine: str = "auto",
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Outlook:
    """Play the coming `days` from today's book in a scenario's world, `replications` times.

    `delay`: days by which each purchase that lines wait for is delayed, and brought forward where
    the book says no other day; 0: none is.  `against`: priority rules to play in the same worlds
    (`lp` for the program, "all" for every rule that fits).
    Raises InputError for a book or scenario that cannot be read, or that do not go together.
    """
    numbers = all(isinstance(one, float | int | np.number) for one in (days, delay))
    whole = hasattr(replications, "__index__")
    if not (numbers and whole and days > 0 and replications >= 1 and delay >= 0):
        raise InputError(
            "outlook: expected days above 0, at least 1 replication and a delay of 0 or more, "
            f"got days {days}, {replications} replications, delay {delay}"
        )
    book = book if isinstance(book, Book) else read_book(book)
    model = model_of(model)
    seed, against = seed_of(seed), (against,) if isinstance(against, str) else against
    today = start_today(model, book, days)

    def played(of: Model, count: int, delays: Sequence[Delay | None] = (None,)) -> list[Plays]:
        return play_ahead(
            today, of, seed, count, delays, engine=engine, workers=workers, progress=progress
        )

    plays = played(today.model, replications)[0]
    lines = tuple(_line(today, plays, k) for k in range(len(today.lines)))
    purchases, left_out = _purchases(today, plays, played, delay) if delay else ((), 0)
    remarks = list(today.remarks)
    if left_out:
        remarks.append(f"delays of {left_out} more purchases that fewer lines wait for: not played")
    rules, more = _rules(today, plays, played, against)
    return Outlook(
        today=today,
        plays=plays,
        seed=seed,
        replications=replications,
        days=days,
        lines=lines,
        purchases=purchases,
        rules=rules,
        remarks=(*remarks, *more),
    )


# -- lines -----------------------------------------------------------------------------------------


def wanted_by(book: Book, rows: NDArray[np.int64]) -> Floats:
    """The day by which lines are in time: the promised one, or else the due date."""
    promised = book.lines.promised[rows]
    return np.where(np.isfinite(promised), promised, book.lines.due[rows])


def place_met(probability: float, count: int) -> int:
    """The place, from 0, of the day that is given with a probability among those of the plays."""
    return min(count, math.ceil(probability * (count + 1) - 1e-9)) - 1


def date_met(days: Floats, probability: float) -> float | None:
    """The first day by which as large a share of the plays is done; None if none is.

    The ceil(p (n + 1))-th of n days: the next play is no later with probability p or more.
    """
    place = place_met(probability, len(days))
    day = float(np.partition(days, place)[place])
    return day if math.isfinite(day) else None


def _line(today: Today, plays: Plays, k: int) -> LineAhead:
    book, row = today.book, int(today.lines[k])
    lines, names = book.lines, book.names
    days, promised = plays.days[:, k], float(lines.promised[row])
    codes, counts = np.unique(plays.source[:, k], return_counts=True)
    most = int(codes[counts.argmax()])
    return LineAhead(
        index=row,
        line=lines.ids[row],
        customer=names.customers[lines.customer[row]],
        customer_class=names.classes[lines.customer_class[row]],
        product=names.products[lines.product[row]],
        site=names.sites[lines.site[row]],
        units=float(lines.units[row]),
        ordered=float(lines.ordered[row]),
        due=float(lines.due[row]),
        promised=promised if math.isfinite(promised) else None,
        in_time=float((days <= wanted_by(book, today.lines[k : k + 1])).mean()),
        dates={p: date_met(days, p) for p in SURE},
        leaves=float((plays.source[:, k] == LEFT).mean()),
        waits_for=_source_name(today, most),
        waits_share=float(counts.max() / counts.sum()),
    )


def _source_name(today: Today, code: int) -> str:
    if code >= 0:
        return f"purchase {today.book.sources.ids[today.sources[code]]}"
    if code == STOCK:
        return "nothing: it ships today"
    if code == LEFT:
        return "nothing: its customer leaves first"
    return "a purchase not yet placed" if code == LATER else "what comes after the days played"


def lateness(today: Today, plays: Plays) -> Floats:
    """Money of each play: weight x units x days late; what does not ship is late to the end."""
    lines, rows = today.book.lines, today.lines
    days = np.minimum(plays.days, today.model.horizon)
    late = np.maximum(0.0, days - lines.due[rows])
    return np.asarray(late @ (lines.weight * lines.units)[rows])


def _estimate(money: Floats) -> Estimate:
    return estimate(money.tolist())


# -- purchases -------------------------------------------------------------------------------------


def _purchases(
    today: Today, plays: Plays, played: Callable[..., list[Plays]], delay: float
) -> tuple[tuple[PurchaseAhead, ...], int]:
    """The purchases that lines wait for, and how many of them were left out."""
    codes, counts = np.unique(plays.source[plays.source >= 0], return_counts=True)
    wanted = codes[np.argsort(-counts, kind="stable")]
    chosen = np.sort(wanted[:MOST_DELAYS]).tolist()
    earlier = {k: _earlier(today, k, delay) for k in chosen}
    delays = [
        moved for k in chosen for moved in (Delay(k, delay), Delay(k, -earlier[k])) if moved.days
    ]
    if not delays:
        return (), 0
    count = min(len(plays.shipped), PLAYS_OF_A_DELAY)
    found = dict(zip(delays, played(today.model, count, delays), strict=True))
    base = Plays(plays.shipped[:count], plays.source[:count])
    rows = []
    for k in chosen:
        later, sooner = found[Delay(k, delay)], found.get(Delay(k, -earlier[k]), base)
        rows.append(_purchase(today, base, later, sooner, k, delay, earlier[k]))
    return tuple(rows), len(wanted) - len(chosen)


def _earlier(today: Today, k: int, delay: float) -> float:
    """Days by which a purchase could come earlier."""
    sources, row = today.book.sources, int(today.sources[k])
    arrives = max(0.0, float(sources.arrives[row]))
    expedited = float(sources.expedited[row])
    days = arrives - max(0.0, expedited) if math.isfinite(expedited) else delay
    return min(days, arrives)


def _purchase(
    today: Today, base: Plays, later: Plays, sooner: Plays, k: int, delay: float, earlier: float
) -> PurchaseAhead:
    book, row = today.book, int(today.sources[k])
    sources, names = book.sources, book.names
    money = lateness(today, base)
    return PurchaseAhead(
        index=row,
        purchase=sources.ids[row],
        product=names.products[sources.product[row]],
        site=names.sites[sources.site[row]],
        units=float(sources.units[row]),
        expected=float(sources.arrives[row]),
        delay=delay,
        hurts=_effects(today, base, later),
        cost=_estimate(lateness(today, later) - money),
        earlier=earlier,
        saves=_estimate(money - lateness(today, sooner)),
        price=float(sources.expedite[row] * sources.units[row]),
    )


def _effects(today: Today, base: Plays, later: Plays) -> tuple[Effect, ...]:
    """The lines that a delay concerns, the worst first."""
    book, rows, end = today.book, today.lines, today.model.horizon
    wanted = wanted_by(book, rows)
    shift = (np.minimum(later.days, end) - np.minimum(base.days, end)).mean(axis=0)
    less = ((base.days <= wanted).mean(axis=0)) - ((later.days <= wanted).mean(axis=0))
    some = np.flatnonzero((shift > LITTLE) | (less > LITTLE))
    order = some[np.lexsort((-shift[some], -less[some]))]
    return tuple(
        Effect(book.lines.ids[rows[i]], float(shift[i]), float(less[i])) for i in order.tolist()
    )


# -- rules -----------------------------------------------------------------------------------------


def _rules(
    today: Today, plays: Plays, played: Callable[..., list[Plays]], against: Sequence[str]
) -> tuple[tuple[RuleAhead, ...], list[str]]:
    """The scenario's own rule first, then the others; and why some are left out."""
    if not against:
        return (), []
    models: dict[str, Model] = {}
    left_out: dict[str, str] = {}
    names = list(dict.fromkeys(against))
    if EVERY_RULE in names:
        models, left_out = rules_for(today.model)
        names = [PROGRAM]
    for name in names:
        left_out.pop(name, None)
        try:
            models[name] = today.model.replace({"policy.priority": _use(today, name)})
        except InputError as error:
            if EVERY_RULE not in against:
                raise
            left_out[name] = str(error)
    money = lateness(today, plays)
    rows = [_rule(today, "as it is", plays, money)]
    for name, model in models.items():
        rows.append(_rule(today, name, played(model, len(plays.shipped))[0], money))
    reasons = [f"the rule {name} is left out: {why}" for name, why in left_out.items()]
    return (rows[0], *sorted(rows[1:], key=lambda row: row.cost.mean)), reasons


def _use(today: Today, name: str) -> str | dict[str, object]:
    """A rule as a scenario names it; the program has the book's weights, by class."""
    if name != PROGRAM:
        return name
    weights = dict.fromkeys(today.model.classes, 1.0)
    own = today.book.lines.weight[today.lines]
    classes = np.array(today.classes)
    for customer in np.unique(classes).tolist():
        weights[customer] = max(LEAST, float(own[classes == customer].mean()))
    return {"rule": PROGRAM, "weight": weights}


def _rule(today: Today, name: str, plays: Plays, own: Floats) -> RuleAhead:
    money = lateness(today, plays)
    in_time = float((plays.days <= wanted_by(today.book, today.lines)).mean())
    return RuleAhead(name, in_time, _estimate(money), _estimate(money - own))
