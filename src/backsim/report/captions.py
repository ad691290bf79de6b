"""The words beside the figures of the page, and how the numbers were found."""

from __future__ import annotations

import math
from statistics import median

from backsim.present.numbers import PAGE_PLUS_MINUS, interval, percent
from backsim.report.words import condition, label, unit_of
from backsim.study.analysis import Ranking, warm_up_verdict
from backsim.study.study import Study


class Captions:
    """The words beside figures."""

    def __init__(self, study: Study, ranking: Ranking) -> None:
        self.study, self.found = study, ranking
        self.level = percent(study.experiment.confidence)

    def marks(self) -> str:
        """What the marks of the ranking mean."""
        text = f"Mean and {self.level} interval; the dotted line is the reference."
        return f"{text} Blue may be the best." if self.found.objective else text

    def differences(self) -> str:
        """What the colours of the differences mean."""
        reference = self.study.policies[self.found.reference].name
        return (
            f"Each policy less the reference, \N{LEFT DOUBLE QUOTATION MARK}{reference}"
            "\N{RIGHT DOUBLE QUOTATION MARK}, replication by replication. Blue is better than the "
            "reference, orange worse; grey cannot be told apart from it."
        )

    def interval(self) -> str:
        """Which interval is drawn."""
        return f"Mean and {self.level} interval; the hollow mark is the reference."

    def regret(self) -> str:
        """What regret is."""
        return (
            "What each policy costs more than the best clearing would have, had all orders and "
            "receipts been known beforehand. No rule can know that: the bound is a yardstick, and "
            "the regret the most that better clearing could save."
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
            text += f" Subject to {kept}: the means of hollow marks break it."
        return text

    def waits(self) -> str:
        """How to read the curves of waits."""
        days = unit_of(self.study, "days")
        return (
            f"Share of the units ordered that shipped within so many {days}. At 0 {days} it is the "
            "fill rate; what was cancelled never ships."
        )

    def band(self) -> str:
        """What the band around a path holds."""
        return "Mean over replications; the band holds 80 % of them."

    def network(self, policy: int) -> str:
        """How to read the network of a policy."""
        stock = self.study.policies[policy].model.scenario.stock
        joined = any(point.asks_for_units for point in stock)
        help_out = " Dashed lines join sites that send each other units." if joined else ""
        return f"Units, means over time and replications.{help_out}"

    def effects(self) -> str:
        """What the effect of a level is."""
        return (
            f"Mean over the policies at a level less the mean over all, with {self.level} interval."
        )

    def method(self) -> list[str]:
        """Which intervals, which simultaneous method, common random numbers, the warm-up."""
        study, found = self.study, self.found
        several = len(study.policies) > 1
        parts = [
            f"Replications are independent; the interval of a mean is Student's t at {self.level}."
        ]
        if several:
            name = study.policies[found.reference].name
            parts.append(
                f"Differences are taken replication by replication against {name}, with paired t "
                f"intervals that hold together for a metric with {self.level} (Bonferroni over "
                f"{len(study.policies) - 1}). Different metrics are not corrected for each other."
            )
            saved = [d.reduction for d in found.against.values() if not math.isnan(d.reduction)]
            text = (
                "Replication r of every policy meets the same customers, orders and lead times "
                "(common random numbers)"
            )
            if saved:
                text += (
                    f": half of the differences in {label(found.spec)} have at least "
                    f"{median(saved):.0%} less variance for it "
                    f"({min(saved):.0%} to {max(saved):.0%})"
                )
            parts.append(f"{text}.")
        if found.with_best:
            parts.append(
                "Which policies may be the best is decided by Hsu's multiple comparisons with the "
                f"best at {self.level}: constrained intervals on paired differences, with "
                "Student's t as the critical value (Bonferroni over the comparisons with the best)."
            )
        if study.experiment.constraints:
            parts.append(self.constraints())
        parts.append(self.warm_up())
        return [part for part in parts if part]

    def constraints(self) -> str:
        """How it is told which policies keep the constraints, and what that does to the best."""
        return (
            "A policy surely keeps a constraint, or surely breaks it, when a one-sided t interval "
            f"of the mean lies on one side of the bound. The intervals of all policies and "
            "constraints share half of the chance of error (Bonferroni), the comparisons with the "
            f"best the other half, so that all of it holds together with {self.level}. A policy "
            "is excluded as the best by one that surely keeps the constraints; one that may keep "
            "them may be the best."
        )

    def warm_up(self) -> str:
        """What MSER-5 says of the warm-up that the scenario sets."""
        verdict = warm_up_verdict(self.study, self.found.order[0])
        if verdict is None:
            return ""
        policy = self.study.policies[verdict.policy]
        model, unit = policy.model, policy.model.scenario.time_unit
        text = (
            f"Warm-up: {model.warm_up:g} {unit} are left out. MSER-5, on the stock less the "
            f"backlog of {policy.name} averaged over replications,"
        )
        if not verdict.found.enough:
            return (
                f"{text} finds the run of {model.horizon:g} {unit} too short to see it settle: "
                "simulate longer before relying on these means."
            )
        if verdict.shift is None:
            return f"{text} asks for {verdict.day:g}: enough is left out."
        changes = interval(verdict.shift, PAGE_PLUS_MINUS)
        judged = (
            "which does not matter beside its interval: enough is left out"
            if verdict.enough
            else "so that more should be left out"
        )
        return (
            f"{text} would cut at {unit_of(self.study, 'day')} {verdict.day:g}. That would change "
            f"the mean of the stock less the backlog by {changes} units, {judged}."
        )
