"""What was found, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from backsim.errors import capitalized, counted, listed
from backsim.present.numbers import PLUS_MINUS, interval, number, percent
from backsim.report.load import load_words
from backsim.report.ties import groups, reason, twins
from backsim.report.words import (
    apart_suffix,
    condition,
    direction,
    is_worse,
    label,
    scale_of,
    suffix_of,
)
from backsim.results.overload import Load, load_of
from backsim.results.spec import MetricSpec
from backsim.statistics import MINIMISE, Difference, Feasible
from backsim.study.analysis import (
    NOTHING,
    Ranking,
    against,
    ends_of,
    estimates,
    measured,
    rank,
    wanted,
)
from backsim.study.study import Study

MOST_TIES = 2
"""Groups of policies that tie and are not the best, of which a finding names the members."""


def quoted(name: str) -> str:
    """A policy's name where there is no bold type."""
    return f"'{name}'"


def finding(study: Study, mark: Callable[[str], str] = quoted) -> str:
    """The finding of a study in one paragraph: which policy is best, by how much, how surely.

    `mark` sets the name of a policy apart from the words around it.

    Raises InputError when there are too few replications to say anything.
    """
    ranking = rank(study)
    return _Words(study, ranking, mark).paragraph()


def compared(study: Study, policy: str) -> str:
    """How a policy differs from the reference in every metric, in sentences."""
    words = _Words(study, rank(study), quoted)
    return " ".join(
        s for s in (words.others(study.place(policy), every=True), words.overload()) if s
    )


class _Words:
    """The sentences of a finding."""

    def __init__(self, study: Study, ranking: Ranking, mark: Callable[[str], str]) -> None:
        self.study, self.ranking = study, ranking
        self.spec = ranking.spec
        self.names = [mark(policy.name) for policy in study.policies]
        self.counts = sorted({e.count for e in ranking.estimates})
        self.level = percent(study.experiment.confidence)
        constrained = ", constraints included" if study.experiment.constraints else ""
        self.confidence = f"{self.level} confidence{constrained}"

    def paragraph(self) -> str:
        ranking = self.ranking
        if len(self.names) == 1:
            sentences = [self.alone()]
        elif not ranking.objective:
            sentences = [self.no_objective()]
        elif ranking.best is None:
            sentences = [self.none_feasible()]
        else:
            sentences = [self.first(ranking.best), self.basis(), self.surety(ranking.best)]
            sentences += [self.tied(ranking.best), self.like_reference(ranking.best)]
            sentences.append(self.constraints(ranking.best))
            sentences.append(self.others(ranking.best))
        sentences.append(self.overload())
        return " ".join(s for s in sentences if s)

    def replications(self, kind: str = "replication") -> str:
        """`30 replications`, or `10 to 30 replications`."""
        least, most = self.counts[0], self.counts[-1]
        return counted(least, kind) if least == most else f"{least} to {most} {kind}s"

    def basis(self) -> str:
        """What the figures rest on."""
        pairs = self.replications("paired replication")
        return f"Based on {pairs}; {PLUS_MINUS} marks {self.level} confidence intervals."

    def amount(self, policy: int, spec: MetricSpec | None = None) -> str:
        """A policy's mean with its interval and unit."""
        spec = spec or self.spec
        found = estimates(self.study, spec)[policy]
        return f"{interval(found, scale_of(spec))}{suffix_of(self.study, spec)}"

    def alone(self) -> str:
        return (
            f"{self.names[0]}: {label(self.spec)} {self.amount(0)} "
            f"({self.level} confidence interval, {self.replications()})."
        )

    def no_objective(self) -> str:
        order, reference = self.ranking.order, self.ranking.reference
        others = [i for i in order if i != reference and not self.twins(i, reference)]
        unknown = self.unknown(others[0], reference) if len(order) == 2 and others else ""
        way = direction(self.spec)
        return (
            f"{unknown}No objective is set, so no policy is called best. By {label(self.spec)}"
            f"{f' ({way})' if way else ''}, "
            f"{self.names[order[0]]} comes first with {self.amount(order[0])} and "
            f"{self.names[order[-1]]} last with {self.amount(order[-1])} ({self.replications()})."
        )

    def unknown(self, policy: int, reference: int) -> str:
        """That nothing tells a policy from the reference, where that is so."""
        d = self.ranking.against.get(policy)
        if d is None or d.significant:
            return ""
        if d.same:
            return (
                f"{self.names[policy]} and {self.names[reference]} have the same "
                f"{label(self.spec)} in every replication. "
            )
        return (
            f"No difference in {label(self.spec)} is known between {self.names[policy]} and "
            f"{self.names[reference]}: {self.names[policy]} has {self.apart(d)}, "
            "which may be chance. "
        )

    def none_feasible(self) -> str:
        constraints = self.study.experiment.constraints
        possible = [self.names[i] for i in self.possible()]
        text = "The mean of no policy satisfies" if possible else "No policy satisfies"
        text = f"{text} {listed([condition(c) for c in constraints])} ({self.replications()})."
        if len(constraints) == 1:
            means = [e.mean for e in estimates(self.study, constraints[0].metric)]
            upward = constraints[0].relation == ">="
            known = [i for i, m in enumerate(means) if not math.isnan(m)]
            if known:
                nearest = (max if upward else min)(known, key=lambda i: means[i])
                text += (
                    f" {self.names[nearest]} comes nearest, with {label(constraints[0].metric)} "
                    f"{self.amount(nearest, constraints[0].metric)}."
                )
        if possible:
            text += (
                f" {listed(possible)} may still satisfy {_it(constraints)}: more replications "
                f"would settle it ({self.level} confidence)."
            )
        return text

    def possible(self) -> list[int]:
        """The policies that may satisfy the constraints, in order."""
        return [i for i in self.ranking.order if self.ranking.state(i) is not Feasible.no]

    def first(self, best: int) -> str:
        """The best against the reference, or the reference against the next."""
        ranking, name = self.ranking, self.names[best]
        low = "lowest" if ranking.sense == MINIMISE else "highest"
        constrained = self.study.experiment.constraints
        among = " among the policies whose means satisfy the constraints" if constrained else ""
        has = f"has the {low} {label(self.spec)}{among}"
        if best == ranking.reference:
            rivals = [i for i in ranking.order if i != best and i in ranking.feasible]
            rivals = [i for i in rivals if not self.twins(i, best)]
            text = f"{name}, the reference, {has}: {self.amount(best)}."
            if not rivals or rivals[0] not in ranking.against:
                return text
            if rivals[0] in ranking.candidates and (unknown := self.unknown(rivals[0], best)):
                return f"{unknown}{self.means(best, rivals[0], among)}."
            return f"{text} {self.next(rivals[0], ranking.against[rivals[0]])}"
        other, d = self.names[ranking.reference], ranking.against.get(best)
        outside = ranking.reference not in ranking.feasible
        surely = ranking.state(ranking.reference) is Feasible.no
        violates = "violates" if surely else "may violate"
        tail = f"; {other} {violates} a constraint" if outside else ""
        if d is None or self.twins(best, ranking.reference):
            return f"{name} {has}: {self.amount(best)}{tail}."
        if not d.significant and (outside or ranking.reference in ranking.candidates):
            unknown = self.unknown(best, ranking.reference)
            return f"{unknown}{self.means(best, ranking.reference, among)}{tail}."
        if not d.significant:
            return (
                f"{name} {has}, {self.amount(best)}; how far from {other} is uncertain: "
                f"{self.apart(d)}."
            )
        return (
            f"{name} {has}, {self.amount(best)}: {self.apart(d)} than {other} "
            f"({self.amount(ranking.reference)}){tail}."
        )

    def means(self, best: int, other: int, among: str) -> str:
        """The two means, where they cannot be told apart."""
        low = "lowest" if self.ranking.sense == MINIMISE else "highest"
        return (
            f"{self.names[best]} has the {low} mean{among}, {self.amount(best)}, and "
            f"{self.names[other]} has {self.amount(other)}"
        )

    def next(self, rival: int, d: Difference) -> str:
        """The next best against the reference."""
        if d.significant:
            return f"{self.names[rival]} is next with {self.apart(d)}."
        return f"How far {self.names[rival]} is from it is uncertain: {self.apart(d)}."

    def size(self, d: Difference, spec: MetricSpec | None = None) -> str:
        """How large a difference is, without its sign."""
        spec = spec or self.spec
        scale = scale_of(spec)
        return (
            f"{number(scale * abs(d.mean), scale * d.half_width)}{apart_suffix(self.study, spec)}"
        )

    def apart(self, d: Difference) -> str:
        """`30 ± 10 per day more`."""
        return f"{self.size(d)} {'more' if d.mean > 0 else 'less'}"

    def surety(self, best: int) -> str:
        """Who else may be the best."""
        ranking, possible = self.ranking, self.possible()
        constrained = bool(self.study.experiment.constraints)
        if constrained and possible == [best]:
            return f"No other policy satisfies the constraints ({self.confidence})."
        same = [i for i in ranking.candidates if i != best and self.twins(i, best)]
        text = ""
        if same:
            names = listed([self.names[i] for i in same])
            has = "has" if len(same) == 1 else "have"
            text = f"{names} {has} exactly the same {label(self.spec)}. "
            if why := reason(self.study, [best, *same]):
                text += f"{why} "
        rivals = [i for i in ranking.candidates if i != best and i not in same]
        if not rivals:
            return (
                f"{text}No other policy can be {'better' if same else 'the best'} "
                f"({self.confidence}, Hsu's comparison with the best)."
            )
        if not same and len(rivals) + 1 == len(possible) > 2:
            others = "others that may satisfy the constraints" if constrained else "others"
            return f"None of the {others} can be excluded as the best ({self.confidence})."
        return f"{text}{self.may_be(rivals)} ({self.confidence})."

    def tied(self, best: int) -> str:
        """Which other policies agree with each other in every replication, and why."""
        others = [i for i in self.ranking.order if not self.twins(i, best)]
        found = groups(self.study, self.spec, others)
        texts: list[str] = []
        for group in found[:MOST_TIES]:
            names = listed([self.names[i] for i in group])
            texts.append(f"{names} have exactly the same {label(self.spec)}.")
            texts.append(reason(self.study, group))
        if rest := found[MOST_TIES:]:
            texts.append(f"So have the policies of {counted(len(rest), 'other group')}.")
        return " ".join(text for text in dict.fromkeys(texts) if text)

    def like_reference(self, best: int) -> str:
        """Which policies that cannot be the best are not known to differ from the reference."""
        ranking, reference = self.ranking, self.ranking.reference
        others = [i for i in ranking.order if i not in (*ranking.candidates, best, reference)]
        others = [i for i in others if i in ranking.against and not self.twins(i, reference)]
        alike = [i for i in others if not ranking.against[i].significant]
        if not alike:
            return ""
        names = listed([self.names[i] for i in alike])
        return (
            f"Whether {names} {_differs(alike)} from {self.names[reference]} in "
            f"{label(self.spec)} is not known."
        )

    def may_be(self, rivals: list[int]) -> str:
        """`B may also be the best, and so may C if it satisfies the constraints`."""
        perhaps = [self.names[i] for i in rivals if self.ranking.state(i) is Feasible.perhaps]
        sure = [self.names[i] for i in rivals if self.ranking.state(i) is Feasible.surely]
        each = "may each also be the best" if len(sure or perhaps) > 1 else "may also be the best"
        satisfies = "if it satisfies" if len(perhaps) == 1 else "if they satisfy"
        if not perhaps:
            return f"{listed(sure)} {each}"
        if not sure:
            return f"{listed(perhaps)} {each}, {satisfies} the constraints"
        return f"{listed(sure)} {each}, and so may {listed(perhaps)}, {satisfies} the constraints"

    def twins(self, one: int, other: int) -> bool:
        """Two policies that agree in every replication."""
        return twins(self.study, self.spec, one, other)

    def constraints(self, best: int) -> str:
        """By how much the best policy satisfies each constraint."""
        texts, empty = [], []
        for constraint, state in zip(
            self.study.experiment.constraints, self.ranking.kept[best], strict=True
        ):
            doubt = "" if state is Feasible.surely else ", which may be chance"
            told = measured(self.study, self.ranking, constraint, best)
            if told == NOTHING:
                empty.append(condition(constraint))
                continue
            seen = f" ({told})" if told else ""
            texts.append(
                f"{condition(constraint)} with {self.amount(best, constraint.metric)}{seen}{doubt}"
            )
        kept = [f"{self.names[best]} satisfies {listed(texts)}."] if texts else []
        kept += [f"There was {NOTHING} for {listed(empty)}."] if empty else []
        return " ".join(kept)

    def overload(self) -> str:
        """Which policies' systems are overloaded, or leave many customers waiting."""
        ends = ends_of(self.study)
        sentences = []
        for state in (Load.overloaded, Load.unfinished):
            which = [i for i, end in enumerate(ends) if load_of(*end) is state]
            names = listed([self.names[i] for i in which])
            under = "" if len(which) == len(ends) else f" under {names}"
            sentences.append(load_words(state, [ends[i] for i in which], under) if which else "")
        return " ".join(s for s in sentences if s)

    def others(self, best: int, every: bool = False) -> str:
        """What else changes against the reference, and what cannot be told apart."""
        reference = self.ranking.reference
        if best == reference:
            return ""
        bound = {c.metric for c in self.study.experiment.constraints}
        changed, same, alike = [], [], []
        for spec in wanted(self.study):
            d = against(self.study, spec, reference).get(best)
            if d is None or (spec == self.spec and not every) or spec in bound:
                continue
            if d.sd == 0 and d.mean == 0:
                alike.append(label(spec))
            elif d.significant:
                words = "higher" if d.mean > 0 else "lower"
                worse = " (worse)" if is_worse(spec, d.mean) else ""
                changed.append(f"{label(spec)} is {self.size(d, spec)} {words}{worse}")
            else:
                same.append(label(spec))
        sentences = []
        if changed:
            sentences.append(f"Compared with {self.names[reference]}, {listed(changed, 6)}.")
        if same:
            sentences.append(f"There is no significant difference in {listed(same, 6)}.")
        if alike:
            sentences.append(f"{capitalized(listed(alike, 6))} {_is(alike)} exactly the same.")
        return " ".join(sentences)


def _is(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _differs(things: Sequence[object]) -> str:
    return "differs" if len(things) == 1 else "differ"


def _it(things: Sequence[object]) -> str:
    return "it" if len(things) == 1 else "them"
