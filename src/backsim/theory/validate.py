"""Every known answer against a simulation of its model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backsim.errors import InputError
from backsim.statistics import Estimate
from backsim.theory import compare, programs
from backsim.theory.case import Case
from backsim.theory.compare import COARSE, FULL, Precision, Verdict
from backsim.theory.measures import Look, Measure
from backsim.theory.names import allowance, measure_of
from backsim.theory.records import Answer, Record, Unsupported, answers, model_of, records
from backsim.theory.sampling import (
    RARE,
    Effort,
    Value,
    model_of_case,
    own_seed,
    replicate_until,
    run_case,
)
from backsim.theory.translate import translate

SEED = 20240601
FAST_SHARE = 0.3
"""How long a fast run's replications are, as a share of the full ones."""

Progress = Callable[[int, int, str], object]


@dataclass(frozen=True)
class Check:
    """A record, the case that answers it, and how: by a measure, or by neighbours of an optimum."""

    record: Record
    case: Case
    measure: Measure
    neighbours: Mapping[float, Case]
    sign: float = 1.0

    @property
    def group(self) -> str:
        """Checks of one group are answered by the same runs."""
        return json.dumps([self.record.instance, self.case.explicit], sort_keys=True)

    @property
    def cases(self) -> list[Case]:
        """What is run for it: the model itself, then its neighbours."""
        return [self.case, *self.neighbours.values()]

    def values(self, looks: Mapping[str, Look]) -> list[Value]:
        """What a replication says: the measure, then what it is more for each neighbour."""
        if not self.neighbours:
            return [self.measure(looks[_key(self.case)])]
        own, *others = (self.sign * self.measure(looks[_key(case)]) for case in self.cases)
        return [own, *(other - own for other in others)]

    def targets(self, value: float, precision: Precision) -> list[float]:
        """The half-widths asked for of these values; 0 is none."""
        if not self.neighbours:
            return [precision.target(self.record)]
        return [0.0] + [self.wide(precision) * abs(value)] * len(self.neighbours)

    def wide(self, precision: Precision) -> float:
        """The half-width asked of the neighbours' extra cost, as a share of the cost."""
        return self.case.slack * precision.optimum

    def verdict(self, found: list[Estimate], tests: int, precision: Precision) -> Verdict:
        """The verdict on estimates of these values."""
        if not self.neighbours:
            return compare.judge(self.record, found[0], tests, precision)
        levels, wide = list(self.neighbours), self.wide(precision)
        return compare.judge_optimum(self.record, levels, found[1:], found[0].mean, tests, wide)

    @property
    def tests(self) -> int:
        """Statistical tests that the check makes."""
        return (len(self.neighbours) or 1) * int(self.case.random)


def _key(case: Case) -> str:
    return json.dumps(case.explicit, sort_keys=True)


def validate(
    names: Sequence[str] | Sequence[Record] | None = None,
    *,
    fast: bool = False,
    seed: int = SEED,
    progress: Progress | None = None,
    workers: int = 1,
    engine: str = "compiled",
) -> Iterator[Verdict]:
    """Simulate the models of known answers and yield a verdict for each.

    `names` are ids, instances or families of the package's records, or records of your own; all of
    the package's if None.  `fast` takes the first model of each kind, less precisely.
    `progress(done, total, instance)` is called before each model.  Raises InputError for an unknown
    name.
    """
    chosen = _chosen(names)
    known = answers(chosen if names and isinstance(names[0], Record) else records())
    checks: list[Check] = []
    for record in chosen:
        try:
            if programs.is_program(record):
                yield compare.judge_exactly(record, programs.answer(record))
            else:
                checks.append(check_of(record, known[record.instance]))
        except Unsupported as reason:
            yield compare.pass_over(record, str(reason))
    if fast:
        checks = [_shorter(check) for check in _first_of_each_kind(checks)]
    yield from _verdicts(checks, COARSE if fast else FULL, Effort(seed, engine, workers), progress)


def why_not(record: Record, known: Answer) -> str | None:
    """What a record waits for; None when it is expressed.  `known`: answers of its instance."""
    try:
        if programs.is_program(record):
            programs.answer(record)
        else:
            check_of(record, known)
    except Unsupported as reason:
        return str(reason)
    return None


def check_of(record: Record, known: Answer) -> Check:
    """How a record is checked.  Raises Unsupported."""
    model = model_of(record, known)
    case = translate(model, record.family)
    if case.random and record.is_share and 0.0 < float(record.value) < RARE:
        raise Unsupported("nothing: its probability is below what a simulation shows")
    if (more := allowance(record.metric, case)) and not record.is_estimate:
        record = replace(record, tolerance=record.tolerance + more)
    level = re.fullmatch(r"([rQsS]|backorder_fraction)_opt", record.metric)
    if level:
        cases = _neighbours(model, level[1], record.family, case.steps.get(level[1], 1))
        return Check(record, case, measure_of("cost_opt", case), cases)
    if record.metric == "echelon_base_stock_opt":
        cases = other_levels(model, record.value, record.family)
        return Check(record, case, measure_of("cost_opt", case), cases)
    if record.metric.startswith("protection_level"):
        cases = _neighbours(model, "protect", record.family, 1)
        return Check(record, case, measure_of("expected_value_opt", case), cases, -1.0)
    return Check(record, case, measure_of(record.metric, case), {})


def other_levels(model: Answer, levels: Sequence[int], family: str) -> dict[float, Case]:
    """Echelon levels one unit up or down: j is that of stage j one up, -j one down."""
    found: dict[float, Case] = {}
    for stage in range(len(levels)):
        for step in (1, -1):
            changed = [level + step * (i == stage) for i, level in enumerate(levels)]
            local = [level - below for level, below in zip(changed, [0, *changed], strict=False)]
            if min(local[1:], default=0) >= 0:
                other = {**model, "local_base_stock": local}
                found[float(step * (stage + 1))] = translate(other, family)
    return found


def _neighbours(model: Answer, name: str, family: str, step: float) -> dict[float, Case]:
    """The cases of a level one step lower and higher, as far as there are such levels."""
    least = min(1, step) if name in ("Q", "backorder_fraction") else -(10**9)
    least = 0 if name == "protect" else least
    least = model["s"] + 1 if name == "S" and "s" in model else least
    most = model["S"] - 1 if name == "s" else 10**9
    levels = [level for level in (model[name] - step, model[name] + step) if least <= level <= most]
    return {level: translate({**model, name: level}, family) for level in levels}


def _chosen(names: Sequence[str] | Sequence[Record] | None) -> list[Record]:
    if names is None:
        return list(records())
    found: list[Record] = []
    for name in names:
        if isinstance(name, Record):
            found.append(name)
            continue
        some = [r for r in records() if name in (r.id, r.instance, r.family, r.family[:2])]
        if not some:
            families = ", ".join(dict.fromkeys(r.family for r in records()))
            raise InputError(f"expected an id, an instance or a family ({families}), got {name!r}")
        found += some
    return _unique(found)


def _unique(rows: Iterable[Record]) -> list[Record]:
    return list({row.id: row for row in rows}.values())


def _first_of_each_kind(checks: Sequence[Check]) -> list[Check]:
    """The checks of the first model of each kind."""
    first: dict[str, str] = {}
    for check in checks:
        first.setdefault(_kind(check), check.group)
    wanted = set(first.values())
    return [check for check in checks if check.group in wanted]


def _shorter(check: Check) -> Check:
    cases = {level: case.shorter(FAST_SHARE) for level, case in check.neighbours.items()}
    return replace(check, case=check.case.shorter(FAST_SHARE), neighbours=cases)


def _kind(check: Check) -> str:
    """Family and rules, and whether the review is periodic and anything is random."""
    policy = check.case.scenario["policy"]
    rules = [policy["reorder"], policy.get("priority"), policy.get("rationing")]
    names = [rule["rule"] if isinstance(rule, Mapping) else rule for rule in rules]
    return json.dumps([check.record.family, names, "review" in policy, check.case.random])


def _verdicts(
    checks: Sequence[Check], precision: Precision, effort: Effort, progress: Progress | None
) -> Iterator[Verdict]:
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.group, []).append(check)
    tests = max(1, sum(check.tests for check in checks))
    for done, (name, group) in enumerate(groups.items()):
        if progress is not None:
            progress(done, len(groups), group[0].record.instance)
        own = replace(effort, seed=own_seed(effort.seed, name))
        if group[0].case.random:
            yield from _estimated(group, tests, precision, own)
        else:
            yield from _computed(group, own)
    if progress is not None:
        progress(len(groups), len(groups), "")


def _computed(group: Sequence[Check], effort: Effort) -> Iterator[Verdict]:
    cases = {_key(case): case for check in group for case in check.cases}
    looks = {
        key: Look(run_case(case, model_of_case(case), effort, 0), case)
        for key, case in cases.items()
    }
    for check in group:
        own, *others = check.values(looks)
        if check.neighbours:
            extra = dict(zip(check.neighbours, others, strict=True))
            yield compare.judge_optimum_exactly(check.record, extra)
        else:
            yield compare.judge_exactly(check.record, own)


def _estimated(
    group: Sequence[Check], tests: int, precision: Precision, effort: Effort
) -> Iterator[Verdict]:
    """Replications of a model, and of the neighbours of its optimum on the same random numbers."""
    cases = {_key(case): case for check in group for case in check.cases}
    models = {key: model_of_case(case) for key, case in cases.items()}

    def play(replication: int) -> list[Value]:
        looks = {
            key: Look(run_case(case, models[key], effort, replication), case)
            for key, case in cases.items()
        }
        return [value for check in group for value in check.values(looks)]

    def targets(means: Sequence[float]) -> list[float]:
        goals: list[float] = []
        for check in group:
            goals += check.targets(means[len(goals)], precision)
        return goals

    found = iter(replicate_until(play, targets, effort))
    for check in group:
        yield check.verdict([next(found) for _ in check.cases], tests, precision)
