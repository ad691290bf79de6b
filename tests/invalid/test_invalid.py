"""One fault a file: its message and its place, exactly, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backsim.errors import InputError
from backsim.scenario import load

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))


def expected(path: Path) -> list[str]:
    """The lines `# error: line:column: path: expected ..., got ...` at the top of a file."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.findall(r"^# error: (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_faults_that_the_file_names(path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(path)
    lines = str(caught.value).split("\n")
    assert all(line.startswith(f"{path}:") for line in lines)
    assert [line.removeprefix(f"{path}:").strip() for line in lines] == expected(path)


def test_there_are_many_and_each_names_its_fault() -> None:
    assert len(FILES) >= 70
    assert all(expected(path) for path in FILES)


def test_a_file_that_does_not_exist() -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: expected a readable file"):
        load(FOLDER / "nowhere.yaml")
