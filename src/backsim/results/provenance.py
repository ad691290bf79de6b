"""Where a result comes from: all that is needed to run it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backsim.engines.choose import own_rules
from backsim.results.madewith import environment
from backsim.results.metrics import METRICS
from backsim.results.revision import revision
from backsim.rules.fingerprint import fingerprint
from backsim.rules.own import digests_of
from backsim.scenario.model import Model


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


def rule_digests(model: Model) -> dict[str, str]:
    """Each rule, class and metric of a user's own -> its fingerprint, or why it has none."""
    own = (m for m in METRICS.values() if not m.built_in)
    metrics = {f"metric {m.name}": fingerprint(m.function).told for m in own}
    return {**digests_of(own_rules(model)), **model.own_code, **metrics}


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
