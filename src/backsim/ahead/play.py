"""The coming days played many times: when each open line ships, and with which units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from backsim.ahead.start import Today
from backsim.engines.choose import choose, own_rules, play
from backsim.engines.log import Log
from backsim.entities import CANCELLED, LOST, NEVER, RECEIVED, SHIPPED
from backsim.results.ledger import check_ledger
from backsim.rules.own import digests_of
from backsim.scenario.model import Model
from backsim.scenario.opening import comes_in_sequence
from backsim.streams import Tape, draw
from backsim.workers import Way, in_order, workers_wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

STOCK, LATER, NOTHING, LEFT = -1, -2, -3, -4
"""Where a line's last units came from, if not a purchase under way: stock on hand, a purchase that
is still to be placed, nowhere in the days played; or that its customer left without them."""


@dataclass(frozen=True, eq=False)
class Plays:
    """What became of the open lines, in shape (plays, lines); lines as `Today.lines`.

    `shipped`: the time at which a line was shipped whole, in days from today, inf where it was not;
    `source`: the purchase under way whose arrival completed it, or one of the codes above.
    """

    shipped: Floats
    source: Codes

    @cached_property
    def days(self) -> Floats:
        """The whole day on which each line was shipped."""
        return np.floor(self.shipped)


@dataclass(frozen=True)
class Delay:
    """A purchase under way comes later, or earlier (negative `days`), than it would have."""

    purchase: int
    days: float


def play_ahead(
    today: Today,
    model: Model,
    seed: int,
    replications: int,
    delays: Sequence[Delay | None] = (None,),
    *,
    engine: str = "auto",
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> list[Plays]:
    """Play a model that starts today, each delay in the same worlds; `Plays` for each delay."""
    name = choose(model, engine, replications * len(delays))[0]
    one = partial(_one, model, tuple(delays), len(today.lines), len(today.sources), name, seed)
    way: Way | None = "threads" if name == "compiled" else None
    rules = digests_of(own_rules(model))
    found = []
    at_once = workers_wanted(workers)
    for done, plays in enumerate(
        in_order(one, range(replications), at_once, rules=rules, way=way), 1
    ):
        found.append(plays)
        if progress is not None:
            progress(done, replications)
    return [
        Plays(
            np.array([plays[k][0] for plays in found]).reshape(replications, -1),
            np.array([plays[k][1] for plays in found]).reshape(replications, -1),
        )
        for k in range(len(delays))
    ]


def _one(
    model: Model,
    delays: tuple[Delay | None, ...],
    lines: int,
    purchases: int,
    engine: str,
    seed: int,
    replication: int,
) -> list[tuple[Floats, Codes]]:
    """A replication under each delay: (shipped, source) of the open lines."""
    tape = draw(model, seed, replication)
    found = []
    for delay in delays:
        log = play(model, delayed(model, tape, delay), engine)
        check_ledger(model, log)
        found.append(fate(model, log, lines, purchases))
    return found


def delayed(model: Model, tape: Tape, delay: Delay | None) -> Tape:
    """The tape with one purchase later or earlier; what comes in sequence behind it follows."""
    if delay is None:
        return tape
    arrivals = tape.arrivals.copy()
    at = delay.purchase
    arrivals[at] = max(0.0, float(model.on_grid(arrivals[at] + delay.days)))
    stocks = np.repeat(
        np.arange(len(model.stock_points)), [len(p.inbound) for p in model.scenario.stock]
    )
    own = np.flatnonzero(stocks == stocks[at])
    if comes_in_sequence(model.scenario, model.lanes[stocks[at]]):
        arrivals[own] = np.maximum.accumulate(arrivals[own])
    return replace(tape, arrivals=arrivals)


def fate(model: Model, log: Log, lines: int, purchases: int) -> tuple[Floats, Codes]:
    """What became of a run's first lines: (shipped, source)."""
    rows = log.lines[:lines]
    done = rows["status"] == SHIPPED
    shipped = np.where(done, rows["closed"], NEVER)
    came = log.purchases[:purchases]
    received = np.flatnonzero(came["status"] == RECEIVED)
    at = {
        (int(came["stock"][k]), float(came["arrives"][k])): int(k) for k in received[::-1].tolist()
    }
    left = (rows["status"] == CANCELLED) | (rows["status"] == LOST)
    source = np.where(left, LEFT, NOTHING)
    for i in np.flatnonzero(done).tolist():
        time = float(shipped[i])
        source[i] = at.get((int(rows["stock"][i]), time), STOCK if time == 0.0 else LATER)
    return shipped, source
