"""Events: each handler says beside its code which kinds it handles; the linker writes `handle`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from backsim.entities import ARRIVAL, LEAVE, ORDER

Handler = TypeVar("Handler", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of event: what it is about, who handles it, and the feature that it belongs to.

    `subject` is the table of the world that the event's subject is an index of.
    """

    kind: int
    handler: Callable[..., None]
    subject: str
    feature: str
    unless: str

    @property
    def doc(self) -> str:
        """What happens, in a sentence."""
        return (self.handler.__doc__ or "").split("\n", maxsplit=1)[0]

    def is_on(self, features: Any) -> bool:
        """Whether it occurs in a kernel with these features."""
        return (not self.feature or self.feature in features) and self.unless not in features


EVENTS: list[Event] = []

OFTEN = (ORDER, ARRIVAL, LEAVE)
"""The kinds that occur most often are asked for first; the others in the order of their numbers."""


def event(
    *kinds: int, subject: str, feature: str = "", unless: str = ""
) -> Callable[[Handler], Handler]:
    """Declare that a function handles events of these kinds, where a feature is on, or is not.

    Its arguments are called `world`, `subject` (or `stock`, the row of the table of stock points),
    `kind` and `now`, and it has those that it wants.
    """

    def declare(handler: Handler) -> Handler:
        EVENTS.extend(Event(kind, handler, subject, feature, unless) for kind in kinds)
        return handler

    return declare


def in_order() -> list[Event]:
    """The kinds of event, in the order in which they run at the same time."""
    return sorted(EVENTS, key=lambda event: event.kind)


def _rank(event: Event) -> int:
    return OFTEN.index(event.kind) if event.kind in OFTEN else len(OFTEN)


def handle_of(features: Any) -> str:
    """Source of `handle`, which lets what is due happen, in a kernel with these features."""
    lines = ["def handle(world, kind, subject, now):"]
    found = [event for event in in_order() if event.is_on(features)]
    word = "if"
    for event in sorted(found, key=_rank):
        code = event.handler.__code__
        names = code.co_varnames[: code.co_argcount]
        given = [SPELT.get(name, "subject") for name in names]
        lines.append(f"    {word} kind == {event.kind}:")
        lines.append(f"        {event.handler.__name__}({', '.join(given)})")
        word = "elif"
    return "\n".join(lines) + "\n"


SPELT = {"world": "world", "stock": "world.stocks[subject]", "kind": "kind", "now": "now"}
"""How `handle` spells the arguments of handlers; whatever else they call it is the subject."""
