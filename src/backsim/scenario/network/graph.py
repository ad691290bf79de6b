"""Walks through a network, and who in it belongs together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def reached(ways: Mapping[T, Collection[T]], starts: Iterable[T]) -> set[T]:
    """The starts, and all to which ways lead from them, directly or not."""
    seen = set(starts)
    pending = list(seen)
    while pending:
        new = set(ways[pending.pop()]) - seen
        seen |= new
        pending += new
    return seen


def grouped(members: Iterable[T], pairs: Iterable[tuple[T, T]]) -> dict[T, T]:
    """Each member and the name of its group; those of a pair are of one group."""
    group = {member: member for member in members}
    for one, other in pairs:
        joined = group.get(other, other)
        group = {m: group[one] if g == joined else g for m, g in group.items()}
    return group
