"""One fault in a file of known answers: its message and its place, exactly, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.invalid.test_invalid import FOLDER, expected

from backsim.cli import run
from backsim.errors import InputError
from backsim.validation import read

FILES = sorted((FOLDER / "answers").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_exactly_the_faults_that_the_file_names(path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(path)
    lines = str(caught.value).split("\n")
    assert [line.removeprefix(f"{path}:").strip() for line in lines] == expected(path)


def test_the_command_says_where_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    path = FOLDER / "answers" / "unknown_metric.yaml"
    assert run(["selftest", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{path}:11:3: expect.fil_rate: expected a metric (fill_rate" in captured.err


def test_there_are_many_and_each_names_its_fault() -> None:
    assert len(FILES) >= 30
    assert all(expected(path) for path in FILES)
