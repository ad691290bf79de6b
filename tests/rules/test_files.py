"""Rules in a user's file: run again when edited, and whatever goes wrong in it is told."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from backsim.cli import run
from backsim.errors import RuleError
from backsim.rules import FAMILIES
from backsim.rules.files import files_with, keep_only, load_rules

UP_TO = "from backsim import reorder\n\n\n@reorder\ndef {name}(position):\n    return {level}\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import sys\nsys.exit(0)\n", ":2: SystemExit: 0"),
        ("raise SystemExit\n", ":1: SystemExit"),
        ("raise BaseException('no')\n", ":1: BaseException: no"),
        ("x = 1\nraise MemoryError\n", ":2: MemoryError"),
        ("def f():\n    f()\n\nf()\n", ":2: RecursionError: maximum recursion depth exceeded"),
        ("raise GeneratorExit\n", ":1: GeneratorExit"),
        ("x = 1\nx = = 2\n", ":2: SyntaxError: invalid syntax"),
        ("import not_there_at_all\n", ":1: ModuleNotFoundError: No module"),
        (
            "from backsim import reorder\n@reorder\ndef r(much):\n    return 1\n",
            ":2: reorder rule 'r': argument 'much' is neither offered",
        ),
    ],
)
def test_a_file_that_fails(
    source: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(source)
    with pytest.raises(RuleError) as caught:
        load_rules([file])
    assert str(caught.value).startswith(f"{file}{said}")
    assert run(["rules", "--rules", str(file)]) == 2
    assert f"backsim: {file}{said}" in capsys.readouterr().err


def test_an_interrupt_stays_an_interrupt(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_rules([file])
    assert run(["rules", "--rules", str(file)]) == 130


def test_a_file_that_was_edited_is_run_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(UP_TO.format(name="mine", level=1) + UP_TO.format(name="gone", level=1))
    load_rules([file])
    first = FAMILIES["reorder"].rules["mine"]
    load_rules([file])
    assert FAMILIES["reorder"].rules["mine"] is first
    file.write_text(UP_TO.format(name="mine", level=2))
    load_rules([file])
    assert FAMILIES["reorder"].rules["mine"].function(0) == 2
    assert "gone" not in FAMILIES["reorder"].rules


def test_a_file_may_import_what_is_beside_it(tmp_path: Path) -> None:
    """As a script may, wherever backsim was started."""
    (tmp_path / "levels_beside_it.py").write_text("LEVEL = 7\n")
    file = tmp_path / "mine.py"
    file.write_text(
        "from levels_beside_it import LEVEL\n" + UP_TO.format(name="mine", level="LEVEL")
    )
    path = list(sys.path)
    load_rules([file])
    assert FAMILIES["reorder"].rules["mine"].function(0) == 7
    assert sys.path == path


def test_an_edit_of_the_same_size_in_the_same_second_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file = tmp_path / "numbers.py"
    for number in (2, 4):
        file.write_text(f"held = {number}\n")
        os.utime(file, (1e9, 1e9))
        load_rules([file])
        loaded = sys.modules["backsim_rules_numbers"]
        assert loaded.held == number


def test_what_is_beside_a_file_is_imported_again_when_it_is_another(tmp_path: Path) -> None:
    """Also where folders have files and modules of the same names."""

    def written(folder: str, level: int) -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "level_of_all.py").write_text(f"LEVEL = {level}\n")
        (tmp_path / folder / "level_beside.py").write_text("from level_of_all import LEVEL\n")
        file = tmp_path / folder / "mine.py"
        rule = UP_TO.format(name="mine", level="LEVEL")
        file.write_text(f"from level_beside import LEVEL\n{rule}")
        return file

    for folder, level in (("a", 1), ("b", 2), ("a", 1), ("a", 3), ("a", 4)):
        file = written(folder, level)
        keep_only([file])
        load_rules([file])
        assert FAMILIES["reorder"].rules["mine"].function(0) == level
    beside = {str(tmp_path / "a" / f"{name}.py") for name in ("level_beside", "level_of_all")}
    assert set(files_with(str(file))) == {str(file), *beside}
