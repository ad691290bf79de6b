"""Where a result comes from: all that is needed to run it again."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from backsim.scenario.model import Model

PACKAGES = ("backsim", "numpy", "scipy", "simpy", "numba", "pandas")


def provenance(
    model: Model, seed: int, replication: int, engine: str, reason: str
) -> dict[str, Any]:
    """Scenario (explicit form and hash), seed, engine and why, versions, platform."""
    return {
        "scenario": model.to_dict(),
        "scenario_name": model.name,
        "scenario_sha256": model.digest,
        "traces": [
            {"file": t.report.file, "sha256": t.report.sha256} for t in model.traces.values()
        ],
        "seed": seed,
        "replication": replication,
        "engine": engine,
        "engine_reason": reason,
        **environment(),
    }


@cache
def environment() -> dict[str, Any]:
    """Versions of backsim and what it stands on, and the platform."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "versions": versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
