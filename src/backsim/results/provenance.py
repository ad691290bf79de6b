"""Where a result comes from: all that is needed to run it again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from backsim.engines.choose import own_rules
from backsim.results.revision import revision
from backsim.rules.fingerprint import fingerprint
from backsim.rules.own import digests_of
from backsim.scenario.model import Model

PACKAGES = (
    *("backsim", "numpy", "scipy", "simpy", "numba", "llvmlite", "pandas", "pydantic"),
    *("ruamel.yaml", "joblib", "highspy", "pulp"),
)
CODE = ("entities.py", "kernel", "rules", "scenario", "streams", "engines", "results")
"""What of backsim's source may change a number."""


def provenance(
    model: Model,
    seed: int,
    replication: int,
    engine: str,
    reason: str,
    extend: Sequence[Callable[..., Any]] = (),
) -> dict[str, Any]:
    """Scenario (explicit form and hash), seed, engine and why, versions, platform, revision.

    `extend` are the processes beside the model.
    """
    return {
        "scenario": model.to_dict(),
        "scenario_name": model.name,
        "folder": str(model.folder.resolve()),
        "revision": revision(model.folder),
        "scenario_sha256": model.digest,
        "traces": [
            {"file": t.report.file, "sha256": t.report.sha256} for t in model.traces.values()
        ],
        "rules": rule_digests(model),
        "extend": process_digests(extend),
        "seed": seed,
        "replication": replication,
        "engine": engine,
        "engine_reason": reason,
        **environment(),
    }


@cache
def environment() -> dict[str, Any]:
    """Versions of backsim and what it stands on, a hash of its source, and the platform."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "versions": versions,
        "source": code_digest(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "arithmetic": arithmetic(),
    }


def arithmetic() -> str:
    """What of the platform may change the last bit of a number.

    The C library and numpy have a version of `log` and others for each kind of processor.
    """
    import numpy as np

    found: Any = np.show_config(mode="dicts")
    widest = found.get("SIMD Extensions", {}).get("found", [])
    library = "-".join(platform.libc_ver())
    return " ".join([platform.system(), platform.machine(), library, *widest]).strip()


def rule_digests(model: Model) -> dict[str, str]:
    """Name of each rule of a user's own -> its fingerprint, or why it has none."""
    return digests_of(own_rules(model))


def process_digests(extend: Sequence[Callable[..., Any]]) -> list[dict[str, str]]:
    """Name and fingerprint (or why it has none) of each process beside the model, in order."""
    return [
        {"process": _spelled(function), "fingerprint": told}
        for function in extend
        for told in [fingerprint(function).told]
    ]


def _spelled(function: Callable[..., Any]) -> str:
    """A function with its module; an object that is called by its class."""
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


@cache
def code_digest() -> str:
    """A hash of the part of backsim's source that may change a number."""
    package = Path(__file__).parents[1]
    files = [
        file
        for part in CODE
        for file in ([package / part] if part.endswith(".py") else (package / part).rglob("*.py"))
    ]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(package)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
