"""The searches that come with backsim: each loads, and its header tells what it finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.experiment.test_shipped import header

from backsim.search import optimise
from backsim.search.problem import load_problem

FOLDER = Path(__file__).parents[2] / "experiments" / "search"
FILES = sorted(FOLDER.glob("*.yaml"))


def test_there_are_some() -> None:
    assert len(FILES) >= 3


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_loads_and_is_complete(file: Path) -> None:
    found = load_problem(file)
    assert found.asked.title
    assert found.asked.question.endswith("?")
    assert "Answer" in header(file)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_header_tells_what_it_finds(file: Path) -> None:
    found = re.sub(r"\s+", " ", optimise(file).promise)
    assert found in header(file)
