"""What a command is doing, and how long it still takes: a bar on a terminal, or lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from backsim.cli import console

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
EVERY = 30.0
"""Seconds after which a line says how far a long command is, where there is no terminal."""


class Meter:
    """Is told what goes on, and shows nothing."""

    def stage(self, text: str) -> None:
        """What is done now, before there is anything to count."""

    def __call__(self, done: int, total: int, words: str = "") -> None:
        """How much of it is done, and a few words on it."""

    def each(self, items: Iterable[T], total: int) -> Iterator[T]:
        """The items, each counted when it is there."""
        self(0, total)
        for place, item in enumerate(items, 1):
            self(place, total)
            yield item


class Lines(Meter):
    """Says what is done in a line of standard error, where it takes long."""

    def __init__(self, what: str) -> None:
        self.what, self.since = what, time.monotonic()

    def __call__(self, done: int, total: int, words: str = "") -> None:
        """How much of it is done, once in `EVERY` seconds."""
        now = time.monotonic()
        if now - self.since >= EVERY:
            self.since = now
            console.say(f"{done:,} of {total:,} {self.what}{words and ': '}{words}")


class Bar(Meter):
    """Shows on a terminal what is done, how fast, and how long the rest takes."""

    def __init__(self, shown: Progress, what: str) -> None:
        self.shown, self.what = shown, what
        self.task = shown.add_task("", total=None, rest="", words="")
        self.started: tuple[float, int] | None = None
        self.drawn = 0.0

    def stage(self, text: str) -> None:
        """What is done now, before there is anything to count."""
        self.shown.update(self.task, description=text, refresh=True)

    def __call__(self, done: int, total: int, words: str = "") -> None:
        """How much of it is done, drawn ten times per second at most."""
        now = time.monotonic()
        first = self.started is None
        since, before = self.started = self.started or (now, done)
        if not first and now - self.drawn < 0.1 and done < total:
            return
        self.drawn = now
        rest = _rate_and_rest(done - before, now - since, total - done)
        self.shown.update(
            self.task, description=self.what, completed=done, total=total, rest=rest, words=words,
            refresh=True,
        )  # fmt: skip


@contextmanager
def counting(what: str) -> Iterator[Meter]:
    """A meter of `what`, such as replications, that shows itself from the start.

    No thread of its own draws it: with one, this process could not be copied for its workers.
    """
    if console.quiet or not sys.stderr.isatty():
        yield Meter() if console.quiet else Lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rest]}"),
        TextColumn("{task.fields[words]}", markup=False),
    )
    shown = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    with shown:
        yield Bar(shown, what)


def _rate_and_rest(done: int, seconds: float, left: int) -> str:
    if done < 1 or seconds <= 0:
        return ""
    rate = done / seconds
    minutes, rest = divmod(round(left / rate), 60)
    return f"{rate:,.1f} per second, {minutes}:{rest:02d} left"
