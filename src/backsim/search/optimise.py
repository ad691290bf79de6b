"""Which policy should I use: search, choose on fresh random numbers, and give figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.experiment.changes import StudyError
from backsim.experiment.play import play
from backsim.present.numbers import interval, percent
from backsim.search.choice import Choice, choose
from backsim.search.explore import Explorer
from backsim.search.frontier import frontier
from backsim.search.gap import Gap, gap_of
from backsim.search.items.choice import choose_levels
from backsim.search.items.items import PATH
from backsim.search.items.runs import Runs
from backsim.search.kept import Kept, is_perfect, kept_by
from backsim.search.memo import FILE, Memo
from backsim.search.problem import Problem, load_problem
from backsim.search.search import Search
from backsim.search.shape import shape_of
from backsim.search.space import Point
from backsim.search.spending import Spending
from backsim.search.starts import starts
from backsim.search.worlds import FIGURES, Budget, Phase, Progress, Spent, Worlds
from backsim.statistics import Estimate, estimate
from backsim.study.experiment import Policy
from backsim.study.stopping.fixed import Fixed
from backsim.workers import workers_wanted

if TYPE_CHECKING:
    from backsim.experiment.comparison import Comparison
    from backsim.workers.cluster import Cluster

FIGURES_OF_ITEMS = 10
"""Replications of the final figures of many items, at least: chance evens out over them."""
SURER = 4.0
"""Standard errors by which levels of items should keep a constraint in the final figures."""
FEW = 30
"""Policies of a space that is not searched: all of them are compared."""
LEVEL = 10
"""Replications from which an indifference that is a share is taken, at least."""
LEVEL_NEAR_0 = 100
"""The same, where it may as well be 0 by these."""
NONZERO = 1.5
"""Half-widths that the objective must be away from 0 for a share of it to be an amount."""
MOST, MOST_PERFECT = 1000, 5000
"""Replications of the final figures, at most; and where all have the best service there is."""


def optimise(
    what: str | Path | Problem,
    *,
    minutes: float | None = None,
    replications: int | None = None,
    engine: str = "auto",
    workers: int | None = None,
    out: str | Path | None = None,
    fresh: bool = False,
    dask: str | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> Search:
    """Search the policies that a file describes for the best that keeps the constraints.

    `minutes` and `replications` (of all policies together) are the most that may be spent, in place
    of the file's.  `fields` are other fields of the file: objective, constraints, indifference,
    confidence, seed.  `out` is a folder for all results, and for the study of the final figures: a
    search that was interrupted goes on there, unless `fresh`.  `workers` are all cores if None;
    results do not depend on them.  `dask` is the address of a cluster's scheduler, whose workers
    play what is long enough.  `progress` is told (done, most, best): replications, and the best
    policy so far in words.

    Raises FileError for a file with faults, InputError for other bad input.
    """
    given = {"minutes": minutes, "replications": replications, **fields}
    given = {name: value for name, value in given.items() if value is not None}
    problem = what if isinstance(what, Problem) else load_problem(what, given)
    folder = None if out is None else Path(out)
    settings = {"engine": engine, "workers": workers, "out": out, "fresh": fresh, "dask": dask}
    settings["ours"] = folder is not None and (folder / FILE).exists()
    with ExitStack() as stack:
        memo = stack.enter_context(closing(Memo(folder, problem, fresh)))
        if problem.items is not None:
            return _of_items(problem, memo, progress, settings)
        connect = None if dask is None else partial(_connected, stack, dask)
        worlds, choice, along = decide(
            problem, engine, memo, progress, workers_wanted(workers), connect
        )
        memo.write()
        found = _found(worlds, choice, along, settings)
        if out is not None and choice.best is not None:
            found = replace(found, shape=shape_of(worlds, choice.best), spent=_spending(worlds))
        return found


def _connected(stack: ExitStack, address: str, rules: Mapping[str, str]) -> Cluster:
    """A cluster, until the stack ends."""
    from backsim.workers.cluster import connected

    return stack.enter_context(connected(address, rules))


def decide(
    problem: Problem,
    engine: str,
    memo: Memo,
    progress: Progress | None = None,
    workers: int = 1,
    connect: Callable[[Mapping[str, str]], Cluster] | None = None,
) -> tuple[Worlds, Choice, tuple[Point, ...]]:
    """Search, and choose among all that was tried on fresh random numbers; and the frontier.

    `connect` makes of the rules that are used a cluster whose workers have them, too.
    """
    budget = _budget(problem, FIGURES, progress)
    worlds = Worlds(problem, engine, budget, memo, workers)
    worlds.cluster = None if connect is None else connect(worlds.rules)
    favourite = _favourite(problem, worlds)
    along = frontier(worlds, favourite) if problem.service is not None else ()
    return worlds, choose(worlds, favourite, _zone(problem, worlds, favourite)), along


def _budget(problem: Problem, figures: int, progress: Progress | None) -> Budget:
    """The file's budget.  Raises InputError where the figures alone would be more."""
    asked = problem.file
    least = asked.figures or figures
    if asked.figures and 2 * least > asked.replications:
        raise InputError(
            f"search: figures: expected at most {asked.replications // 2:,}, of today's policy and "
            f"the best one, with {asked.replications:,} replications in all, got {least:,}"
        )
    budget = Budget(asked.replications, asked.minutes, least)
    budget.progress = progress or budget.progress
    return budget


def _zone(problem: Problem, worlds: Worlds, favourite: Point) -> float:
    """The smallest difference that matters: an amount, or a share of the objective at a point.

    A share of what may as well be 0 is no amount: it would be one of chance.  Raises InputError.
    """
    if not problem.relative:
        return problem.indifference(0.0)
    with suppress(Spent):
        worlds.play(Phase.SEARCH, [favourite], LEVEL)
        if _near_0(_level(worlds, favourite)):
            worlds.play(Phase.SEARCH, [favourite], LEVEL_NEAR_0)
    found = _level(worlds, favourite)
    if not _near_0(found):
        return problem.indifference(found.mean)
    levels = [abs(_level(worlds, point).mean) for point in worlds.visited(Phase.SEARCH)]
    some = problem.relative * float(np.median(levels)) or 0.5
    raise InputError(
        f"search: indifference: expected an amount, such as {some:.1g}, as the objective is near 0 "
        f"at the best policy found ({problem.space.name(favourite)}: {interval(found)}), got "
        f"{percent(problem.relative)} of it"
    )


def _near_0(found: Estimate) -> bool:
    """Whether a mean may as well be 0, as far as is known."""
    return abs(found.mean) <= (0.0 if found.count < 2 else NONZERO * found.half_width)


def _found(
    worlds: Worlds,
    choice: Choice,
    along: tuple[Point, ...],
    settings: dict[str, Any],
) -> Search:
    """What came of it, with figures of the policy chosen (or nearest) and the present one."""
    problem, budget = worlds.problem, worlds.budget
    point, nearest = _chosen(worlds, choice)
    policy = None if nearest is None else problem.policy(nearest)
    figures: Comparison | None = None
    kept: tuple[Kept, ...] = ()
    if policy is not None and nearest is not None:
        others = [problem.policy(p) for p in budget.some([p for p in along if p != nearest])]
        count = budget.figures(_enough(worlds, nearest), 2 + len(others))
        figures = _figures(problem, [policy, *others], count, settings)
        budget.spent[Phase.FIGURES] += sum(figures.counts)
        kept = tuple(kept_by(problem, figures))
    best = policy if point is not None else None
    gap = None if best is None or figures is None else _gap(figures, settings)
    return Search(problem, best, point, policy, choice, figures, kept, _spending(worlds), gap)


def _gap(figures: Comparison, settings: dict[str, Any]) -> Gap | None:
    return gap_of(figures, settings["engine"], settings["workers"])


def _spending(worlds: Worlds) -> Spending:
    budget = worlds.budget
    return Spending(dict(budget.spent), budget.seconds, worlds.policies, budget.known)


def _of_items(
    problem: Problem, memo: Memo, progress: Progress | None, settings: dict[str, Any]
) -> Search:
    """The levels of all items, with figures of these and of the present policy."""
    assert problem.items is not None
    budget = _budget(problem, FIGURES_OF_ITEMS, progress)
    workers, seed = workers_wanted(settings["workers"]), problem.asked.seed
    try:
        runs = Runs(
            problem.items, seed, settings["engine"], budget, workers, memo, settings["dask"]
        )
        choice = choose_levels(problem, runs)
    except Spent:
        raise InputError(budget.too_small()) from None
    policy = Policy(
        f"{problem.items.rule.name} of {len(choice.nearest):,} items",
        {PATH: problem.items.rule.name},
        problem.items.at(choice.nearest),
    )
    memo.write()
    count = budget.figures(_needed(problem, choice.service.T, budget.least, SURER), 2)
    figures = _figures(problem, [policy], count, settings)
    budget.spent[Phase.FIGURES] += sum(figures.counts)
    best = policy if choice.levels is not None else None
    spent = Spending(dict(budget.spent), budget.seconds, len(figures.policies), budget.known)
    kept = tuple(kept_by(problem, figures))
    gap = None if best is None else _gap(figures, settings)
    return Search(problem, best, None, policy, choice, figures, kept, spent, gap)


def _favourite(problem: Problem, worlds: Worlds) -> Point:
    """The point that the search ends at; the best so far where its share of the budget is gone."""
    space = problem.space
    given = starts(problem)
    if space.size <= FEW:
        given = [p for p in _all(problem) if worlds.model(p) is not None]
        worlds.play(Phase.SEARCH, given, 1)
        return min(given, key=lambda point: _nearness(problem, worlds.values(Phase.SEARCH, point)))
    explorer = Explorer(worlds, given, problem)
    try:
        return explorer.run()
    except Spent:
        worlds.budget.cut = True
        return explorer.best_so_far()


def _all(problem: Problem) -> Iterator[Point]:
    """Every point of the space."""
    places = [range(len(axis.values)) for axis in problem.space.axes]
    return (tuple(map(int, p)) for p in np.ndindex(*map(len, places)) if problem.space.allowed(p))


def _level(worlds: Worlds, point: Point) -> Estimate:
    """The objective at a point, by the data of the search."""
    return estimate(worlds.values(Phase.SEARCH, point)[:, 0].tolist())


def _chosen(worlds: Worlds, choice: Choice) -> tuple[Point | None, Point | None]:
    """The point chosen, or the best by its mean while that is open; and the nearest otherwise.

    Where no policy keeps the constraints there is only a nearest one.
    """
    if choice.best is not None:
        return choice.best, choice.best
    running = choice.running or choice.points
    if not running:
        return None, None
    problem = worlds.problem

    def order(point: Point) -> tuple[float, float]:
        rows = worlds.values(Phase.CHOICE, point)
        return _nearness(problem, rows if len(rows) else worlds.values(Phase.SEARCH, point))

    found = min(running, key=order)
    return (None if choice.decided else found), found


def _nearness(problem: Problem, rows: Any) -> tuple[float, float]:
    """What results lack to the constraints, and their objective: the less, the better."""
    known = rows[:, 0][~np.isnan(rows[:, 0])]
    return problem.lacks(rows), problem.sign * float(known.mean()) if len(known) else math.inf


def _enough(worlds: Worlds, point: Point) -> int:
    """Replications after which the bounds of constraints should be sure, going by the choice."""
    return _needed(worlds.problem, worlds.values(Phase.CHOICE, point).T[1:], FIGURES)


def _needed(problem: Problem, columns: Any, least: int, deviations: float = 3.0) -> int:
    """Replications after which the bounds of constraints, given their metrics, should be sure."""
    wanted, perfect = float(least), 0.0
    error = (1 - problem.asked.confidence) / max(1, len(problem.asked.constraints))
    for c, column in zip(problem.asked.constraints, columns, strict=False):
        known = column[~np.isnan(column)]
        room = abs(float(known.mean()) - c.bound) if len(known) > 1 else 0.0
        if 0 < room < 1 and is_perfect(c, known):
            perfect = max(perfect, math.log(error) / math.log1p(-room))
        elif room:
            wanted = max(wanted, (deviations * float(known.std(ddof=1)) / room) ** 2)
    return max(min(MOST, math.ceil(wanted)), min(MOST_PERFECT, math.ceil(perfect)))


def _figures(
    problem: Problem, found: list[Policy], count: int, settings: dict[str, Any]
) -> Comparison:
    """A study of the policy found, those along the frontier, and the present one.

    Where the folder has a study of an earlier run of this search: the same one, gone on with, or
    else begun again.
    """
    present = problem.asked.policies[0]
    same = next((p for p in found if p.model.digest == present.model.digest), None)
    policies = tuple(found) if same else (*found, present)
    reference = (same or present).name
    asked = replace(
        problem.asked,
        policies=policies,
        stopping=Fixed(count),
        reference=reference,
        chosen=found[0].name,
    )
    how = {name: given for name, given in settings.items() if name != "ours"}
    try:
        return play(asked, **how)
    except StudyError:
        if not settings["ours"]:
            raise
        return play(asked, **{**how, "fresh": True})
