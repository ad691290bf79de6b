"""What a buyer does about suppliers: purchases expedited or withdrawn, a source for emergencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, model_validator

from backsim.quantities import Days, PositiveDays, WholeLevel
from backsim.scenario.part import fault, member
from backsim.scenario.schema.rule_use import Cover, level_kind
from backsim.scenario.shorthand import Spec, WordOr

WholeOrCover = Annotated[
    Annotated[WholeLevel, member("number")] | Annotated[Cover, member("cover")],
    Discriminator(level_kind),
]


class Expedite(Spec):
    """Expedite purchases in transit, each at most once, at the cost `costs.expedite`.

    Give `level`, `late`, or both; either triggers expediting.
    """

    days: PositiveDays
    """Days by which an expedited purchase arrives earlier. Only dispatched purchases can be
    expedited.
    """
    level: WholeLevel | None = None
    """Expedite when units on hand minus the backlog are at or below this level: as many of the next
    purchases as it takes to rise above it.
    """
    late: Days | None = None
    """Expedite a purchase that is expected, or already is, more than this many days later than
    quoted.
    """

    @model_validator(mode="after")
    def _check_reason(self) -> Expedite:
        if self.level is None and self.late is None:
            raise fault("`level` or `late`, which says when to expedite")
        return self


class Emergency(Spec):
    """A source of last resort, used when stock would run short within its own lead time."""

    level: WholeOrCover | None = None
    """Level at or below which the source is used: of units on hand plus units expected within its
    mean lead time, minus the backlog. It is checked before the reorder rule. Default: one unit
    below `up_to`, a base stock.
    """
    up_to: WholeOrCover
    """Order-up-to level of the emergency source."""
    counts: Literal["soon", "all"] = "soon"
    """Which units on order are compared with `level`: those expected within its mean lead time, or
    all (the single-index policy)."""


Expediting = Annotated[Literal["never"] | Expedite, WordOr("a mapping with the key days")]
Cancelling = Annotated[Literal["never"] | Days, WordOr("a number of days")]


def misplaced(sources: Sequence[Any]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a stock point's emergency sources: (place, what was expected, found)."""
    urgent = [i for i, source in enumerate(sources) if source.emergency is not None]
    if urgent and urgent[0] == 0:
        yield 0, "a regular source first", "a source for emergencies"
    if len(urgent) > 1:
        yield urgent[1], "one source for emergencies", "another one"
    for i in urgent:
        if sources[i].share is not None:
            yield i, "no `share` of a source for emergencies", f"{sources[i].share:g}"
