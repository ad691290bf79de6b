"""How a policy is named in a table."""

from __future__ import annotations

from backsim.study.analysis import Ranking
from backsim.study.study import Study


def policy_name(study: Study, ranking: Ranking, policy: int) -> str:
    """A policy's name, and whether the others are compared with it."""
    mark = " (reference)" if policy == ranking.reference and len(study.policies) > 1 else ""
    return f"{study.policies[policy].name}{mark}"
