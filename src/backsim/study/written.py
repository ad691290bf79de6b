"""What a policy's scenario says where the policy itself sets nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backsim.scenario.load import value_in
from backsim.study.experiment import Policy


def written_values(policies: Sequence[Policy]) -> dict[str, dict[str, Any]]:
    """Policy -> path -> what its scenario says there, of the paths that only others set.

    Policies without such a path are left out, and paths of which the scenario says nothing.
    """
    paths = list(dict.fromkeys(path for policy in policies for path in policy.settings))
    found = {p.name: _values(p, (x for x in paths if x not in p.settings)) for p in policies}
    return {name: values for name, values in found.items() if values}


def written_value(policy: Policy, path: str) -> Any:
    """What a policy's scenario says at a path; None where it says nothing."""
    return policy.written[path] if path in policy.written else value_in(policy.model, path)


def _values(policy: Policy, paths: Iterable[str]) -> dict[str, Any]:
    found = {path: written_value(policy, path) for path in paths}
    return {path: value for path, value in found.items() if value is not None}


__all__ = ["written_value", "written_values"]
