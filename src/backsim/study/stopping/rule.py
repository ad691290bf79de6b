"""What a stopping rule is, and the list of them.

A rule is asked again and again with the results there are, until it asks for no more.  What it
finally uses depends on the results alone: not on how many there happened to be, nor on workers.

A rule is one file of this folder: a frozen class with the methods of `StoppingRule`, registered
under the word that `replications: {until: WORD}` has for it, and the form of what may stand there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from backsim.results.spec import Constraint, MetricSpec, Objective
from backsim.scenario.yamlfile import Location
from backsim.study.stopping.form import FORMS, MAPPING, Sequential

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from backsim.statistics import Selection

    Floats = NDArray[np.float64]

T = TypeVar("T")
Values = Callable[[MetricSpec], "Floats"]
"""A metric's values so far, of shape (policies, replications); nan where there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of an experiment a stopping rule goes by."""

    policies: tuple[str, ...]
    objective: Objective | None
    constraints: tuple[Constraint, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many replications of each policy should be there, and whether these are enough."""

    counts: tuple[int, ...]
    enough: bool
    note: str = ""
    """What came of it, in a sentence; "" for a fixed number."""
    selection: Selection | None = None


class Reader(Protocol):
    """What reads the texts of an experiment file, and keeps their faults."""

    def fault(self, path: Location, expected: str, found: Any = "") -> None:
        """Say that something else is expected at a place."""

    def parsed(self, place: Location, text: str, parse: Callable[[str, Any], T]) -> T | None:
        """A text read; None with a fault where it cannot be."""


class StoppingRule(Protocol):
    """How many replications of each policy."""

    field: ClassVar[Location]
    """The field of a file that says with how many it begins."""
    needs_objective: ClassVar[bool]

    def first(self) -> int:
        """Replications of every policy to begin with."""

    def judge(self, asked: Asked, verdict: Verdict, values: Values) -> Verdict:
        """What to do next, once all that `verdict` asked for is there."""

    def to_dict(self) -> dict[str, Any]:
        """The rule as plain values, as a study keeps it."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The rule that `to_dict` wrote."""

    @classmethod
    def read(
        cls, given: int | Sequential, constraints: tuple[Constraint, ...], reader: Reader
    ) -> Self:
        """The rule that a file asks for; what is wrong with it is told to the reader."""


RULES: dict[str, type[StoppingRule]] = {}
"""By the word of `until`; `""` of a number, `{}` of half-widths by metric."""
NUMBER, WIDTHS = "", MAPPING


def stopping_rule(word: str, form: type[Sequential] | None = None) -> Callable[[type[T]], type[T]]:
    """Register a class as the stopping rule of a word, with what an experiment file may say of it.

    The form has the field `until`, and what else the rule asks for; a fixed number has none.
    """

    def register(made: type[T]) -> type[T]:
        RULES[word] = made  # type: ignore[assignment]
        if form is not None:
            FORMS[word] = form
        return made

    return register


def asked_for(given: int | Sequential) -> type[StoppingRule]:
    """The rule that `replications` of a file asks for."""
    if isinstance(given, int):
        return RULES[NUMBER]
    return RULES[next(word for word, form in FORMS.items() if isinstance(given, form))]


def stopping_from_dict(values: Mapping[str, Any]) -> StoppingRule:
    """The rule that `to_dict` wrote."""
    until = values.get("until", NUMBER)
    return RULES[until if isinstance(until, str) else WIDTHS].from_dict(values)
