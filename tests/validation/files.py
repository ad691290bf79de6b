"""Files of known answers for tests: written out, or copies of the package's with a fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backsim.scenario.yamlfile import read_yaml
from backsim.validation import Answer, Verdict, read, validate
from backsim.validation.collection import files

Values = dict[str, Any]


def shipped(instance: str) -> Path:
    """The package's file of an instance."""
    return next(path for paths in files().values() for path in paths if path.stem == instance)


def answers_of(instance: str, *names: str) -> list[Answer]:
    """The package's answers of an instance: all, or those of these names."""
    found = [a for a in read(shipped(instance)) if a.metric in (names or (a.metric,))]
    assert found
    return found


def write(folder: Path, values: Values, name: str = "own") -> Path:
    """A file of known answers; JSON is YAML."""
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def changed(folder: Path, instance: str, edit: Callable[[Values], object]) -> Path:
    """A copy of the package's file of an instance, edited."""
    values = read_yaml(shipped(instance)).values
    edit(values)
    return write(folder, values, instance)


def verdicts(path: Path) -> dict[str, str]:
    """The verdicts of a fast run, by name."""
    return {v.metric: v.verdict for v in validate([path], fast=True)}


def table(found: list[Verdict]) -> str:
    """Verdicts as lines of text."""
    return "\n".join(f"{v.id}: {v.exact} {v.estimate} ± {v.half_width} {v.verdict}" for v in found)
