"""What one machine can tell of others: the package asks for nothing that only Unix has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

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
