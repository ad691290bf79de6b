"""Every known answer against a simulation of its scenario."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from backsim.statistics import Estimate
from backsim.validation import compare
from backsim.validation.answers import Answer
from backsim.validation.case import Look
from backsim.validation.collection import ROOT, LeftOut, choose
from backsim.validation.compare import COARSE, FULL, Precision, Verdict
from backsim.validation.sampling import (
    RARE,
    Effort,
    Value,
    own_seed,
    replicate_until,
    run_case,
)
from backsim.workers import in_order, workers_wanted

SEED = 20240601
ROUND = 40
"""Models after which workers begin anew: they give back the memory of what they compiled."""
FAST_SHARE = 0.3
"""How long a fast run's replications are, as a share of the full ones."""

Progress = Callable[[int, int, str], object]


def validate(
    names: Sequence[str | Path] | Sequence[Answer] | None = None,
    *,
    fast: bool = False,
    seed: int = SEED,
    progress: Progress | None = None,
    workers: int | None = 1,
    engine: str = "compiled",
) -> Iterator[Verdict]:
    """Simulate the scenarios of known answers and yield a verdict for each.

    `names` are ids, instances or families of the package, paths of files or folders of your own, or
    answers; everything in the package if None.  `fast` takes the package's first model of each kind
    (and all of your own), less precisely.  `progress(done, total, instance)` is called before each
    model.  Raises InputError for an unknown name and FileError for a faulty file.
    """
    chosen = [name for name in names or () if isinstance(name, Answer)]
    out: Sequence[LeftOut] = ()
    if not chosen:
        chosen, out = choose(None if names is None else [str(name) for name in names])
    answers = [answer for answer in chosen if not _too_rare(answer)]
    yield from (compare.too_rare(answer) for answer in chosen if _too_rare(answer))
    if fast:
        answers = [_shorter(answer) for answer in _first_of_each_kind(answers)]
    effort = Effort(seed, engine, workers_wanted(workers))
    yield from _verdicts(answers, COARSE if fast else FULL, effort, progress)
    if not (fast and names is None):
        yield from (compare.pass_over(row) for row in out)


def _too_rare(answer: Answer) -> bool:
    return answer.case.random and answer.share and 0.0 < float(answer.value) < RARE


def group_of(answer: Answer) -> str:
    """Answers of one group come from the same runs."""
    return json.dumps([answer.instance, answer.case.scenario], sort_keys=True)


def values_of(answer: Answer, measured: Mapping[str, Any]) -> list[Value]:
    """What a replication says: the measure, then what it is more for each neighbour."""
    if not answer.neighbours:
        return [measured[answer.case.key]]
    own, *others = (answer.sign * measured[case.key] for case in answer.cases)
    return [own, *(other - own for other in others)]


def _targets(answer: Answer, value: float, precision: Precision) -> list[float]:
    """The half-widths asked for of these values; 0 is none."""
    if not answer.neighbours:
        return [precision.target(answer)]
    return [0.0] + [precision.of_neighbours(answer) * abs(value)] * len(answer.neighbours)


def _verdict(answer: Answer, found: list[Estimate], tests: int, precision: Precision) -> Verdict:
    """The verdict on estimates of these values."""
    if not answer.neighbours:
        return compare.judge(answer, found[0], tests, precision)
    return compare.judge_optimum(answer, found[1:], found[0].mean, tests, precision)


def _first_of_each_kind(answers: Sequence[Answer]) -> list[Answer]:
    """The answers of the first model of each kind."""
    first: dict[str, str] = {}
    for answer in answers:
        first.setdefault(_kind(answer), group_of(answer))
    wanted = set(first.values())
    return [answer for answer in answers if group_of(answer) in wanted]


def _kind(answer: Answer) -> str:
    """Family and rules, and whether the review is periodic and anything is random.

    Every scenario of a file of one's own is of a kind of its own.
    """
    if answer.case.folder.parent != ROOT:
        return group_of(answer)
    policy = answer.case.scenario.get("policy", {})
    rules = [policy.get(part) for part in ("reorder", "priority", "rationing")]
    names = [rule.get("rule") if isinstance(rule, Mapping) else rule for rule in rules]
    return json.dumps([answer.family, names, "review" in policy, answer.case.random])


def _shorter(answer: Answer) -> Answer:
    neighbours = {level: case.shorter(FAST_SHARE) for level, case in answer.neighbours.items()}
    return replace(answer, case=answer.case.shorter(FAST_SHARE), neighbours=neighbours)


def _verdicts(
    answers: Sequence[Answer], precision: Precision, effort: Effort, progress: Progress | None
) -> Iterator[Verdict]:
    """The verdicts, model by model: many models beside each other, a few one by one."""
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        groups.setdefault(group_of(answer), []).append(answer)
    tests = max(1, sum(answer.tests for answer in answers))
    beside = effort.workers if len(groups) >= effort.workers else 1
    within = replace(effort, workers=1 if beside > 1 else effort.workers)

    def of_group(name: str) -> list[Verdict]:
        own = replace(within, seed=own_seed(effort.seed, name))
        if groups[name][0].case.random:
            return list(_estimated(groups[name], tests, precision, own))
        return list(_computed(groups[name], own))

    names = list(groups)
    rounds = [names[i : i + ROUND] for i in range(0, len(names), ROUND)]
    found = chain.from_iterable(in_order(of_group, some, beside, threads=True) for some in rounds)
    for done, group in enumerate(groups.values()):
        if progress is not None:
            progress(done, len(groups), group[0].instance)
        yield from next(found)
    if progress is not None:
        progress(len(groups), len(groups), "")


def _measured(group: Sequence[Answer], effort: Effort, replication: int) -> list[list[Value]]:
    """What a replication says of each answer: all cases on the same random numbers.

    One run at a time is kept.
    """
    cases = {case.key: case for answer in group for case in answer.cases}
    measured: list[dict[str, Any]] = [{} for _ in group]
    for key, case in cases.items():
        look = Look(run_case(case, effort, replication), case)
        for found, answer in zip(measured, group, strict=True):
            if any(case.key == key for case in answer.cases):
                found[key] = answer.measure(look)
        del look  # its memory is what the next run is played in
    return [values_of(answer, found) for answer, found in zip(group, measured, strict=True)]


def _computed(group: Sequence[Answer], effort: Effort) -> Iterator[Verdict]:
    for answer, (own, *others) in zip(group, _measured(group, effort, 0), strict=True):
        if answer.neighbours:
            extra = dict(zip(answer.neighbours, others, strict=True))
            yield compare.judge_optimum_exactly(answer, extra)
        else:
            yield compare.judge_exactly(answer, own)


def _estimated(
    group: Sequence[Answer], tests: int, precision: Precision, effort: Effort
) -> Iterator[Verdict]:
    def play(replication: int) -> list[Value]:
        return [value for values in _measured(group, effort, replication) for value in values]

    def targets(means: Sequence[float]) -> list[float]:
        goals: list[float] = []
        for answer in group:
            goals += _targets(answer, means[len(goals)], precision)
        return goals

    found = iter(replicate_until(play, targets, effort, tests))
    for answer in group:
        yield _verdict(answer, [next(found) for _ in answer.cases], tests, precision)
