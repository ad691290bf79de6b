"""The words beside the figures of the page, and how the numbers were found."""

from __future__ import annotations

import math
from statistics import median

from backsim.errors import counted
from backsim.present.numbers import interval, percent
from backsim.report.words import condition, label, unit_of
from backsim.study.analysis import Ranking
from backsim.study.study import Study
from backsim.study.warm_up import warm_up_verdict

BEYOND = "A number with a triangle lies outside the figure, in the direction in which it points."
"""What the mark of an outlier is that was cut off."""


class Captions:
    """The words beside figures."""

    def __init__(self, study: Study, ranking: Ranking) -> None:
        self.study, self.found = study, ranking
        self.level = percent(study.experiment.confidence)

    def marks(self) -> str:
        """What the marks of the ranking mean."""
        text = f"Mean and {self.level} confidence interval; the dotted line is the reference."
        return f"{text} Blue policies may be the best." if self.found.objective else text

    def differences(self) -> str:
        """What the colours of the differences mean."""
        reference = self.study.policies[self.found.reference].name
        return (
            f"Each policy minus the reference '{reference}', paired by replication. Blue: "
            "better than "
            "the reference. Orange: worse. Grey: no significant difference."
        )

    def interval(self) -> str:
        """Which interval is drawn."""
        return f"Mean and {self.level} confidence interval; the hollow mark is the reference."

    def regret(self) -> str:
        """What regret is."""
        return (
            "Regret: what each policy costs above the best possible clearing, had all orders and "
            "receipts been known in advance. No rule can know them, so the regret is the most that "
            "better clearing could save."
        )

    def ranking(self) -> str:
        """What the policies are ranked by, and subject to what."""
        if len(self.study.policies) == 1:
            return ""
        order = "By " if not self.found.objective else f"To {self.found.sense} "
        text = f"{order}{label(self.found.spec)}, best first."
        constraints = self.study.experiment.constraints
        if constraints:
            kept = ", ".join(map(condition, constraints))
            text += f" Subject to {kept}. Hollow marks: the mean violates a constraint."
        return text

    def waits(self) -> str:
        """How to read the curves of waits."""
        days = unit_of(self.study, "days")
        return (
            f"Share of the units ordered that shipped within a given number of {days}. At 0 {days} "
            "this is the fill rate; cancelled units never ship."
        )

    def band(self) -> str:
        """What the band around a path holds."""
        return "Mean over replications; the band covers 80 % of them."

    def network(self, policy: int) -> str:
        """How to read the network of a policy."""
        stock = self.study.policies[policy].model.scenario.stock
        joined = any(point.asks_for_units for point in stock)
        help_out = " Dashed lines join sites that send units to each other." if joined else ""
        return f"Units: means over time and replications.{help_out}"

    def screening(self) -> str:
        """How to read which factors matter."""
        return f"Over the ranges of all factors, with {self.level} intervals over base points."

    def effects(self) -> str:
        """What the effect of a level is."""
        return (
            "Mean over the policies with that level minus the mean over all policies, with "
            f"{self.level} confidence intervals."
        )

    def method(self) -> list[str]:
        """Which intervals, which simultaneous method, common random numbers, the warm-up."""
        study, found = self.study, self.found
        several = len(study.policies) > 1
        parts = [f"Replications are independent. Intervals of means: Student's t, {self.level}."]
        if several:
            name = study.policies[found.reference].name
            parts.append(
                f"Differences from '{name}' are paired by replication. Their t intervals are "
                f"simultaneous within a metric ({self.level}, Bonferroni over "
                f"{counted(len(study.policies) - 1, 'comparison')}), not across metrics."
            )
            saved = [d.reduction for d in found.against.values() if not math.isnan(d.reduction)]
            text = (
                "Every policy meets the same customers, orders and lead times in a replication "
                "(common random numbers)"
            )
            if saved:
                text += (
                    f", which reduced the variance of the differences in {label(found.spec)} by "
                    f"{percent(round(median(saved), 2))} in the median "
                    f"({percent(round(min(saved), 2))} to {percent(round(max(saved), 2))})"
                )
            parts.append(f"{text}.")
        if found.with_best:
            parts.append(
                "Which policies may be the best: Hsu's multiple comparisons with the best at "
                f"{self.level}, as constrained intervals of paired differences with Student's t as "
                "the critical value (Bonferroni over the comparisons with the best)."
            )
        if study.experiment.constraints:
            parts.append(self.constraints())
        parts.append(self.warm_up())
        return [part for part in parts if part]

    def constraints(self) -> str:
        """How constraints are judged, and what that means for the best."""
        return (
            "A constraint is satisfied, or violated, when a one-sided t interval of the mean lies "
            "on one side of the bound; otherwise it may be satisfied. The intervals of all "
            "policies "
            "and constraints share half of the error probability (Bonferroni), the "
            "comparisons with "
            f"the best the other half, so all statements are simultaneous at {self.level}. Only a "
            "policy that satisfies the constraints can exclude another as the best; a policy that "
            "may satisfy them may be the best."
        )

    def warm_up(self) -> str:
        """What MSER-5 says of the warm-up that the scenario sets."""
        verdict = warm_up_verdict(self.study, self.found.order[0])
        if verdict is None:
            return ""
        policy = self.study.policies[verdict.policy]
        model, unit = policy.model, policy.model.scenario.time_unit
        text = (
            f"Warm-up: the first {model.warm_up:.10g} {unit} are not counted. MSER-5, applied to "
            f"stock minus backlog of '{policy.name}' (mean over replications),"
        )
        if verdict.short:
            return (
                f"{text} finds a run of {model.horizon:.10g} {unit} too short to become stable: "
                "simulate longer before you rely on these means."
            )
        if not verdict.found.enough:
            return (
                f"{text} would end it in the second half of the run, as it does by chance where "
                "stock and backlog change slowly: the second half of what is counted differs from "
                f"the first by {interval(verdict.drift)} units, which may be chance."
            )
        if verdict.shift is None:
            return f"{text} needs {verdict.day:.10g} {unit}: the warm-up is long enough."
        changes = interval(verdict.shift)
        judged = (
            "which is small compared with its interval: the warm-up is long enough"
            if verdict.enough
            else "so the warm-up should be longer"
        )
        return (
            f"{text} would end it at {unit_of(self.study, 'day')} {verdict.day:.10g}. That would "
            f"change the mean of stock minus backlog by {changes} units, {judged}."
        )
