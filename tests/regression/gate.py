"""A small experiment with a baseline, to be checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.experiment import shop

POLICIES: dict[str, Any] = {
    "plain": {"policy.priority": "fcfs"},
    "classes": {"policy.priority": "class_priority"},
}


def write(folder: Path, **fields: Any) -> Path:
    """The experiment file; fields in place of its own."""
    values = {"policies": POLICIES, "replications": 5, "set": {"horizon": 60}, **fields}
    return shop.write(folder, **values)


def replace(file: Path, *pairs: tuple[str, str]) -> None:
    """Replace pieces of a file, each of which must be there."""
    text = file.read_text()
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text)
