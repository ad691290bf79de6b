"""Until the best policy is separated from the others, also under constraints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from backsim.quantities import Positive
from backsim.results.spec import Constraint, MetricSpec, parse_metric
from backsim.scenario.yamlfile import Location
from backsim.study.stopping.form import Sequential, Tolerance
from backsim.study.stopping.rule import Asked, Reader, Values, Verdict, stopping_rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.statistics import Selection

    Floats = NDArray[np.float64]

SHARE, RELATIVE = 0.005, 0.01
"""What distance from a bound matters if nothing is said: of a share; as part of another bound."""


class UntilBest(Sequential):
    """Replications until the best policy is separated from the others."""

    words: ClassVar[str] = "best"

    until: Literal["best"]
    """The word for it."""
    indifference: Positive
    """The smallest difference of the objective that matters."""
    constraint_tolerance: Tolerance | None = None
    """With constraints: the smallest distance from a bound that matters, as a number or by metric,
    such as {fill_rate: 0.002}.  If not given, 0.005 for shares, else 1 % of the bound."""


@stopping_rule("best", UntilBest)
@dataclass(frozen=True, slots=True)
class Separated:
    """Stop when the best policy is separated from the others (KN++), also under constraints."""

    field: ClassVar[Location] = ("replications", "least")
    needs_objective: ClassVar[bool] = True

    indifference: float
    least: int
    most: int
    tolerances: tuple[float, ...] = ()
    """The smallest distance from its bound that matters, of each constraint of the experiment."""

    def first(self) -> int:
        """The fewest that it asks for."""
        return self.least

    def judge(self, asked: Asked, verdict: Verdict, values: Values) -> Verdict:
        """Some more of each survivor; what counts in the end is what the selection used."""
        found = self._selected(asked, verdict, values)
        if found.done:
            return Verdict(found.used, True, self._note(asked, found), found)
        have = max(found.used)
        if have >= self.most:
            left = ", ".join(asked.policies[i] for i in found.survivors)
            note = (
                f"stopped at {have} replications, the most allowed: not separated are {left} "
                f"({found.method})"
            )
            return Verdict(found.used, True, note, found)
        ahead = min(have + max(5, have // 4), self.most)
        counts = [ahead if i in found.survivors else used for i, used in enumerate(found.used)]
        return Verdict(tuple(counts), False)

    def _selected(self, asked: Asked, verdict: Verdict, values: Values) -> Selection:
        """KN++, or with constraints the procedure of Andradottir and Kim, on what there is."""
        from backsim.statistics import constrained_kn, kn

        objective = asked.objective
        assert objective is not None
        level, least = asked.confidence, self.least
        table = _so_far(values(objective.metric), verdict)
        if not asked.constraints:
            return kn(table, self.indifference, objective.sense, level, least)
        excess = [
            (1.0 if c.relation == ">=" else -1.0) * (_so_far(values(c.metric), verdict) - c.bound)
            for c in asked.constraints
        ]
        return constrained_kn(
            table, excess, self.indifference, self.tolerances, objective.sense, level, least
        )

    def _note(self, asked: Asked, found: Selection) -> str:
        """What a selection has found, with its guarantee."""
        level, by = f"{found.confidence:g}", f"{self.indifference:g} or more"
        if not asked.constraints:
            assert found.best is not None
            name = asked.policies[found.best]
            return (
                f"'{name}' is the best with probability {level} if the others are worse by {by} "
                f"({found.method})"
            )
        limits = " and ".join(
            f"{constraint} to within {tolerance:g}"
            for constraint, tolerance in zip(asked.constraints, self.tolerances, strict=True)
        )
        if found.best is None:
            return (
                f"no policy keeps {limits}: right with probability {level} if all break a bound by "
                f"more than that ({found.method})"
            )
        name = asked.policies[found.best]
        return (
            f"'{name}' is the best of the policies that keep {limits}: right with probability "
            f"{level} if each other is worse by {by}, or breaks a bound by more than that "
            f"({found.method})"
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        found = {"until": "best", "indifference": self.indifference}
        return {
            **found,
            "least": self.least,
            "most": self.most,
            "tolerances": list(self.tolerances),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From plain values."""
        tolerances = tuple(values.get("tolerances", ()))
        return cls(values["indifference"], values["least"], values["most"], tolerances)

    @classmethod
    def read(
        cls, given: int | Sequential, constraints: tuple[Constraint, ...], reader: Reader
    ) -> Self:
        """`replications: {until: best, indifference: 5}`."""
        assert isinstance(given, UntilBest)
        tolerances = _tolerances(given, constraints, reader)
        return cls(float(given.indifference), given.least, given.most, tolerances)


def _tolerances(
    given: UntilBest, constraints: tuple[Constraint, ...], reader: Reader
) -> tuple[float, ...]:
    """The smallest distance from its bound that matters, of each constraint."""
    place = ("replications", "constraint_tolerance")
    told = given.constraint_tolerance
    if told is not None and not constraints:
        reader.fault(place, "`constraints` with `constraint_tolerance`", "none")
    by_metric: dict[MetricSpec | None, float] = {}
    if isinstance(told, Mapping):
        known = [constraint.metric for constraint in constraints]
        for text, number in told.items():
            spec = reader.parsed((*place, text), text, parse_metric)
            by_metric[spec] = float(number)
            if spec is not None and spec not in known:
                expected = f"a metric of the constraints ({', '.join(map(str, known))})"
                reader.fault((*place, text), expected, text)
    elif told is not None:
        by_metric = {constraint.metric: float(told) for constraint in constraints}
    found = []
    for constraint in constraints:
        usual = SHARE if constraint.metric.unit == "share" else RELATIVE * abs(constraint.bound)
        tolerance = by_metric.get(constraint.metric, usual)
        if not tolerance:
            expected = f"`constraint_tolerance` for {constraint}: of 0 there is no share"
            reader.fault(("replications",), expected, "none")
        found.append(tolerance)
    return tuple(found)


def _so_far(table: Floats, verdict: Verdict) -> Floats:
    """The replications that were asked for; those beyond do not count."""
    table = table.copy()
    for row, count in zip(table, verdict.counts, strict=True):
        row[count:] = np.nan
    return table
