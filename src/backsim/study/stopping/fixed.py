"""A number of replications that is fixed beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from backsim.results.spec import Constraint
from backsim.scenario.yamlfile import Location
from backsim.study.stopping.form import Sequential
from backsim.study.stopping.rule import NUMBER, Asked, Reader, Values, Verdict, stopping_rule


@stopping_rule(NUMBER)
@dataclass(frozen=True, slots=True)
class Fixed:
    """A number of replications."""

    field: ClassVar[Location] = ("replications",)
    needs_objective: ClassVar[bool] = False

    count: int

    def first(self) -> int:
        """All of them."""
        return self.count

    def judge(self, asked: Asked, verdict: Verdict, values: Values) -> Verdict:
        """These are enough."""
        return Verdict(verdict.counts, True)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"count": self.count}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From plain values."""
        return cls(values["count"])

    @classmethod
    def read(
        cls, given: int | Sequential, constraints: tuple[Constraint, ...], reader: Reader
    ) -> Self:
        """`replications: 30`."""
        assert isinstance(given, int)
        return cls(given)
