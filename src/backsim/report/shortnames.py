"""Short names for policies made of factors: their full names do not fit figures and tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backsim.report.finding import quoted
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 24
"""Characters of a name that fits."""


@dataclass(frozen=True)
class Named:
    """A study whose policies have short names, and the full name of each."""

    study: Study
    full: dict[str, str]
    """Short name -> full name; none where the names are short as they are."""

    def bounds(self, bounds: pd.DataFrame | None) -> pd.DataFrame | None:
        """Bounds in hindsight under the short names."""
        if bounds is None or not self.full:
            return bounds
        short = {full: name for name, full in self.full.items()}
        return bounds.assign(policy=bounds["policy"].map(short))

    def legend(self, *policies: int) -> str:
        """What short names stand for: `'P2' is s=20 / S=60.`"""
        names = [self.study.policies[i].name for i in dict.fromkeys(policies)]
        return " ".join(f"{quoted(name)} is {self.full[name]}." for name in names if self.full)


def named(study: Study) -> Named:
    """The study with names P1, P2, ... where it has factors and names that do not fit."""
    names = [policy.name for policy in study.policies]
    if not study.experiment.factors or max(map(len, names)) <= LONGEST:
        return Named(study, {})
    short = {name: f"P{place}" for place, name in enumerate(names, 1)}
    policies = tuple(replace(policy, name=short[policy.name]) for policy in study.policies)
    reference = short.get(study.experiment.reference, study.experiment.reference)
    experiment = replace(study.experiment, policies=policies, reference=reference)
    renamed = replace(study, experiment=experiment)
    return Named(renamed, {name: full for full, name in short.items()})
