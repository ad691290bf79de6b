"""Searches under `check`: the answer is the baseline, and has to be as good as it was.

Another answer within the indifference zone is no change; what is compared are policies, on the same
random numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backsim.errors import InputError
from backsim.experiment.play import play
from backsim.present.numbers import digits_of, number
from backsim.regression.baseline import MadeWith, baseline_file, put
from backsim.regression.fingerprint import made_with
from backsim.regression.outcome import Check, Settings, command
from backsim.results.store import to_yaml
from backsim.scenario.load import check_form
from backsim.scenario.shorthand import Name, Spec
from backsim.scenario.yamlfile import FileError, read_yaml
from backsim.search import Search, optimise
from backsim.search.problem import Problem, load_problem
from backsim.study.analysis import against
from backsim.study.experiment import Policy
from backsim.study.stopping.fixed import Fixed

HEADER = """\
# Baseline of `backsim check`: the answer of a search, written by `--update`.
#
# The check searches again.  It fails when nothing can be promised any more, when another answer is
# better or worse by more than the indifference zone, or when the answer costs more or less than
# that; each beyond chance.
"""


class Optimum(Spec):
    """What a search found."""

    format: Literal[1]
    """Of this file."""
    experiment: str
    """Name of the search."""
    replications: int
    """Those of the final figures, which the mean is of."""
    settings: Mapping[Name, Any] = {}
    """Path -> value of the policy found."""
    levels: tuple[int, ...] = ()
    """Of each item, where levels of all items were looked for."""
    mean: float
    """The objective of that policy."""
    half_width: float
    """Of its confidence interval."""
    promise: str
    """What was promised."""
    made_with: MadeWith
    """What it was made with."""


def update_search(file: Path, settings: Settings) -> Check:
    """Search, and write the answer.  Raises InputError where there is none to hold to."""
    if settings.replications is not None:
        expected = "no --replications for a search, whose file says how many it takes"
        raise InputError(f"{file}: expected {expected}")
    found = _searched(load_problem(file), settings)
    if not found.promised or found.cost is None:
        raise InputError(f"{file}: expected a search whose answer is promised: {found.finding}")
    assert found.figures is not None
    made = Optimum(
        format=1,
        experiment=file.stem,
        replications=found.figures.counts[0],
        settings={} if found.problem.items else found.settings,
        levels=_levels(found),
        mean=found.cost.mean,
        half_width=found.cost.half_width,
        promise=found.promise,
        made_with=made_with(),
    )
    place = baseline_file(file, settings.folder)
    written = put(HEADER + to_yaml(made.model_dump(mode="json")), place)
    return Check(file, place, updated=written)


def check_search(file: Path, settings: Settings) -> Check:
    """Search again, and compare the answer with the one before.  Raises InputError."""
    place = baseline_file(file, settings.folder)
    problem = load_problem(file)
    if not place.is_file():
        raise InputError(
            f"{place}: expected the baseline of {file}, found none; "
            f"to make it: {command('check', file, settings, '--update')}"
        )
    document = read_yaml(place)
    before, faults = check_form(document, Optimum)
    if before is None or faults:
        raise FileError(document.name, faults)
    if before.experiment != file.stem:
        found = f"that of '{before.experiment}'"
        raise FileError(
            document.name,
            [document.fault(("experiment",), f"the baseline of '{file.stem}'", found)],
        )
    told, failed = _compared(_searched(problem, settings), before)
    check = Check(file, place, told=told, lost=failed, settings=settings)
    return replace(check, replications=before.replications)


def _searched(problem: Problem, settings: Settings) -> Search:
    return optimise(problem, workers=settings.workers, engine=settings.engine)


def _levels(found: Search) -> tuple[int, ...]:
    if found.problem.items is None:
        return ()
    return tuple(int(level) for level in found.levels[found.problem.items.parameter])


def _compared(found: Search, before: Optimum) -> tuple[str, bool]:
    """What came of a search, and whether it is a failure."""
    if not found.promised or found.best is None or found.cost is None:
        return f"FAILED: nothing is promised any more: {found.finding}", True
    zone = found.choice.indifference
    best = found.best.name
    chance = float(np.hypot(found.cost.half_width, before.half_width))
    old, new = digits_of(before.mean, 6), digits_of(found.cost.mean, 6)
    size = digits_of(zone, 3)
    values = f"{old} -> {new}, zone {size}"
    moved = abs(found.cost.mean - before.mean) > zone + chance
    if found.settings == dict(before.settings) or _levels(found) == before.levels != ():
        if moved:
            return f"FAILED: '{best}' is still the answer, at another level: {values}", True
        return f"ok: '{best}' is still the answer ({values})", False
    apart = _apart(found, before)
    if apart is None:
        return "FAILED: the policy of the baseline cannot be played any more", True
    mean, half_width = apart
    side = "less" if mean * found.problem.sign < 0 else "more"
    moved_by = f"{number(abs(mean), half_width)} {side} than the answer before, zone {size}"
    if abs(mean) - half_width > zone:
        return f"FAILED: the answer is now '{best}': {moved_by}", True
    if moved:
        return f"FAILED: the answer is now '{best}', at another level: {values}", True
    return f"ok: the answer is now '{best}', as good as the one before ({moved_by})", False


def _apart(found: Search, before: Optimum) -> tuple[float, float] | None:
    """The objective of the answer less that of the one before, paired; None where it is none."""
    problem, best = found.problem, found.best
    assert best is not None
    assert found.figures is not None
    assert problem.asked.objective is not None
    try:
        if problem.items is not None:
            old = problem.items.at(np.array(before.levels, np.int64))
        else:
            old = problem.with_settings(before.settings)
    except (InputError, ValueError):
        return None
    policies = (best, Policy("the answer before", {}, old))
    count = Fixed(max(found.figures.counts[0], before.replications))
    asked = replace(problem.asked, policies=policies, stopping=count, reference=policies[1].name)
    apart = against(play(asked), problem.asked.objective.metric, 1).get(0)
    return None if apart is None else (apart.mean, apart.half_width)
