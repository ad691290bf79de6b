"""A progress bar on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def watched(items: Iterable[T], total: int, what: str = "replications") -> Iterator[T]:
    """The items, with a progress bar on standard error if that is a terminal."""
    if not sys.stderr.isatty() or total < 2:
        yield from items
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        for item in items:
            progress.advance(task)
            yield item


@contextmanager
def counting(what: str) -> Iterator[Callable[..., None]]:
    """A function to be told (done, total), which shows rate and time left on a terminal.

    A third argument, a few words, is shown behind them.

    No thread of its own draws it: with one, this process could not be copied for its workers.
    """
    if not sys.stderr.isatty():
        yield lambda done, total, words="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rest]}"),
        TextColumn("{task.fields[words]}", markup=False),
    )
    shown = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    with shown as progress:
        task = progress.add_task(what, total=None, rest="", words="")
        started: list[float] = []
        drawn = 0.0

        def tell(done: int, total: int, words: str = "") -> None:
            nonlocal drawn
            now = time.monotonic()
            if not started:
                started.extend((now, done))
            if now - drawn < 0.1 and done < total:
                return
            drawn = now
            rest = _rate_and_rest(done - int(started[1]), now - started[0], total - done)
            progress.update(task, completed=done, total=total, rest=rest, words=words, refresh=True)

        yield tell


def _rate_and_rest(done: int, seconds: float, left: int) -> str:
    if done < 1 or seconds <= 0:
        return ""
    rate = done / seconds
    minutes, rest = divmod(round(left / rate), 60)
    return f"{rate:,.1f} a second, {minutes}:{rest:02d} left"
