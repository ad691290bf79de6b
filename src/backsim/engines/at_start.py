"""The tables that a compiled run starts with, worked out once for all replications of a model."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backsim.engines.capacity import growth
from backsim.engines.event_loop import EVENT, KIND_SHIFT, LEVEL_SHIFT
from backsim.engines.initial_state.opening import add_open_orders
from backsim.engines.log import records
from backsim.engines.setup import Linked, check_outcomes, set_up
from backsim.entities import ELEMENTS, Growth
from backsim.long_tables.memory import LINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.engines.initial_state.start import Setup
    from backsim.scenario.model import Model
    from backsim.streams import Tape

DRAWN = {"ANNOUNCES", "OPENS", "DISRUPTIONS"}
"""Parts of the kernel for which the tape says how a run starts."""

MOST_KEPT = 16 << 20
"""Bytes of a model's tables that are kept for its next replications."""
MOST_HELD = 256 << 20
"""Bytes that are kept of all models together: a search may have hundreds of them."""


Prepare = Callable[["Setup"], None]
"""What adds to the tables at time 0, the same in every replication."""


class AtStart(NamedTuple):
    """What a run starts with, and its tables as records."""

    setup: Setup
    tables: dict[str, NDArray[Any]]


class Kept:
    """What all runs of a model start with; most of its eighty tables have few rows or none."""

    def __init__(self, setup: Setup, tables: dict[str, NDArray[Any]]) -> None:
        self.setup = setup
        sizes = [-(-table.nbytes // LINE) * LINE for table in tables.values()]
        starts = itertools.accumulate(sizes, initial=0)
        self.places = [
            (name, len(table), table.dtype, start)
            for (name, table), start in zip(tables.items(), starts, strict=False)
        ]
        """Of each table its name, rows and type, and where it begins."""
        self.block = np.zeros(sum(sizes), np.uint8)
        """The memory of all of them, so that it is copied in one piece."""
        for name, table in self._tables_in(self.block).items():
            table[:] = tables[name]

    def copy(self) -> AtStart:
        """The same for one run."""
        return AtStart(self.setup, self._tables_in(self.block.copy()))

    def _tables_in(self, block: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        return {
            name: np.ndarray(rows, kind, block, start) for name, rows, kind, start in self.places
        }


def at_start(model: Model, linked: Linked, tape: Tape, prepare: Prepare | None = None) -> AtStart:
    """A run's tables at time 0, with what `prepare` adds for an agent.

    Raises TapeError: the tape was drawn for another model.
    """
    key = "at start", linked, prepare
    known: Kept | None = model.kept.get(key)
    if known is None:
        setup = set_up(model, linked, tape)
        if prepare is not None:
            prepare(setup)
        tables = {name: setup.records(name) for name in ELEMENTS}
        tables["events"] = _first_events(setup)
        if not _starts_alike(model, setup):
            return AtStart(setup, tables)
        known = Kept(setup, tables)
        if not _held.take(model, known):
            return known.copy()
        model.kept[key] = known
    check_outcomes(model, tape)
    add_open_orders(known.setup, model, tape)  # there are none
    found = known.copy()
    found.tables["totals"]["customer_lines"] = len(tape)
    found.tables["growth"] = records(Growth, [growth(known.setup, tape)])
    return found


class _Held:
    """The bytes of all tables that are kept; those of a model are free when it is gone."""

    def __init__(self) -> None:
        self.bytes = 0

    def take(self, model: Model, known: Kept) -> bool:
        """Whether there is room for a model's tables, which is then theirs."""
        size = known.block.nbytes
        if size > MOST_KEPT or self.bytes + size > MOST_HELD:
            return False
        self.bytes += size
        weakref.finalize(model, self._free, size)
        return True

    def _free(self, size: int) -> None:
        self.bytes -= size


_held = _Held()


def _first_events(setup: Setup) -> NDArray[Any]:
    """The heap of the first events, from row 1 on: sorted, they already are one."""
    ranked = [
        (
            time,
            (kind << KIND_SHIFT) + (setup.level(kind, subject) << LEVEL_SHIFT) + sequence,
            subject,
        )
        for sequence, (time, kind, subject) in enumerate(setup.events, 1)
    ]
    return np.array([(0.0, 0, 0), *sorted(ranked)], EVENT)


def _starts_alike(model: Model, setup: Setup) -> bool:
    """Whether every replication starts in this way: nothing is drawn for it, no rule may change."""
    rules = (rule for chosen in setup.rules.values() for rule in chosen)
    return (
        not setup.switches & DRAWN
        and not any(point.inbound for point in model.scenario.stock)
        and all(rule.built_in for rule in rules)
    )
