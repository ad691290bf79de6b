"""`--help`: short lines that are not cut, groups, usage without brackets doubled, completion."""

from __future__ import annotations

import re
import subprocess
import sys
from pkgutil import iter_modules

import pytest

from backsim.cli import commands
from backsim.cli import run as cli
from backsim.cli.app import app
from backsim.cli.registry import COMMANDS, GROUPS

app()  # loads all commands


def test_every_command_stands_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["--help"]) == 0
    text = capsys.readouterr().out
    assert "..." not in text.replace("[ARGS]...", "")
    places = [text.index(f"\n{group}:\n") for group in GROUPS]
    assert places == sorted(places)
    for command in COMMANDS.values():
        first = (command.function.__doc__ or "").partition("\n")[0]
        assert len(first) <= 55, command.name
        assert re.search(rf"^  {command.name} +{re.escape(first)}$", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", ["run", "check", "allocate", "selftest", "rules", "diff"])
def test_usage_has_no_brackets_doubled(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli([name, "--help"]) == 0
    usage = capsys.readouterr().out.splitlines()[0]
    assert "[[" not in usage
    assert "{" not in usage
    assert "......" not in usage


def test_options_that_several_commands_have_are_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said: dict[str, set[str]] = {}
    for name in COMMANDS:
        assert cli([name, "--help"]) == 0
        text = " ".join(capsys.readouterr().out.split())
        for option in ("--seed", "--workers", "--format", "--set", "--rules"):
            found = re.search(rf" ({option} (?:(?! --| -n,| -h,|\[).)*)", text)
            if found:
                said.setdefault(option, set()).add(found.group(1).strip())
    assert {option for option, texts in said.items() if len(texts) > 1} == set(), said
    assert len(said) == 5


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("backsim re", {"reference", "regret", "reproduce", "resolve"}),
        ("backsim rules s_", {"s_S"}),
        ("backsim explain fill", {"fill_penalty", "fill_rate"}),
    ],
)
def test_a_shell_completes_commands_and_names(words: str, completed: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backsim"],
        env={"_BACKSIM_COMPLETE": "complete_bash", "COMP_WORDS": words,
             "COMP_CWORD": str(words.count(" ")), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert set(done.stdout.split()) == completed


def test_a_file_declares_one_command() -> None:
    """A command is added by adding a file, and nothing else is touched."""
    files = {module.name for module in iter_modules(commands.__path__)}
    declared = [command.function.__module__.rpartition(".")[2] for command in COMMANDS.values()]
    assert sorted(declared) == sorted(files)


@pytest.mark.parametrize("name", [*COMMANDS, "validate-theory"])
def test_a_command_that_is_asked_for_stands_alone(name: str) -> None:
    """Its former name is known among all commands."""
    known = app(name).commands
    assert name in known
    assert len(known) <= 2 or name not in COMMANDS


@pytest.mark.parametrize("name", ["validate_outlook", "validate-outlok", "__init__", "cli"])
def test_a_command_that_there_is_not(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli([name]) == 2
    assert f"No such command '{name}'" in capsys.readouterr().err
