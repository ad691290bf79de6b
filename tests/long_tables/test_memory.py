"""Memory that tables of runs leave to those of later runs."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from tests.models import build

from backsim.engines import compiled
from backsim.long_tables.memory import AGE, LEAST, MEMORY, Memory
from backsim.streams import draw

KIND = np.dtype([("time", "f8"), ("units", "i4")])
ROWS = 2 * LEAST // KIND.itemsize


def address(table: np.ndarray) -> int:
    return int(table.ctypes.data)


def test_memory_is_used_again() -> None:
    memory = Memory()
    table = memory.table(ROWS, KIND)
    assert (table.dtype, len(table), table.flags.writeable) == (KIND, ROWS, True)
    first = address(table)
    del table
    assert address(memory.table(ROWS - 10, KIND)) == first


@pytest.mark.parametrize("view", [lambda t: t[5:], lambda t: t["units"], lambda t: t[:3]["time"]])
def test_memory_with_a_view_is_not_used_again(view: object) -> None:
    """Whoever keeps a field of a log keeps its values."""
    memory = Memory()
    table = memory.table(ROWS, KIND)
    table["units"], table["time"] = 7, 7.0
    kept, first = view(table), address(table)  # type: ignore[operator]
    del table
    other = memory.table(ROWS, KIND)
    other["units"], other["time"] = 0, 0.0
    assert address(other) != first
    assert np.unique(kept["units"] if kept.dtype == KIND else kept).tolist() == [7]


def test_what_is_kept_is_bounded() -> None:
    memory = Memory(most=5 * LEAST)
    tables = [memory.table(ROWS, KIND) for _ in range(5)]
    del tables
    memory.table(10 * ROWS, KIND)
    assert sum(len(block) for block, _ in memory.free.values()) <= 5 * LEAST


def test_what_nobody_asks_for_any_more_is_given_up() -> None:
    """After a long run, short ones do not carry its memory about."""
    memory = Memory()
    memory.table(100 * ROWS, KIND)
    first = {address(memory.table(ROWS, KIND)) for _ in range(AGE + 2)}
    assert len(first) == 1
    assert [len(block) for block, _ in memory.free.values()] == [ROWS * KIND.itemsize]


def test_a_small_table_does_not_take_a_large_block() -> None:
    memory = Memory()
    large = memory.table(100 * ROWS, KIND)
    first = address(large)
    del large
    assert address(memory.table(ROWS, KIND)) != first


def test_a_log_outlives_the_next_run() -> None:
    """The tables of a run that is still looked at are not played over."""
    MEMORY.free.clear()  # what other tests gave back may fit, too
    model = build(
        {"a": {"demand": {"arrivals": {"poisson": {"rate": 50}}, "products": "mug"}}},
        policy={"reorder": {"rule": "s_S", "s": 200, "S": 400}},
        horizon=400,
    )
    one = compiled.run(model, draw(model, 1, 0))
    digest = one.digest
    compiled.run(model, draw(model, 1, 1))
    assert one.digest == digest
    place = address(one.lines)
    del one
    gc.collect()
    again = compiled.run(model, draw(model, 1, 0))
    assert (again.digest, address(again.lines)) == (digest, place)
