"""The pairing heap of waiting lines against a sorted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsim.engines.link import kernel_key, link
from backsim.engines.simpy_ports import PORTS
from backsim.entities import NONE, Line, Stock, Totals, World
from backsim.rules import FAMILIES


class Keys:
    """Keys that a test sets; stands for the priority rule."""

    def __init__(self) -> None:
        self.of: dict[int, float] = {}


def a_queue(times: list[float]):
    """(kernel functions, world, stock, keys) with a line for each time."""
    keys = Keys()
    rules = {name: [next(iter(family.rules.values()))] for name, family in FAMILIES.items()}
    kernel = link(kernel_key(rules), {"new_standing": PORTS["new_standing"]})
    kernel["priority_key"] = lambda world, stock, line, now: keys.of[line.head]
    lines = [Line(time=time, head=i, open=1 + i % 3) for i, time in enumerate(times)]
    stock = Stock()
    world = World(lines=lines, stocks=[stock], totals=[Totals()])
    return kernel, world, stock, keys


def links_agree(world: World, root: int) -> int:
    """Walk the heap; every link must have its counterpart.  Returns the number of lines in it."""
    if root == NONE:
        return 0
    assert world.lines[root].previous == NONE
    assert world.lines[root].sibling == NONE
    pending, count = [root], 0
    while pending:
        at = pending.pop()
        count += 1
        before, child = at, world.lines[at].child
        while child != NONE:
            assert world.lines[child].previous == before
            a, b = world.lines[at], world.lines[child]
            assert (a.key, a.time, at) < (b.key, b.time, child)
            pending.append(child)
            before, child = child, world.lines[child].sibling
    return count


def in_order(world: World, first: int) -> list[int]:
    """The lines that stand in the queue, in the order of service."""
    found = []
    while first != NONE:
        found.append(world.standings[first].line)
        first = world.standings[first].behind
    return found


KEYS = st.integers(0, 4).map(float)  # few, so that they tie
STEPS = st.lists(st.tuples(st.sampled_from("eeeddfrno"), st.integers(0, 10**6), KEYS), max_size=60)


@given(STEPS, st.lists(st.integers(0, 3).map(float), min_size=60, max_size=60))
def test_the_heap_is_a_sorted_list(steps, times):
    kernel, world, stock, keys = a_queue(sorted(times))
    waiting: list[int] = []
    out = set(range(60))
    for what, number, key in steps:
        if what == "e" and out:  # a line joins, perhaps one that has been here before
            index = sorted(out)[number % len(out)]
            out.discard(index)
            keys.of[index] = key
            kernel["enqueue"](world, stock, index, 0.0)
            waiting.append(index)
        elif what in "df" and waiting:  # any line leaves, or the first
            index = stock.queue if what == "f" else waiting[number % len(waiting)]
            kernel["dequeue"](world, stock, index)
            waiting.remove(index)
            out.add(index)
            line = world.lines[index]
            assert (line.child, line.sibling, line.previous) == (NONE, NONE, NONE)
        elif what == "r":  # all keys change
            for index in waiting:
                keys.of[index] = float((keys.of[index] + index * number) % 5)
            kernel["requeue"](world, stock, 0.0)
        elif what == "n" and waiting:  # all leave in order, and join again

            def place(index: int) -> tuple[float, float, int]:
                return keys.of[index], world.lines[index].time, index

            chain, following = [], kernel["drain"](world, stock, 0.0)
            while following != NONE:
                chain.append(following)
                following = world.lines[following].sibling
            assert chain == sorted(waiting, key=place)
            for index in chain[:: 1 if number % 2 else -1]:
                world.lines[index].sibling = NONE
                kernel["join"](world, stock, index)
            for index in waiting:
                before = [i for i in waiting if place(i) < place(index)]
                units = sum(world.lines[i].open for i in before)
                assert kernel["units_before"](world, stock, index) == units
                assert kernel["lines_before"](world, stock, index) == len(before)
        elif what == "o" and waiting:  # a line wants more units
            index = waiting[number % len(waiting)]
            kernel["change_open"](world, stock, index, 1)
            world.lines[index].open += 1
        assert in_order(world, kernel["first_standing"](world, stock)) == sorted(
            waiting, key=lambda i: (keys.of[i], world.lines[i].time, i)
        )
        first = min(waiting, key=lambda i: (keys.of[i], world.lines[i].time, i), default=NONE)
        assert stock.queue == first
        assert stock.waiting == world.totals[0].waiting == len(waiting)
        assert links_agree(world, stock.queue) == len(waiting)


@pytest.mark.parametrize("order", [1, -1])
def test_a_long_queue_needs_no_deep_stack(order: int):
    count = 20_000
    kernel, world, stock, keys = a_queue([0.0] * count)
    for index in range(count):
        keys.of[index] = float(order * index)
        kernel["enqueue"](world, stock, index, 0.0)
    served = []
    while stock.queue != NONE:
        served.append(stock.queue)
        kernel["dequeue"](world, stock, stock.queue)
    assert served == list(range(count))[::order]


@pytest.mark.parametrize("order", [1, -1, 0])
def test_where_a_line_stands_is_found_on_a_short_way(order: int):
    """Of 20,000 lines, in whatever order they join; in a random tree the deepest is some 40 down.

    Source: Devroye, Journal of the ACM 33 (1986) 489-498 (4.31 ln n).
    """
    count = 20_000
    kernel, world, stock, keys = a_queue([0.0] * count)
    for index in range(count):
        keys.of[index] = float(order * index)
        kernel["enqueue"](world, stock, index, 0.0)
    for index in range(0, count, 97):
        place, depth = kernel["standing_of"](world, stock, index), 0
        while place != NONE:
            place, depth = world.standings[place].above, depth + 1
        assert depth < 50
    assert world.standings[stock.standing].units == sum(line.open for line in world.lines)
