"""Prints all figures and versions, after the benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from tests.bench.figures import FIGURES

from backsim.results.madewith import environment


@pytest.fixture(scope="session", autouse=True)
def print_figures() -> Iterator[None]:
    """All figures and versions, after the benchmarks."""
    yield
    versions = ", ".join(f"{k} {v}" for k, v in environment()["versions"].items())
    lines = ["\n\nbacksim bench", versions, f"python {environment()['python']}", *FIGURES]
    sys.stdout.write("\n  ".join(lines) + "\n")
