"""What one machine can tell of others: the package asks for nothing that only Unix has."""

from __future__ import annotations

import ast
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path, PureWindowsPath

import pytest
from tests.experiment import shop

import backsim
from backsim.data.cleaning import file_name
from backsim.scenario.yamlfile import parse_value, parse_yaml

SOURCE = Path(__file__).parents[1] / "src" / "backsim"
ONLY_UNIX = {"fcntl", "grp", "posix", "pwd", "resource", "syslog", "termios", "tty"}
"""Modules of the standard library that Windows lacks."""
CALLS = re.compile(r"\bos\.(fork|forkpty|kill|killpg|getuid|geteuid|nice|setsid|uname|wait\w*)\b")
"""Of `os`, what Windows lacks, or does in another way."""
FILES = sorted(SOURCE.rglob("*.py"))


def imported(text: str) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_nothing_that_only_unix_has_is_imported() -> None:
    likely = re.compile(rf"\b({'|'.join(ONLY_UNIX)})\b")
    found = {}
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        if likely.search(text) and (names := imported(text) & ONLY_UNIX):
            found[file.name] = names
    assert found == {}


@pytest.mark.parametrize("line", ["import fcntl", "def f():\n    from pwd import getpwuid"])
def test_such_an_import_is_found(line: str) -> None:
    assert imported(line) & ONLY_UNIX


def test_what_differs_between_systems_is_asked_where_forks_are() -> None:
    """Copies of the process are made only there, and only where `can_fork` says so."""
    found = {f.name for f in FILES if CALLS.search(f.read_text(encoding="utf-8"))}
    assert found <= {"forks.py"}


WINDOWS = [PureWindowsPath("C:/exports/lines.csv"), PureWindowsPath("//server/share/lines.csv")]


@pytest.mark.parametrize("path", WINDOWS, ids=str)
def test_a_path_of_windows_is_a_value_like_any_other(path: PureWindowsPath) -> None:
    """In `--set FIELD=VALUE`, and in a file without quotes; pages show the file's name alone."""
    assert parse_value(str(path)) == str(path)
    assert parse_yaml(f"file: {path}\nname: mug", "s.yaml").values["file"] == str(path)
    assert file_name(str(path)) == "lines.csv"
    assert file_name(path.as_posix()) == "lines.csv"


def digest(seed: int) -> str:
    return backsim.simulate(shop.shop(), seed=seed, engine="simpy").log.digest


def test_a_process_that_begins_with_nothing_plays_the_same() -> None:
    """As all processes do on Windows and macOS: they are started anew, not copied."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(digest, 3).result(60) == digest(3)
