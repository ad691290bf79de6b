"""Until the mean of each metric is known to within a half-width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from backsim.errors import InputError
from backsim.results.spec import Constraint, MetricSpec, parse_metric
from backsim.scenario.yamlfile import Location
from backsim.study.stopping.form import Sequential, Share, Width
from backsim.study.stopping.rule import WIDTHS, Asked, Reader, Values, Verdict, stopping_rule


class UntilKnown(Sequential):
    """Replications until each half-width is small enough."""

    words: ClassVar[str] = "metrics with the half-widths wanted"

    until: Annotated[Mapping[str, Width], Field(min_length=1)]
    """The half-width wanted of each metric, such as {fill_rate: 2 %}."""


@stopping_rule(WIDTHS, UntilKnown)
@dataclass(frozen=True, slots=True)
class Precise:
    """Stop when each policy's half-width of each metric is small enough."""

    field: ClassVar[Location] = ("replications", "least")
    needs_objective: ClassVar[bool] = False

    widths: Mapping[MetricSpec, float]
    relative: Mapping[MetricSpec, bool]
    """Whether a width is a share of the mean."""
    least: int
    most: int

    def first(self) -> int:
        """The fewest that it asks for."""
        return self.least

    def judge(self, asked: Asked, verdict: Verdict, values: Values) -> Verdict:
        """The same number for all policies: enough for the one that needs most."""
        from backsim.statistics import precision

        count = verdict.counts[0]
        more, widest = 0, ""
        for spec, width in self.widths.items():
            table = values(spec)[:, :count]
            for policy, row in zip(asked.policies, table, strict=True):
                if np.isnan(row).all():
                    raise InputError(f"replications.until: {spec} means nothing for '{policy}'")
                share = self.relative[spec]
                found = precision(
                    row,
                    None if share else width,
                    width if share else None,
                    confidence=asked.confidence,
                    least=self.least,
                )
                if found.more > more:
                    more, widest = found.more, f"{spec} of '{policy}'"
        number = len(asked.policies)
        if more == 0:
            wanted_text = ", ".join(map(str, self.widths))
            return Verdict(
                (count,) * number, True, f"{wanted_text} known closely enough at {count}"
            )
        if count >= self.most:
            note = (
                f"stopped at {count} replications, the most allowed: {widest} is not close enough"
            )
            return Verdict((count,) * number, True, note)
        return Verdict((min(count + more, 2 * count, self.most),) * number, False)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        until = [
            [[spec.metric, spec.dimension, spec.member], width, self.relative[spec]]
            for spec, width in self.widths.items()
        ]
        return {"until": until, "least": self.least, "most": self.most}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From plain values."""
        specs = [(MetricSpec(*spec), width, share) for spec, width, share in values["until"]]
        widths, relative = {s: w for s, w, _ in specs}, {s: share for s, _, share in specs}
        return cls(widths, relative, values["least"], values["most"])

    @classmethod
    def read(
        cls, given: int | Sequential, constraints: tuple[Constraint, ...], reader: Reader
    ) -> Self:
        """`replications: {until: {cost.total: 2 %}}`."""
        assert isinstance(given, UntilKnown)
        place = ("replications", "until")
        found = {
            reader.parsed((*place, text), text, parse_metric): width
            for text, width in given.until.items()
        }
        widths = {spec: width for spec, width in found.items() if spec is not None}
        return cls(
            {s: w.share if isinstance(w, Share) else float(w) for s, w in widths.items()},
            {s: isinstance(w, Share) for s, w in widths.items()},
            given.least,
            given.most,
        )
