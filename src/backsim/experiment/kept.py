"""A study that is kept, wherever: in one SQLite file, or as parts in a folder or bucket."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, Self

from backsim.experiment.parts import STUDY, open_parts
from backsim.experiment.places import is_url
from backsim.experiment.store import read_study
from backsim.experiment.work import Result
from backsim.kinds import Kind, path_to

STUDY_FILE = "study.sqlite"


class Kept(Protocol):
    """A study to be read.  Use as a context manager; every method may raise StudyError."""

    name: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def description(self) -> dict[str, Any]:
        """What the study is of; {} where nothing has been written."""

    def results(self) -> Iterator[Result]:
        """All finished results."""

    def finished(self, most: float = math.inf) -> int:
        """How many there are, of the first `most` replications."""

    def files(self) -> dict[str, int]:
        """Name -> bytes of the files that hold them."""


def holds_parts(path: str | Path) -> bool:
    """Whether a study is there as parts, or may be as it is a URL."""
    return is_url(path) or (Path(path) / STUDY).is_file()


def read_kept(path: str | Path) -> Kept:
    """Open the study of a folder, a file or a URL to look at it.  Raises StudyError."""
    path_to(path, Kind.STUDY)
    if holds_parts(path):
        return open_parts(path)
    path = Path(path)
    return read_study(path / STUDY_FILE if path.is_dir() else path)
