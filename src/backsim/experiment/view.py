"""What is asked of an experiment: metrics, objective, constraints, when to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from backsim.errors import nearest
from backsim.experiment.schema import View
from backsim.results.metrics import views_of
from backsim.results.spec import (
    Constraint,
    Objective,
    SpecError,
    parse_constraint,
    parse_metric,
    parse_objective,
    split_objective,
)
from backsim.scenario.yamlfile import Document, Fault, FaultFinder, Location
from backsim.study.experiment import Experiment, Policy
from backsim.study.stopping.rule import StoppingRule, asked_for

T = TypeVar("T")

MOST_ORDERS = 1e11
"""Orders of an experiment, expected: a day of work or more for 2 cores."""


def make_experiment(view: View, document: Document, policies: tuple[Policy, ...]) -> Experiment:
    """The experiment of a view and its policies.  Raises FileError with every fault found."""
    return _Reader(view, document, policies).experiment()


class _Reader(FaultFinder):
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
        self.stop_at_faults()
        return made

    def check_size(self, made: Experiment) -> None:
        """What would take weeks is refused by its expected number of orders."""
        rule = made.stopping
        count = rule.first()
        each = sum(max(policy.model.expected_orders, 1.0) for policy in made.policies)
        if each * count > MOST_ORDERS:
            expected = (
                f"at most {MOST_ORDERS:,.0f} orders in all, which is {int(MOST_ORDERS / each):,} "
                f"replications of {len(made.policies):,} policies (lower `replications`, "
                "`horizon` or the rates of arrivals, or list fewer policies)"
            )
            self.fault(
                rule.field, expected, f"{count:,} replications, about {each * count:,.0f} orders"
            )

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

    def stopping(self, constraints: tuple[Constraint, ...]) -> StoppingRule:
        given = self.view.replications
        return asked_for(given).read(given, constraints, self)

    def check_objective(self, constrained: bool) -> None:
        """`until: best` and constraints need something to be best at."""
        given = self.view.replications
        place = ("constraints",) if self.view.constraints else ("objective",)
        if asked_for(given).needs_objective and self.view.objective is None:
            assert not isinstance(given, int)
            expected = f"an `objective` with `until: {given.until}`, such as minimise cost.total"
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
