"""The commands: each is declared in a file of its own in `backsim.cli.commands`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

Group = Literal["Simulate", "Plan", "Files", "Verify", "Publish", "Explain"]
"""The headings under which `--help` lists them, in that order."""
GROUPS: tuple[Group, ...] = get_args(Group)

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the first line of its function's docstring is its help.

    Under the name that it had `formerly` it still works for a version, with a warning.
    """

    name: str
    group: Group
    function: Callable[..., Any]
    formerly: str = ""


COMMANDS: dict[str, Command] = {}


def command(group: Group, name: str = "", formerly: str = "") -> Callable[[F], F]:
    """Make a function a command: its name is the function's unless said."""

    def register(function: F) -> F:
        called = name or function.__name__
        COMMANDS[called] = Command(called, group, function, formerly)
        return function

    return register
