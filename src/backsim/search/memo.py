"""What a search has found out, kept in a file: an interrupted search goes on where it was.

A search is decided by its results alone.  So the same search, given the results there are, takes
the same way again without simulating, and simulates from where they end.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.experiment.store import locked, reason_of, unwritten
from backsim.files import check_folder, text_digest
from backsim.results.madewith import versions_that_count
from backsim.results.provenance import rule_digests
from backsim.search.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FILE = "search.sqlite"
SECONDS = 0.5
"""How much work an interruption may cost, about."""

Key = tuple[int, str, int]
"""Phase, point, replication."""


def described(problem: Problem) -> dict[str, str]:
    """What results depend on, by what it is called, each as a hash."""
    asked, model = problem.asked, problem.present
    metrics = [str(asked.objective), *map(str, asked.constraints)]
    tried: Any = [[axis.path, axis.values] for axis in problem.space.axes]
    if problem.items is not None:  # what is kept of a run tells every metric at every level
        tried, metrics = problem.items.base.digest, []
    parts: dict[str, Any] = {
        "scenario": model.digest,
        "search": tried,
        "objective or constraints": metrics,
        "seed": asked.seed,
        "rules": rule_digests(model),
        "version of backsim or numpy": versions_that_count(),
    }
    return {name: text_digest(json.dumps(p)) for name, p in parts.items()}


class Memo:
    """The results of a search by phase, point and replication; in a file, if there is one."""

    def __init__(self, folder: Path | None, problem: Problem, fresh: bool = False) -> None:
        """Raises InputError for a file that holds another search."""
        self.waiting: list[tuple[int, str, int, bytes]] = []
        self.written = time.monotonic()
        self.base: sqlite3.Connection | None = None
        self.known: dict[Key, Floats] = {}
        self.unlock: Callable[[], None] = lambda: None
        self.name = str(folder and folder / FILE)
        if folder is None:
            return
        check_folder(folder)
        path = folder / FILE
        self.unlock = locked(path, "search").release
        try:
            if fresh:
                path.unlink(missing_ok=True)
            self.base = sqlite3.connect(path)
            self.known = dict(self._opened(path, described(problem)))
        except BaseException as error:
            self._let_go()
            if not isinstance(error, sqlite3.DatabaseError):
                raise
            reason = reason_of(error)
            raise InputError(f"{path}: expected the results of a search ({reason})") from None

    def _opened(self, path: Path, wanted: dict[str, str]) -> Iterator[tuple[Key, Floats]]:
        assert self.base is not None
        with self.base:
            self.base.execute("CREATE TABLE IF NOT EXISTS search (name PRIMARY KEY, digest)")
            self.base.execute(
                "CREATE TABLE IF NOT EXISTS results "
                "(phase, point, replication, numbers, PRIMARY KEY (phase, point, replication))"
            )
            there = dict(self.base.execute("SELECT name, digest FROM search"))
            if not there:
                self.base.executemany("INSERT INTO search VALUES (?, ?)", wanted.items())
        changed = [name for name in wanted if there and there.get(name) != wanted[name]]
        if changed:
            raise InputError(
                f"{path}: holds another search: {', '.join(changed)} changed. "
                "Use another folder, or --fresh to begin again."
            )
        for phase, point, replication, numbers in self.base.execute("SELECT * FROM results"):
            yield (phase, point, replication), np.frombuffer(numbers, "<f8")

    def add(self, key: Key, row: Floats) -> None:
        """Keep a result; it is on the disk within a moment."""
        if self.base is None:
            return
        self.waiting.append((*key, row.astype("<f8").tobytes()))
        if time.monotonic() - self.written > SECONDS:
            self.write()

    def write(self) -> None:
        """Put what waits on the disk."""
        waiting, self.waiting, self.written = self.waiting, [], time.monotonic()
        if self.base is None or not waiting:
            return
        try:
            with self.base:
                self.base.executemany("INSERT INTO results VALUES (?, ?, ?, ?)", waiting)
        except sqlite3.Error as error:
            raise unwritten(self.name, error) from None

    def close(self) -> None:
        """Write what waits and let go of the file."""
        try:
            self.write()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self.base is not None:
            self.base.close()
        self.unlock()
