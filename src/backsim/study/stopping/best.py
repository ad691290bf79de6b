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

SHARE, OF_ROOM, RELATIVE = 0.005, 0.2, 0.01
"""What distance from a bound matters if nothing is said: of a share; as part of another bound."""


class UntilBest(Sequential):
    """Replications until the best policy is separated from the others."""

    words: ClassVar[str] = "best"
    place: ClassVar[Location] = ("replications",)
    """Where it stands in a file."""

    until: Literal["best"]
    """The word for it."""
    indifference: Positive
    """The smallest difference of the objective that matters."""
    constraint_tolerance: Tolerance | None = None
    """With constraints: the smallest distance from a bound that matters, as a number or by metric,
    such as {fill_rate: 0.002}.  If not given, 0.005 for shares, or a fifth of the distance to 0 or
    1 where that is less; else 1 % of the bound."""


@stopping_rule("best", UntilBest)
@dataclass(frozen=True, slots=True)
class Separated:
    """Stop when no other policy is better than the best by more than the indifference zone."""

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
        """Some more of those not yet told apart that have fewest."""
        from backsim.statistics.direct import next_size

        found = self._selected(asked, verdict, values)
        if found.done:
            return Verdict(found.used, True, self._note(asked, found), found)
        have = min(found.used[i] for i in found.survivors)
        if have >= self.most:
            left = ", ".join(asked.policies[i] for i in found.survivors)
            note = (
                f"stopped at {have} replications, the most allowed: not separated are {left} "
                f"({found.method})"
            )
            return Verdict(found.used, True, note, found)
        ahead = min(next_size(have, self.least), self.most)
        counts = [
            max(used, ahead) if i in found.survivors else used for i, used in enumerate(found.used)
        ]
        return Verdict(tuple(counts), False)

    def _selected(self, asked: Asked, verdict: Verdict, values: Values) -> Selection:
        """Each policy against the one that leads, on what there is."""
        from backsim.statistics import good_selection
        from backsim.statistics.direct import looks_until

        objective = asked.objective
        assert objective is not None
        excess = [
            c.sign * (_so_far(values(c.metric), verdict) - c.bound) for c in asked.constraints
        ]
        return good_selection(
            _so_far(values(objective.metric), verdict),
            self.indifference,
            objective.sense,
            asked.confidence,
            excess or None,
            self.tolerances,
            self.least,
            looks_until(self.most, self.least),
        )

    def _note(self, asked: Asked, found: Selection) -> str:
        """What a selection has found, with its guarantee."""
        sure = f"with probability {found.confidence:g} ({found.method})"
        limits = " and ".join(
            f"{constraint} by {tolerance:g} or more"
            for constraint, tolerance in zip(asked.constraints, self.tolerances, strict=True)
        )
        if found.best is None:
            return f"no policy satisfies {limits}, {sure}"
        name, kept = asked.policies[found.best], f" that satisfies {limits}" if limits else ""
        return f"no policy{kept} is better than '{name}' by more than {self.indifference:g}, {sure}"

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


def usual_tolerance(metric: MetricSpec, bound: float) -> float:
    """The smallest distance from a bound that matters if nothing is said.

    Near 0 or 1 less of a share matters: of 99 % half a point would be half of what can be had.
    """
    if not metric.is_share:
        return RELATIVE * abs(bound)
    room = min(bound, 1.0 - bound)
    return min(SHARE, OF_ROOM * room) if room > 0.0 else SHARE


def _tolerances(
    given: UntilBest, constraints: tuple[Constraint, ...], reader: Reader
) -> tuple[float, ...]:
    """The smallest distance from its bound that matters, of each constraint."""
    place = (*given.place, "constraint_tolerance")
    told = given.constraint_tolerance
    if told is not None and not constraints:
        reader.fault(place, "`constraints` with `constraint_tolerance`", "none")
    by_metric: dict[MetricSpec | None, float] = {}
    if isinstance(told, Mapping):
        known = [constraint.metric for constraint in constraints]
        overall = [MetricSpec(metric.metric) for metric in known]
        for text, number in told.items():
            spec = reader.parsed((*place, text), text, parse_metric)
            by_metric[spec] = float(number)
            if spec is not None and spec not in (*known, *overall):
                expected = f"a metric of the constraints ({', '.join(map(str, known))})"
                reader.fault((*place, text), expected, text)
    elif told is not None:
        by_metric = {constraint.metric: float(told) for constraint in constraints}
    found = []
    for constraint in constraints:
        usual = usual_tolerance(constraint.metric, constraint.bound)
        of_all = by_metric.get(MetricSpec(constraint.metric.metric), usual)
        tolerance = by_metric.get(constraint.metric, of_all)
        if not tolerance:
            expected = f"`constraint_tolerance` for {constraint}: of 0 there is no share"
            reader.fault(given.place, expected, "none")
        found.append(tolerance)
    return tuple(found)


def _so_far(table: Floats, verdict: Verdict) -> Floats:
    """The replications that were asked for; those beyond do not count."""
    table = table.copy()
    for row, count in zip(table, verdict.counts, strict=True):
        row[count:] = np.nan
    return table
