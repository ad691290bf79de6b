"""What is asked of an experiment: metrics, objective, constraints, when to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from backsim.errors import nearest
from backsim.experiment.schema import Sequential, Share, View
from backsim.results.metrics import views_of
from backsim.results.spec import (
    Constraint,
    MetricSpec,
    Objective,
    SpecError,
    parse_constraint,
    parse_metric,
    parse_objective,
    split_objective,
)
from backsim.scenario.yamlfile import Document, Fault, FileError, Location
from backsim.study.experiment import (
    Experiment,
    Fixed,
    Policy,
    Precise,
    Separated,
    Stopping,
)

T = TypeVar("T")

MOST_ORDERS = 1e11
"""Orders of an experiment, expected: a day of work or more for 2 cores."""

SHARE, RELATIVE = 0.005, 0.01
"""What distance from a bound matters if nothing is said: of a share; as part of another bound."""


def make_experiment(view: View, document: Document, policies: tuple[Policy, ...]) -> Experiment:
    """The experiment of a view and its policies.  Raises FileError with every fault found."""
    return _Reader(view, document, policies).experiment()


class _Reader:
    """Reads texts such as `fill_rate[gold]`, with faults where they stand."""

    def __init__(self, view: View, document: Document, policies: tuple[Policy, ...]) -> None:
        self.view, self.document, self.policies = view, document, policies
        self.views = tuple(dict.fromkeys(v for p in policies for v in views_of(p.model)))
        self.faults: list[Fault] = []

    def experiment(self) -> Experiment:
        view = self.view
        objective, constraints = self.objective()
        made = Experiment(
            name=self.document.name,
            policies=self.policies,
            factors=_levels([dict(policy.settings) for policy in self.policies]),
            stopping=self.stopping(constraints),
            metrics=tuple(dict.fromkeys(self.each("metrics", view.metrics, parse_metric))),
            seed=view.seed,
            title=view.title,
            question=view.question,
            objective=objective,
            constraints=constraints,
            reference=self.reference([policy.name for policy in self.policies]),
            confidence=view.confidence,
        )
        self.check_size(made)
        if self.faults:
            raise FileError(self.document.name, self.faults)
        return made

    def check_size(self, made: Experiment) -> None:
        """What would take weeks is refused by its expected number of orders."""
        rule = made.stopping
        count = rule.count if isinstance(rule, Fixed) else rule.least
        each = sum(max(policy.model.expected_orders, 1.0) for policy in made.policies)
        if each * count > MOST_ORDERS:
            field = ("replications",) if isinstance(rule, Fixed) else ("replications", "least")
            expected = (
                f"at most {MOST_ORDERS:,.0f} orders in all, which is {int(MOST_ORDERS / each):,} "
                f"replications of {len(made.policies):,} policies (lower `replications`, "
                "`horizon` or the rates of arrivals, or list fewer policies)"
            )
            self.fault(field, expected, f"{count:,} replications, about {each * count:,.0f} orders")

    def objective(self) -> tuple[Objective | None, tuple[Constraint, ...]]:
        """The objective, and the constraints: those beside it and those in its own sentence."""
        objective, kept, place = None, [], ("objective",)
        if self.view.objective is not None:
            sentence, subject_to = split_objective(self.view.objective)
            objective = self.parsed(place, sentence, parse_objective)
            kept = [self.parsed(place, text, parse_constraint) for text in subject_to]
        kept += self.each("constraints", self.view.constraints, parse_constraint)
        self.check_objective(bool(kept))
        return objective, tuple(one for one in kept if one is not None)

    def fault(self, path: Location, expected: str, found: Any = "") -> None:
        self.faults.append(self.document.fault(path, expected, found))

    def parsed(self, place: Location, text: str, parse: Callable[[str, Any], T]) -> T | None:
        try:
            return parse(text, self.views)
        except SpecError as error:
            self.fault(place, error.expected, error.found)
            return None

    def each(self, field: str, texts: tuple[str, ...], parse: Callable[[str, Any], T]) -> list[T]:
        """The entries of a list, which may be written as one entry."""
        found = []
        for i, text in enumerate(texts):
            written = field in self.document.values
            place = self.document.entry((field,), i) if written else (field,)
            found.append(self.parsed(place, text, parse))
        return [item for item in found if item is not None]

    def reference(self, names: list[str]) -> str:
        given = self.view.reference
        if given is not None and given not in names:
            expected = f"the name of a policy ({nearest(given, names)})"
            self.fault(("reference",), expected, repr(given))
        return given or names[0]

    def stopping(self, constraints: tuple[Constraint, ...]) -> Stopping:
        given = self.view.replications
        if isinstance(given, int):
            return Fixed(given)
        if given.until == "best":
            tolerances = self.tolerances(given, constraints)
            return Separated(float(given.indifference or 0.0), given.least, given.most, tolerances)
        return self.precise(given)

    def tolerances(
        self, given: Sequential, constraints: tuple[Constraint, ...]
    ) -> tuple[float, ...]:
        """The smallest distance from its bound that matters, of each constraint."""
        place = ("replications", "constraint_tolerance")
        told = given.constraint_tolerance
        if told is not None and not constraints:
            self.fault(place, "`constraints` with `constraint_tolerance`", "none")
        by_metric: dict[MetricSpec | None, float] = {}
        if isinstance(told, Mapping):
            known = [constraint.metric for constraint in constraints]
            for text, number in told.items():
                spec = self.parsed((*place, text), text, parse_metric)
                by_metric[spec] = float(number)
                if spec is not None and spec not in known:
                    expected = f"a metric of the constraints ({', '.join(map(str, known))})"
                    self.fault((*place, text), expected, text)
        elif told is not None:
            by_metric = {constraint.metric: float(told) for constraint in constraints}
        found = []
        for constraint in constraints:
            usual = SHARE if constraint.metric.unit == "share" else RELATIVE * abs(constraint.bound)
            tolerance = by_metric.get(constraint.metric, usual)
            if not tolerance:
                expected = f"`constraint_tolerance` for {constraint}: of 0 there is no share"
                self.fault(("replications",), expected, "none")
            found.append(tolerance)
        return tuple(found)

    def precise(self, given: Sequential) -> Precise:
        assert not isinstance(given.until, str)
        place = ("replications", "until")
        found = {
            self.parsed((*place, text), text, parse_metric): width
            for text, width in given.until.items()
        }
        widths = {spec: width for spec, width in found.items() if spec is not None}
        return Precise(
            {s: w.share if isinstance(w, Share) else float(w) for s, w in widths.items()},
            {s: isinstance(w, Share) for s, w in widths.items()},
            given.least,
            given.most,
        )

    def check_objective(self, constrained: bool) -> None:
        """`until: best` and constraints need something to be best at."""
        given = self.view.replications
        best = isinstance(given, Sequential) and given.until == "best"
        place = ("constraints",) if self.view.constraints else ("objective",)
        if best and self.view.objective is None:
            expected = "an `objective` with `until: best`, such as minimise cost.total"
            self.fault(("replications", "until"), expected, "none")
        elif constrained and self.view.objective is None:
            expected = "an `objective` with `constraints`, such as minimise cost.total"
            self.fault(place, expected, "none")


def _levels(settings: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The levels of each factor that every policy sets, in order of appearance."""
    common = [key for key in settings[0] if all(key in given for given in settings)]
    return {
        key: tuple({_key(given[key]): given[key] for given in settings}.values()) for key in common
    }


def _key(value: Any) -> str:
    return f"{type(value).__name__}{value}"
