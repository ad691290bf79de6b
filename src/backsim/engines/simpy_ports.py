"""What the kernel asks of the SimPy engine: rows of tables, events, and draws from the tape."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backsim.engines.capacity import by_name, rows_needed, written
from backsim.engines.simpy_clock import Clock, Due
from backsim.entities import ELEMENTS, GROWING, NEVER, NONE, Contact, Delivery, Return, Stock, World
from backsim.streams import Tape


class LiveWorld(World):
    """The kernel's tables as lists of objects, and what this engine's ports need."""

    __slots__ = ("beside", "clock", "fire", "lead_time", "needs", "rows", "tape")

    def __init__(self, clock: Clock, tape: Tape, **tables: list[Any]) -> None:
        super().__init__(**tables)
        self.clock, self.tape = clock, tape
        self.fire: Callable[[Any], None]
        self.lead_time: Callable[[Stock, float], float] | None = None
        """What becomes of a lead time that the tape says, where a process has said so."""
        self.rows: Sequence[int] = []
        """The tape's row of each line; NONE for orders beside those on the tape."""
        self.beside: dict[int, Mapping[str, Any]] = {}
        """The traits of customers beside the tape, by the first line of their order."""
        self.needs: list[Any] = [types.SimpleNamespace()]
        """Rows that events may add, where that is checked (`capacity.rows_needed`)."""


def schedule(world: LiveWorld, time: float, kind: int, subject: int, level: int = 0) -> None:
    world.clock.schedule_at(Due(world.clock, world.fire, kind, subject), time, kind, level)


def draw_lead_time(world: LiveWorld, stock: Stock, lane: int) -> float:
    days = float(world.tape.lead_times[lane].first(stock.purchases + 1)[stock.purchases])
    return days if world.lead_time is None else world.lead_time(stock, days)


def draw_service(world: LiveWorld, stock: Stock, lane: int) -> float:
    return float(world.tape.services[lane].first(stock.purchases + 1)[stock.purchases])


def draw_outcome(world: LiveWorld, stock: Stock, lane: int, delivery: Delivery) -> None:
    at = stock.purchases
    for name, streams in world.tape.outcomes.items():
        setattr(delivery, name, float(streams[lane].first(at + 1)[at]))


def draw_transfer_time(world: LiveWorld, stock: Stock, lane: int) -> float:
    at = world.nodes[stock.index].transferred
    return float(world.tape.lead_times[lane].first(at + 1)[at])


def _trait(world: LiveWorld, line: int, name: str, default: Any) -> Any:
    """What a line's customer brings along; `default` where that is not drawn."""
    head = world.lines[line].head
    if head in world.beside:
        return world.beside[head].get(name, default)
    columns = world.tape.columns
    return columns[name][world.rows[line]] if name in columns else default


def accepts_substitute(world: LiveWorld, line: int) -> bool:
    return bool(_trait(world, line, "accepts", 0))


def regard(world: LiveWorld, head: int) -> float:
    return 0.0 if head in world.beside else float(_trait(world, head, "regard", 0.0))


def bring_traits(world: LiveWorld, head: int, contact: Contact) -> None:
    contact.tolerance = float(_trait(world, head, "told", contact.patience))
    contact.grace = float(_trait(world, head, "grace", 0.0))
    contact.forgives = int(_trait(world, head, "forgives", 0))


def draw_gap(world: LiveWorld, head: int, k: int) -> float:
    gaps = _trait(world, head, "gaps", None)
    return NEVER if gaps is None else float(gaps[k])


def days_kept(world: LiveWorld, line: int) -> float:
    returned = _trait(world, line, "returned", 0)
    return float(_trait(world, line, "kept", NEVER)) if returned else NEVER


def bring_back(world: LiveWorld, line: int, row: Return) -> float:
    row.units = int(_trait(world, line, "returned", 0))
    row.restocked = int(_trait(world, line, "restocked", 0))
    row.to_repair = int(_trait(world, line, "to_repair", 0))
    return float(_trait(world, line, "mending", 0.0))


def days_recalled(world: LiveWorld, line: int) -> float:
    return float(_trait(world, line, "recalled_after", NEVER)) if _recalled(world, line) else NEVER


def bring_recalled(world: LiveWorld, line: int, row: Return) -> None:
    row.units = _recalled(world, line)
    row.to_repair = int(_trait(world, line, "recalled_to_repair", 0))
    row.recalled = 1


def _recalled(world: LiveWorld, line: int) -> int:
    return int(_trait(world, line, "recalled", 0))


def units_dropped(world: LiveWorld, line: int) -> int:
    return int(_trait(world, line, "dropped", 0))


def days_to_change(world: LiveWorld, line: int) -> float:
    return float(_trait(world, line, "drops_after", NEVER))


def line_raised(world: LiveWorld, head: int) -> int:
    back = int(_trait(world, head, "adds_to", 0))
    if back == 0:
        return NONE
    found = row = world.rows[head] - back
    while world.rows[found] != row:  # orders beside those of the tape stand between
        found += 1
    return found


def _adder(table: str) -> types.FunctionType:
    """The port that adds a row to a table."""
    entity = ELEMENTS[table]
    lines = [f"world.{table}.append({entity.__name__}())", f"return len(world.{table}) - 1"]
    function = written(f"new_{entity.__name__.lower()}", "world", lines)
    function.__globals__[entity.__name__] = entity
    return function


def _emptier(table: str) -> types.FunctionType:
    """The port that empties a scratch table."""
    return written(f"forget_{table}", "world", [f"world.{table}.clear()"])


PORTS = by_name(
    *(schedule, draw_lead_time, draw_service, draw_outcome, draw_transfer_time),
    *(accepts_substitute, regard, bring_traits, draw_gap, days_kept, bring_back),
    *(days_recalled, bring_recalled, units_dropped, days_to_change, line_raised),
    *map(_adder, GROWING),
    *(_emptier(table) for table, grows in GROWING.items() if grows.scratch),
    rows_needed,
)
