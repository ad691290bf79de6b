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
    """Purchases under way are brought forward, each at most once, and paid for: `costs.expedite`.

    It takes `level`, `late`, or both; either is a reason.
    """

    days: PositiveDays
    """Days by which a purchase arrives earlier; one that has not been dispatched cannot."""
    level: WholeLevel | None = None
    """Units on hand less the backlog, at or below which the next purchases are expedited: as many
    as it takes to come above it."""
    late: Days | None = None
    """Days after the quoted date; a purchase that is said to come later is expedited, or one that
    has not come by then."""

    @model_validator(mode="after")
    def _check_reason(self) -> Expedite:
        if self.level is None and self.late is None:
            raise fault("the key level or the key late, a reason to expedite")
        return self


class Emergency(Spec):
    """A source of last resort: it is asked when stock runs short before it could deliver."""

    level: WholeOrCover
    """Units on hand and expected within its mean lead time, less the backlog: at or below it, the
    source is asked, before the reorder rule."""
    up_to: WholeOrCover
    """Units that bring these up to here are bought."""
    counts: Literal["soon", "all"] = "soon"
    """Which units on order are compared with `level`: those expected within its mean lead time, or
    all (the single-index policy)."""


Expediting = Annotated[Literal["never"] | Expedite, WordOr("a mapping with the key days")]
Cancelling = Annotated[Literal["never"] | Days, WordOr("a number of days")]


def misplaced(sources: Sequence[Any]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a stock point's emergency sources: (place, what was expected, found)."""
    urgent = [i for i, source in enumerate(sources) if source.emergency is not None]
    if urgent and urgent[0] == 0:
        yield 0, "a source that is not for emergencies first", "one that is"
    if len(urgent) > 1:
        yield urgent[1], "one source for emergencies", "another one"
    for i in urgent:
        if sources[i].share is not None:
            yield i, "no `share` of a source for emergencies", f"{sources[i].share:g}"
