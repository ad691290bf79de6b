"""What an outlook finds: each open line, each purchase, each rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backsim.ahead.play import Plays
from backsim.ahead.start import Today
from backsim.allocation.model.book import Book
from backsim.errors import counted
from backsim.statistics import Estimate

SURE = (0.5, 0.8, 0.9)
"""The probabilities with which dates are met."""


@dataclass(frozen=True)
class LineAhead:
    """An open line: when it ships.

    Days count from today.  None: no promise, or not in the days played.
    """

    index: int
    line: str
    customer: str
    customer_class: str
    product: str
    site: str
    units: float
    ordered: float
    due: float
    promised: float | None
    in_time: float
    """Probability that it ships by its promise, or else by its due date."""
    dates: Mapping[float, float | None]
    """The day by which it ships with each probability of `SURE`."""
    leaves: float
    """Probability that its customer leaves before it ships."""
    waits_for: str
    """What its last units come with, in most plays."""
    waits_share: float
    """The share of the plays in which they do."""


@dataclass(frozen=True)
class Effect:
    """What a delay does to a line: days later on average, and less probability to be in time."""

    line: str
    later: float
    less: float


@dataclass(frozen=True)
class PurchaseAhead:
    """A purchase under way: what its delay would do and to whom, and what an earlier date saves.

    Money is that of the book: weight x units x days late.
    """

    index: int
    purchase: str
    product: str
    site: str
    units: float
    expected: float
    delay: float
    hurts: tuple[Effect, ...]
    cost: Estimate
    earlier: float
    """Days by which it could come earlier."""
    saves: Estimate
    price: float
    """What that costs, where the book says so."""


@dataclass(frozen=True)
class RuleAhead:
    """A priority rule in the same worlds: what is kept, and the money that lateness costs."""

    rule: str
    in_time: float
    cost: Estimate
    more: Estimate
    """Than the scenario's own rule."""


@dataclass(frozen=True, eq=False)
class Found:
    """What becomes of the open lines."""

    today: Today
    plays: Plays
    seed: int
    replications: int
    days: float
    lines: tuple[LineAhead, ...]
    purchases: tuple[PurchaseAhead, ...]
    rules: tuple[RuleAhead, ...]
    remarks: tuple[str, ...] = field(default=())

    @property
    def book(self) -> Book:
        """The book of today."""
        return self.today.book

    def __repr__(self) -> str:
        plays = counted(self.replications, "play")
        return f"Outlook of {counted(len(self.lines), 'open line')} in {plays}"
