"""A study whose policies are the points of a design that tells which factors matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backsim.results.spec import MetricSpec
from backsim.statistics.screening import (
    Elementary,
    Indices,
    elementary_effects,
    variance_indices,
)

if TYPE_CHECKING:
    from backsim.study.study import Study

MORRIS, SOBOL = "morris", "sobol_indices"


@dataclass(frozen=True)
class Screening:
    """A design of `statistics.screening`: its kind, its points, and the policy of each."""

    kind: Literal["morris", "sobol_indices"]
    factors: tuple[str, ...]
    points: tuple[tuple[float, ...], ...]
    """Of the unit cube, after whole numbers and levels have been rounded."""
    policies: tuple[int, ...]
    """The place of each point's policy; the same point is the same policy."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values, as a study keeps it."""
        points = [list(point) for point in self.points]
        names = {"kind": self.kind, "factors": list(self.factors)}
        return {**names, "points": points, "policies": list(self.policies)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any] | None) -> Screening | None:
        """What `to_dict` wrote; None where a study has no such design."""
        if not told:
            return None
        points = tuple(tuple(point) for point in told["points"])
        return cls(told["kind"], tuple(told["factors"]), points, tuple(told["policies"]))


def screened(study: Study, spec: MetricSpec) -> dict[str, Elementary] | dict[str, Indices]:
    """What each factor does to a metric's mean; empty where the study has no such design.

    Also where a policy has no value of the metric.
    """
    design = study.experiment.screening
    if design is None:
        return {}
    values = study.array(spec)
    if np.isnan(values).all(axis=1).any():
        return {}
    output = np.nanmean(values, axis=1)[list(design.policies)]
    level = study.experiment.confidence
    if design.kind == MORRIS:
        effects = elementary_effects(np.array(design.points), output, level)
        return dict(zip(design.factors, effects, strict=True))
    indices = variance_indices(len(design.factors), output, level)
    return dict(zip(design.factors, indices, strict=True))
