"""From a file of a search to its problem: the space, a model for each point, what is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from backsim.errors import InputError
from backsim.experiment.design import Change, changes_of
from backsim.experiment.load import put_field
from backsim.experiment.models import Maker
from backsim.experiment.schema import View
from backsim.experiment.view import make_experiment
from backsim.kinds import Kind, expect
from backsim.results.metrics import views_of
from backsim.results.spec import Constraint, MetricSpec, SpecError, parse_metric
from backsim.scenario.load import check_form
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path
from backsim.scenario.yamlfile import Document, FileError, Location, read_yaml
from backsim.search.items.items import PATH, Items, ItemsReader, all_wait
from backsim.search.items.measures import MEASURES, OF_TABLES
from backsim.search.schema import DaysOfDemand, Levels, Range, SearchFile
from backsim.search.space import Point, Space, is_level
from backsim.statistics import MAXIMISE
from backsim.study.experiment import Experiment, Policy
from backsim.study.stopping.best import RELATIVE, Separated, UntilBest, usual_tolerance
from backsim.study.stopping.form import Share as Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRESENT = "today"
"""The name of the policy that the scenario itself has."""
MEASURED = ("horizon", "warm_up", "start", "time_unit", "currency", "title")
"""Fields that say when and in what policies are measured: no policy decides on these."""
MOST_BRANCHES = 200
"""Combinations of choices: each is searched on its own."""


@dataclass(frozen=True, eq=False)
class Problem:
    """What is searched, and what is asked of the policy that is found."""

    file: SearchFile
    space: Space
    asked: Experiment
    """Objective, constraints, metrics, confidence, seed; its only policy is the present one."""
    maker: Maker = field(repr=False)
    base: Document = field(repr=False)
    service: MetricSpec | None = None
    """What the objective is traded against."""
    varied: Callable[[Model], Model] | None = field(default=None, repr=False)
    """What is different in every model, where it is asked what that would do."""
    items: Items | None = None
    """The items whose levels are looked for, in place of points of a space."""

    @property
    def present(self) -> Model:
        """The scenario as it is."""
        return self.asked.policies[0].model

    @cached_property
    def sign(self) -> float:
        """1 where the objective is made small, -1 where it is made large."""
        assert self.asked.objective is not None
        return -1.0 if self.asked.objective.sense == MAXIMISE else 1.0

    @cached_property
    def tolerances(self) -> tuple[float, ...]:
        """Of each constraint the smallest distance from its bound that matters."""
        assert isinstance(self.asked.stopping, Separated)
        return self.asked.stopping.tolerances

    def lacks(self, rows: NDArray[np.float64]) -> float:
        """How far means break the constraints, in tolerances; `rows`: a column a metric.

        The objective's column is the first; what could not be measured lacks nothing.
        """
        total = 0.0
        for c, least, column in zip(
            self.asked.constraints, self.tolerances, rows.T[1:], strict=False
        ):
            known = column[~np.isnan(column)]
            if len(known):
                total += max(0.0, c.sign * (c.bound - float(known.mean()))) / least
        return total

    @property
    def relative(self) -> float:
        """The share of the objective that the smallest difference that matters is; 0 if none."""
        given = self.file.indifference
        return given.share if isinstance(given, Part) else 0.0

    def indifference(self, value: float) -> float:
        """The smallest difference that matters, where the objective is about `value`."""
        given = self.file.indifference
        return given.share * abs(value) if isinstance(given, Part) else float(given)

    def at_least(self, bound: float | None) -> Problem:
        """The same with a bound on the service (or none) in place of any other that it has."""
        assert self.service is not None
        assert isinstance(self.asked.stopping, Separated)
        pairs = zip(self.asked.constraints, self.tolerances, strict=True)
        others = [(c, t) for c, t in pairs if c.metric != self.service]
        kept = others
        if bound is not None:
            relation = ">=" if self.service.sense == MAXIMISE else "<="
            least = usual_tolerance(self.service, bound) or RELATIVE
            kept = [*others, (Constraint(self.service, relation, bound), least)]
        stopping = replace(self.asked.stopping, tolerances=tuple(t for _, t in kept))
        constraints = tuple(c for c, _ in kept)
        return replace(self, asked=replace(self.asked, constraints=constraints, stopping=stopping))

    def policy(self, point: Point) -> Policy:
        """The policy of a point.  Raises FileError where it makes no sense."""
        settings = self.space.settings(point)
        return Policy(self.space.name(point), settings, self.with_settings(settings))

    def with_settings(self, settings: Mapping[str, Any]) -> Model:
        """The scenario with some fields set, by path.  Raises FileError."""
        model = self.maker.model(self.base, changes_of(settings, ("search",)))
        if model is None:
            faults, self.maker.faults = self.maker.faults, []
            raise FileError(self.asked.name, faults)
        return model if self.varied is None else self.varied(model)


class _OfSearch(UntilBest):
    """The same fields, in a file of a search."""

    place: ClassVar[Location] = ()


def load_problem(path: str | Path, fields: Mapping[str, Any] | None = None) -> Problem:
    """Read a file of a search.

    `fields` are fields of the file in place of its own, such as `seed`.  Raises FileError with
    every fault found.
    """
    document = read_yaml(expect(path, Kind.SEARCH))
    for name, value in (fields or {}).items():
        put_field(document, (name,), value)
    file, faults = check_form(document, SearchFile)
    if file is None or faults:
        raise FileError(document.name, faults)
    return _problem(file, document, Path(path).parent)


def _problem(file: SearchFile, document: Document, folder: Path) -> Problem:
    maker = Maker(file, document, folder)
    _check_axes(file, maker)
    _check_items(file, maker)
    maker.stop_at_faults()
    space = Space.of({p: d for p, d in file.search.items() if not isinstance(d, Levels)})
    count = sum(1 for _ in space.branches())
    if count > MOST_BRANCHES:
        maker.fault(("search",), f"at most {MOST_BRANCHES} combinations of choices", f"{count:,}")
    elif space.axes and space.empty:
        maker.fault(("search",), "ranges in which each number can be `above` its other one", "none")
    (base,) = maker.bases().values()
    present = maker.model(base, ())
    maker.stop_at_faults()
    assert present is not None
    items = ItemsReader(file, document, base) if PATH in file.search else None
    present = items.grouped(present) if items else present
    view = View(
        title=file.title,
        question=file.question,
        seed=file.seed,
        metrics=file.metrics,
        objective=file.objective,
        constraints=file.constraints,
        confidence=file.confidence,
        replications=_OfSearch(
            until="best", indifference=1.0, constraint_tolerance=file.constraint_tolerance
        ),
    )
    asked = make_experiment(view, document, (Policy(PRESENT, {}, present),))
    if items:
        _check_measures(asked, document, MEASURES if all_wait(present) else OF_TABLES)
        return Problem(file, space, asked, maker, base, items=items.items(present))
    problem = Problem(file, space, asked, maker, base, _service(file, document, asked))
    for branch in space.branches():
        _check_branch(problem, branch)
    return problem


def _service(file: SearchFile, document: Document, asked: Experiment) -> MetricSpec | None:
    """The metric of `trade_off` that is not that of the objective."""
    if file.trade_off is None:
        return None
    assert asked.objective is not None
    views = views_of(asked.policies[0].model)
    found = []
    for i, text in enumerate(file.trade_off):
        try:
            found.append(parse_metric(text, views))
        except SpecError as error:
            fault = document.fault(("trade_off", i), error.expected, error.found)
            raise FileError(document.name, [fault]) from None
    others = [spec for spec in found if spec != asked.objective.metric]
    if len(others) != 1:
        expected = f"the metric of the objective ({asked.objective.metric}) and another"
        raise FileError(document.name, [document.fault(("trade_off",), expected, file.trade_off)])
    return others[0]


def _check_axes(file: SearchFile, maker: Maker) -> None:
    """Every axis is of its own, and what it has to exceed is searched, too."""
    before = [(path, "set") for path in file.set]
    for path, given in file.search.items():
        place = ("search", path)
        maker.check_overwritten([Change(path, None, place)], before)
        before.append((path, f"search.{path}"))
        section = _section(path)
        if section in MEASURED:
            maker.fault(place, "a field that a policy decides on, not how it is measured", section)
        if not isinstance(given, Range):
            continue
        if given.above is None:
            continue
        other = file.search.get(given.above)
        if not isinstance(other, Range) or given.above == path:
            known = [p for p, d in file.search.items() if isinstance(d, Range) and p != path]
            expected = f"the path of another number that is searched ({', '.join(known) or 'none'})"
            maker.fault((*place, "above"), expected, given.above)
            continue
        kinds = [isinstance(d, DaysOfDemand) for d in (given, other)]
        if kinds[0] != kinds[1] and (is_level(path) or is_level(given.above)):
            maker.fault((*place, "above"), "a number of the same kind, both days or both not")
        elif given.grid[1] <= other.grid[0]:
            expected = f"an upper end above the lower end of {given.above}, {other.grid[0]:g}"
            maker.fault(place, expected, f"{given.grid[1]:g}")
        elif path in _below(file, given.above):
            maker.fault((*place, "above"), "numbers that are not above each other", given.above)


def _section(path: str) -> str:
    """The part of a scenario that a path is in; a bad path is told of elsewhere."""
    try:
        return str(parse_path(path)[0])
    except InputError:
        return ""


def _below(file: SearchFile, path: str | None) -> list[str]:
    """The paths of the numbers that one has to exceed, one below the other."""
    found: list[str] = []
    while isinstance(given := file.search.get(path or ""), Range):
        path = given.above
        if path is None or path in found:
            break
        found.append(path)
    return found


def _check_items(file: SearchFile, maker: Maker) -> None:
    """Levels of all items are searched alone."""
    families = [path for path, given in file.search.items() if isinstance(given, Levels)]
    for path in families:
        if path != PATH:
            maker.fault(("search", path), f"a family of levels at {PATH}", path)
        elif len(file.search) > 1:
            others = ", ".join(p for p in file.search if p != path)
            maker.fault(("search", path), "nothing else that is searched with it", others)
        elif file.trade_off is not None:
            maker.fault(("trade_off",), f"no trade-off in a search of {PATH}")
    if file.groups is not None and not families:
        maker.fault(("groups",), f"a search of {PATH}, whose constraints may be on groups")
    if PATH in file.search and not families:
        form = f"a family of levels, such as {{family: base_stock}}, at {PATH}"
        maker.fault(("search", PATH), form)


def _check_measures(asked: Experiment, document: Document, known: Collection[str]) -> None:
    """Objective and constraints add up over items."""
    assert asked.objective is not None
    places = [("objective", asked.objective.metric)]
    places += [("constraints", c.metric) for c in asked.constraints]
    faults = [
        document.fault((place,), f"one of {', '.join(known)}, by product, site or group", spec)
        for place, spec in places
        if spec.metric not in known or spec.dimension == "class"
    ]
    if faults:
        raise FileError(document.name, faults)


def _check_branch(problem: Problem, branch: Mapping[int, int]) -> None:
    """Raise FileError where no policy of some, the middle first, is one: what is wrong with it."""
    first = None
    for point in problem.space.some_of(branch):
        try:
            problem.policy(point)
            return
        except FileError as error:
            first = first or error
    if first is not None:
        raise first
