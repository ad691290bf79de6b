"""The page's first section: answer, worth per year, what it rests on, what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from backsim.errors import counted, few, listed
from backsim.present.numbers import number, precise
from backsim.report.finding import quoted
from backsim.report.ties import reason, twins
from backsim.report.words import (
    apart_suffix,
    condition,
    is_worse,
    label,
    scale_of,
    suffix_of,
    unit_of,
)
from backsim.results.metrics.money import MONEY
from backsim.results.overload import Load, load_of
from backsim.results.spec import MetricSpec
from backsim.scenario.timeunit import one_of, per_year
from backsim.statistics import Difference, Feasible
from backsim.study.analysis import Ranking, against, ends_of, estimates, wanted
from backsim.study.effects import level_text, main_effects
from backsim.study.experiment import Policy
from backsim.study.study import Study
from backsim.study.warm_up import warm_up_verdict
from backsim.study.written import written_value

MOST_SETTINGS = 4
MOST_METRICS = 5
SERVES = ("service", "waiting")
"""Groups of metrics that tell how customers are served: of those not constrained, the first."""

Facts = tuple[tuple[str, str], ...]


def summary(study: Study, ranking: Ranking, legend: str = "", answer: str = "") -> Facts:
    """What a client asks first, and the answers; nothing without an objective to compare by.

    `answer` is what to do, where that is known from elsewhere.
    """
    if not ranking.objective or len(study.policies) < 2:
        return ()
    words = _Answers(study, ranking)
    found = {
        "Answer": answer or words.answer(),
        "Policies": legend,
        "Worth": words.worth(),
        "Change": words.change(),
        "Service": words.service(),
        "Rests on": words.basis(),
        "Stability": words.stability(),
        "What could change this": " ".join(words.doubts()),
    }
    return tuple((what, text) for what, text in found.items() if text)


class _Answers:
    """The answers to a client's questions."""

    def __init__(self, study: Study, ranking: Ranking) -> None:
        self.study, self.ranking = study, ranking
        self.names = [quoted(policy.name) for policy in study.policies]
        self.best, self.reference = ranking.best, ranking.reference
        self.scenario = study.policies[self.reference].model.scenario

    @property
    def gain(self) -> Difference | None:
        """The best policy less the reference, where they are two."""
        if self.best is None or self.best == self.reference:
            return None
        return self.ranking.against.get(self.best)

    def answer(self) -> str:
        """What to do, in a sentence."""
        if self.best is None:
            return f"No policy satisfies {self._limits()}: none can be recommended."
        name, other = self.names[self.best], self.names[self.reference]
        if self.best == self.reference:
            return f"Keep {other}: no other policy is known to be better."
        if self.ranking.state(self.reference) is Feasible.no:
            return f"Change from {other}, which violates a constraint, to {name}."
        if self.gain is not None and self.gain.same:
            spec = label(self.ranking.spec)
            return f"Keep {other}: {name} has the same {spec} in every replication."
        if self.gain is None or not self.gain.significant:
            return f"Keep {other} for now: the advantage of {name} may be chance."
        return f"Change from {other} to {name}."

    def worth(self) -> str:
        """The difference in the objective, per year where it is money per time."""
        found = self.gain
        if found is None or found.same:
            return ""
        spec = self.ranking.spec
        years = per_year(self.scenario.time_unit) if spec.unit == MONEY else None
        factor, unit = years or scale_of(spec), apart_suffix(self.study, spec)
        if years is not None:
            unit = f" {self.scenario.currency or 'money'} per year"
        size = number(abs(found.mean) * factor, found.half_width * factor)
        more = "more" if found.mean > 0 else "less"
        doubt = "" if found.significant else ", a difference that may be chance"
        return f"{size}{unit} {more} {label(spec)}{doubt}."

    def change(self) -> str:
        """What the best policy sets otherwise than the reference."""
        if self.gain is None or self.best is None:
            return ""
        new, old = (self.study.policies[i] for i in (self.best, self.reference))
        texts = [
            f"{path}: {self.level(new, path)} (was {self.level(old, path)})"
            for path in dict.fromkeys([*new.settings, *old.settings])
            if new.settings.get(path) != old.settings.get(path)
        ]
        return f"{few(texts, MOST_SETTINGS)}." if texts else ""

    def level(self, policy: Policy, path: str) -> str:
        """What a policy, or else its scenario, sets: `24 days`."""
        set_here = path in policy.settings
        value = policy.settings[path] if set_here else written_value(policy, path)
        if value is None and not set_here:
            return "as in the scenario"
        if isinstance(value, Mapping) and list(value) == ["days"]:
            value, path = value["days"], f"{path}.days"
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        days = f" {unit_of(self.study, 'days')}" if is_number and path.endswith(".days") else ""
        return f"{level_text(value)}{days}"

    def service(self) -> str:
        """What is constrained, what gets worse, then the rest: of the best, of the reference."""
        if self.gain is None or self.best is None:
            return ""
        constrained = list(dict.fromkeys(c.metric for c in self.study.experiment.constraints))
        others = [spec for spec in wanted(self.study) if spec not in constrained]
        if self.ranking.spec.unit == MONEY:  # other money says nothing of service
            others = [spec for spec in others if spec.unit != MONEY]
        others.sort(key=lambda spec: (not self.worse(spec), spec.declared.group not in SERVES))
        texts, bound = [], 0
        for spec in (*constrained, *others):
            old, new = (estimates(self.study, spec)[i] for i in (self.reference, self.best))
            if spec == self.ranking.spec or math.isnan(old.mean) or math.isnan(new.mean):
                continue
            times = scale_of(spec)
            now, was = (precise(times * e.mean, times * e.half_width) for e in (new, old))
            unit = suffix_of(self.study, spec)
            was = f"{was} %" if spec.is_share else was
            worse = ", worse" if self.worse(spec) else ""
            texts.append(f"{label(spec)} {now}{unit} (was {was}{worse})")
            bound += spec in constrained
        return f"{few(texts, max(MOST_METRICS, bound))}." if texts else ""

    def worse(self, spec: MetricSpec) -> bool:
        """Whether the best policy is known to be worse than the reference in another metric."""
        found = against(self.study, spec, self.reference).get(self.best or 0)
        return found is not None and found.significant and is_worse(spec, found.mean)

    def basis(self) -> str:
        """What the figures rest on."""
        model, unit = self.study.policies[self.reference].model, self.scenario.time_unit
        length = model.horizon - model.warm_up
        counts = sorted({one.count for one in self.ranking.estimates})
        pairs = counted(counts[-1], "simulation")
        if len(counts) > 1:
            pairs = f"{counts[0]} to {pairs}"
        return (
            f"{pairs} of {length:,.10g} {unit if length != 1 else one_of(unit)} per policy, all "
            "with the same "
            f"customers, orders and lead times; demand, lead times, patience and costs as in "
            f"{PurePath(model.name).name}."
        )

    def stability(self) -> str:
        """Whether runs are long enough, and systems not overloaded."""
        loads = [load_of(*end) for end in ends_of(self.study)]
        overloaded = [self.names[i] for i, load in enumerate(loads) if load is Load.overloaded]
        verdicts = [warm_up_verdict(self.study, i) for i in range(len(self.names))]
        known = [verdict for verdict in verdicts if verdict is not None]
        short = [self.names[v.policy] for v in known if v.short]
        early = [v for v in known if v.early]
        texts = []
        if overloaded:
            texts.append(f"Overloaded: {listed(overloaded)}; costs there depend on the run length.")
        if short:
            texts.append(
                "The run is too short for stock and backlog to become stable under "
                f"{listed(short)}: lengthen the horizon."
            )
        if early:
            names = listed([self.names[v.policy] for v in early])
            day = f"{unit_of(self.study, 'day')} {max(v.day for v in early):.10g}"
            texts.append(f"The warm-up is too short under {names}: it should end at {day}.")
        if known and not texts:
            texts.append("Stock and backlog are stable after the warm-up; no policy is overloaded.")
        return " ".join(texts)

    def doubts(self) -> Iterator[str]:
        """What would change the answer."""
        found = self.gain
        if found is not None and not found.significant and found.mean and found.count > 1:
            times = (found.half_width / abs(found.mean)) ** 2
            if math.isfinite(times):
                needed = math.ceil(found.count * times)
                yield (
                    f"More replications: about {needed:,} instead of {found.count} would show a "
                    "difference as large as this one."
                )
        if self.best is not None:
            yield from self._rivals(self.best)
        effects = main_effects(self.study, self.ranking.spec)
        factors = list(dict.fromkeys(one.factor for one in effects))
        if len(factors) > 1:
            at_levels = {
                name: [e.estimate for e in effects if e.factor == name] for name in factors
            }
            spans = {
                name: max(e.mean for e in each) - min(e.mean for e in each)
                for name, each in at_levels.items()
            }
            most = max(spans, key=lambda name: spans[name])
            spec = self.ranking.spec
            widest = max(e.half_width for e in at_levels[most])
            span = precise(scale_of(spec) * spans[most], scale_of(spec) * widest)
            size = f"{span}{apart_suffix(self.study, spec)}"
            yield f"The most important factor is {most}: its levels differ by up to {size}."
        yield (
            "Other demand, lead times, patience or costs: compare the policies under those as well."
        )

    def _rivals(self, best: int) -> Iterator[str]:
        """Who may be as good as the best, and whether it satisfies the constraints."""
        others = [i for i in self.ranking.candidates if i != best]
        same = [i for i in others if twins(self.study, self.ranking.spec, i, best)]
        if same:
            names = listed([self.names[i] for i in sorted(same)])
            why = reason(self.study, [best, *same])
            yield (
                f"{names} cannot be told apart from {self.names[best]}: every replication "
                f"gave the same. {why or 'What they differ in has no effect in this scenario.'}"
            )
        rivals = [self.names[i] for i in others if i not in same]
        if rivals:
            yield f"{listed(rivals)} may be just as good: more replications would settle it."
        if self.ranking.state(best) is Feasible.perhaps:
            yield f"It is not certain that {self.names[best]} satisfies {self._limits()}."

    def _limits(self) -> str:
        return listed([condition(one) for one in self.study.experiment.constraints])


__all__ = ["Facts", "summary"]
