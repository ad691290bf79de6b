"""The figures of `make bench`, each beside what is aimed for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

FIGURES: list[str] = []


def aim(what: str, found: float, unit: str, least: float = 0.0, most: float = float("inf")) -> None:
    """Note a figure beside its aim, and fail when it misses."""
    bound = f"at least {least:,.2f}" if most == float("inf") else f"at most {most:,.2f}"
    FIGURES.append(f"{what:<58} {found:>14,.2f} {unit:<12} (aim: {bound})")
    assert least <= found <= most, FIGURES[-1]


def best(work: Callable[[], Any], rounds: int) -> float:
    """The least seconds that it takes."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
