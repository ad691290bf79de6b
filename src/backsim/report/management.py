"""The page's first section: answer, worth per year, what it rests on, what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import PurePath

from backsim.errors import counted, few, listed
from backsim.present.numbers import number, plain_number
from backsim.report.finding import quoted, twins
from backsim.report.words import (
    apart_suffix,
    condition,
    label,
    said,
    scale_of,
    suffix_of,
    unit_of,
)
from backsim.results.metrics.money import MONEY
from backsim.results.overload import Load, load_of
from backsim.scenario.timeunit import one_of, per_year
from backsim.statistics import Difference, Feasible
from backsim.study.analysis import Ranking, ends_of, estimates, wanted
from backsim.study.effects import level_text, main_effects
from backsim.study.study import Study
from backsim.study.warm_up import warm_up_verdict

MOST_SETTINGS = 4
MOST_METRICS = 5

Facts = tuple[tuple[str, str], ...]


def summary(study: Study, ranking: Ranking, legend: str = "") -> Facts:
    """What a client asks first, and the answers; nothing without an objective to compare by."""
    if not ranking.objective or len(study.policies) < 2:
        return ()
    words = _Answers(study, ranking)
    found = {
        "Answer": words.answer(),
        "Policies": legend,
        "Worth": words.worth(),
        "Change": words.change(),
        "Service": words.service(),
        "Rests on": words.basis(),
        "Stability": words.stability(),
        "Would change it": " ".join(words.doubts()),
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
        if self.gain is None or not self.gain.significant:
            return f"Keep {other} for now: the advantage of {name} may be chance."
        return f"Change from {other} to {name}."

    def worth(self) -> str:
        """The difference in the objective, per year where it is money per time."""
        found = self.gain
        if found is None:
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
        new, old = (self.study.policies[i].settings for i in (self.best, self.reference))
        texts = [
            f"{path}: {level_text(new[path]) if path in new else 'as in the scenario'} (reference: "
            f"{level_text(old[path]) if path in old else 'as in the scenario'})"
            for path in dict.fromkeys([*new, *old])
            if new.get(path) != old.get(path)
        ]
        return f"{few(texts, MOST_SETTINGS)}." if texts else ""

    def service(self) -> str:
        """The other metrics asked for, of the reference and of the best policy."""
        if self.gain is None or self.best is None:
            return ""
        texts = []
        for spec in wanted(self.study):
            if spec == self.ranking.spec:
                continue
            old, new = (estimates(self.study, spec)[i].mean for i in (self.reference, self.best))
            if not math.isnan(old) and not math.isnan(new):
                unit = "" if spec.is_share else suffix_of(self.study, spec)
                texts.append(f"{label(spec)} {said(spec, new)}{unit} (was {said(spec, old)})")
        return f"{few(texts, MOST_METRICS)}." if texts else ""

    def basis(self) -> str:
        """What the figures rest on."""
        model, unit = self.study.policies[self.reference].model, self.scenario.time_unit
        length = model.horizon - model.warm_up
        counts = sorted({one.count for one in self.ranking.estimates})
        pairs = counted(counts[-1], "simulation")
        if len(counts) > 1:
            pairs = f"{counts[0]} to {pairs}"
        return (
            f"{pairs} of {length:,g} {unit if length != 1 else one_of(unit)} per policy, all "
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
                "The run is too short for stock and backlog to become stable, with "
                f"{listed(short)}: a longer horizon would tell."
            )
        if early:
            names = listed([self.names[v.policy] for v in early])
            day = f"{unit_of(self.study, 'day')} {max(v.day for v in early):g}"
            texts.append(f"The warm-up is too short, with {names}: it should end at {day}.")
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
            spans = {
                name: max(means) - min(means)
                for name in factors
                for means in [[e.estimate.mean for e in effects if e.factor == name]]
            }
            most = max(spans, key=lambda name: spans[name])
            spec = self.ranking.spec
            size = f"{plain_number(scale_of(spec) * spans[most])}{apart_suffix(self.study, spec)}"
            yield f"The most important factor is {most}: its levels differ by up to {size}."
        yield "Other demand, lead times, patience or costs: compare the policies under them, too."

    def _rivals(self, best: int) -> Iterator[str]:
        """Who may be as good as the best, and whether it satisfies the constraints."""
        others = [i for i in self.ranking.candidates if i != best]
        same = [i for i in others if twins(self.study, self.ranking.spec, i, best)]
        if same:
            names = listed([self.names[i] for i in sorted(same)])
            yield (
                f"Nothing tells {names} from {self.names[best]}: every replication gave "
                "the same. What they differ in decided nothing in this scenario."
            )
        rivals = [self.names[i] for i in others if i not in same]
        if rivals:
            yield f"{listed(rivals)} may be as good: more replications would tell."
        if self.ranking.state(best) is Feasible.perhaps:
            yield f"It is not certain that {self.names[best]} satisfies {self._limits()}."

    def _limits(self) -> str:
        return listed([condition(one) for one in self.study.experiment.constraints])


__all__ = ["Facts", "summary"]
