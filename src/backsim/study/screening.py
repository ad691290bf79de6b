"""A design whose points are the policies of a study, to tell which factors matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
