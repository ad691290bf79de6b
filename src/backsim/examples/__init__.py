"""The scenarios and experiments that backsim brings, and files to start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]
"""A wheel holds scenarios and experiments in this folder; a checkout holds them at its top."""


def example(path: str) -> Path:
    """The path of an example such as `experiments/clearing_order.yaml`.

    Raises FileNotFoundError where there is none.
    """
    for folder in (HERE, CHECKOUT):
        if (folder / path).is_file():
            return folder / path
    raise FileNotFoundError(path)


def shipped() -> Iterator[str]:
    """The paths of all examples that scenarios, experiments and documentation name."""
    home = HERE if (HERE / "scenarios").is_dir() else CHECKOUT
    for folder in ("scenarios", "experiments", "docs/examples"):
        for path in sorted((home / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(home).as_posix()
