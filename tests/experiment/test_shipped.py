"""The experiments that come with backsim: each loads, and its header tells what it found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backsim.experiment import load_experiment
from backsim.experiment.play import play

FOLDER = Path(__file__).parents[2] / "experiments"
FILES = sorted(FOLDER.glob("*.yaml"))


def header(file: Path) -> str:
    """The comment at the top, as running text."""
    lines = file.read_text(encoding="utf-8").splitlines()
    comment = [
        line[1:].strip() for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != "#")]
    ]
    return " ".join(comment)


def test_there_are_some() -> None:
    assert len(FILES) >= 4


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_loads_and_is_complete(file: Path) -> None:
    made = load_experiment(file)
    assert made.title
    assert made.question.endswith("?")
    assert made.objective is not None
    assert "Answer" in header(file)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_header_tells_what_it_finds(file: Path) -> None:
    found = re.sub(r"\s+", " ", play(load_experiment(file)).finding)
    assert found in header(file)
