"""From a file of known answers to the scenarios that are run for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from backsim.errors import InputError, nearest
from backsim.kinds import Kind, expect
from backsim.results.metrics import METRICS
from backsim.results.spec import SpecError, parse_metric
from backsim.scenario.load import build, check_form, plain
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path, put
from backsim.scenario.yamlfile import (
    Document,
    Fault,
    FileError,
    Location,
    read_yaml,
    show,
    spell,
)
from backsim.validation.case import Case, Function, Look, Measure
from backsim.validation.formula import is_formula, parse_formula
from backsim.validation.measures import MEASURES
from backsim.validation.schema import AnswerFile, Expected, Optimal, Optimum, Settings

Found = TypeVar("Found")
Given = ParamSpec("Given")


@dataclass(frozen=True)
class Answer:
    """One known value, the case that is run for it, and how a run measures it.

    Where `neighbours` are given, `value` is an optimal level, and `measure` must not be better in
    any of their cases.
    """

    id: str
    instance: str
    family: str
    metric: str
    """The name of the value in its file."""
    value: Any
    source: str
    case: Case
    measure: Function
    share: bool = False
    """It is a probability or a share, between 0 and 1."""
    tolerance: float = 0.0
    """How far a right result may be from the value, chance apart."""
    half_width: float = 0.0
    """Of the value's own 95 % interval, if it is a simulation estimate."""
    neighbours: Mapping[float, Case] = field(default_factory=dict)
    sign: float = 1.0
    """1 if less is better, else -1."""
    precision: float = 0.0
    """Half-width asked of the estimate, as a share of the value (0: by default), or of what a
    neighbour costs more, as a share of the cost."""

    @property
    def cases(self) -> list[Case]:
        """What is run: the case itself, then its neighbours."""
        return [self.case, *self.neighbours.values()]

    @property
    def tests(self) -> int:
        """Statistical tests that are made."""
        return (len(self.neighbours) or 1) * int(self.case.random)


@dataclass(frozen=True, slots=True)
class Measured:
    """How a run is measured, and what that yields."""

    function: Function
    share: bool = False
    is_number: bool = True


def read(path: str | Path) -> tuple[Answer, ...]:
    """The answers of a file.  Raises FileError with every fault found, InputError for another kind.

    The file's name is the instance, its folder's name the family.
    """
    document = read_yaml(expect(path, Kind.KNOWN_ANSWERS))
    file, faults = check_form(document, AnswerFile)
    if file is None or faults:
        raise FileError(document.name, faults)
    return _Reader(document, file, Path(path).absolute()).answers()


class _Reader:
    """Turns the entries of a file into answers, and gathers the faults."""

    def __init__(self, document: Document, file: AnswerFile, path: Path) -> None:
        self.document, self.file, self.path = document, file, path
        self.faults: list[Fault] = []

    def answers(self) -> tuple[Answer, ...]:
        file = self.file
        scenario, self.model = self._resolved({}, ("scenario",))
        self.case = Case(scenario, self.path.parent, file.random, file.cycle, file.lead_times)
        found = [self._attempt(self._expected, name, known) for name, known in file.expect.items()]
        if file.optimal is not None:
            found += self._optima(file.optimal)
        if self.faults:
            raise FileError(self.document.name, self.faults)
        return tuple(answer for answer in found if answer is not None)

    def _attempt(
        self, read: Callable[Given, Found], *given: Given.args, **named: Given.kwargs
    ) -> Found | None:
        try:
            return read(*given, **named)
        except FileError as error:
            self.faults += error.faults
            return None

    def _answer(self, name: str, value: Any, case: Case, measured: Measured) -> Answer:
        instance = self.path.stem
        return Answer(
            id=f"{instance}.{name}",
            instance=instance,
            family=self.path.parent.name,
            metric=name,
            value=value,
            source=self.file.source,
            case=case,
            measure=measured.function,
            share=measured.share,
        )

    def _expected(self, name: str, known: Expected) -> Answer:
        place: Location = ("expect", name)
        where = (*place, "metric") if known.metric else place
        measured = self._measured(known.metric or name, where)
        if measured.is_number != _is_number(known.value):
            kind = "a number" if measured.is_number else "a list or a mapping"
            long = isinstance(self.document.values["expect"][name], dict)
            raise self._error((*place, "value") if long else place, kind, show(known.value))
        case = self._changed(known.set, (*place, "set"))
        tolerance = self.file.tolerance if known.tolerance is None else known.tolerance
        if known.unit != 1.0:
            measured = replace(measured, function=_in_units(measured.function, known.unit))
        return replace(
            self._answer(name, plain(known.value), case, measured),
            tolerance=0.0 if known.half_width else tolerance + known.allowance,
            half_width=known.half_width,
            precision=known.precision or 0.0,
        )

    def _optima(self, optimal: Optimal) -> list[Answer | None]:
        measured = self._attempt(self._measured, optimal.of, ("optimal", "of"))
        if measured is None:
            return []
        return [
            self._attempt(self._optimum, path, level, optimal, measured)
            for path, level in optimal.levels.items()
        ]

    def _optimum(
        self, path: str, level: int | Optimum, optimal: Optimal, measured: Measured
    ) -> Answer:
        place: Location = ("optimal", path)
        name, value, case = path, level, self.case
        if isinstance(level, Optimum):
            value = plain(level.value)
            neighbours = {
                float(label): self._changed(settings, (*place, "neighbours", label))
                for label, settings in level.neighbours.items()
            }
        else:
            case = self._changed({path: level}, place)
            neighbours = self._one_unit_away(path, level, place)
            name = self._name_of_level(path, optimal)
        if name in self.file.expect:
            raise self._error(place, "a name that `expect` does not use", f"'{name}'")
        return replace(
            self._answer(name, value, case, measured),
            neighbours=neighbours,
            sign=-1.0 if optimal.most else 1.0,
            precision=optimal.precision,
        )

    def _name_of_level(self, path: str, optimal: Optimal) -> str:
        """S_opt for policy.reorder.S, unless another path ends in S as well."""
        last = parse_path(path)[-1]
        plain_levels = [p for p, level in optimal.levels.items() if isinstance(level, int)]
        alone = sum(parse_path(p)[-1] == last for p in plain_levels) == 1
        return f"{last if alone else path}_opt"

    def _one_unit_away(self, path: str, level: int, place: Location) -> dict[float, Case]:
        """The cases of the levels below and above, as far as a scenario may have them."""
        found: dict[float, Case] = {}
        for other in (level - 1, level + 1):
            try:
                found[other] = self._changed({path: other}, place)
            except FileError:
                continue  # the level itself is accepted: this one is out of bounds
        if not found:
            raise self._error(place, "a level with a neighbour", level)
        return found

    def _changed(self, settings: Settings, place: Location) -> Case:
        """The file's case with some fields of the scenario changed.  Raises FileError."""
        if not settings:
            return self.case
        scenario, _ = self._resolved(settings, place)
        return replace(self.case, scenario=scenario)

    def _resolved(self, settings: Settings, place: Location) -> tuple[dict[str, Any], Model]:
        """The scenario with some fields changed, as written and resolved.  Raises FileError."""

        def inside() -> dict[Location, tuple[int, int]]:
            places = self.document.positions.items()
            return {path[1:]: at for path, at in places if path[:1] == ("scenario",)}

        scenario = Document(self.document.name, plain(self.document.values["scenario"]), inside)
        try:
            for path, value in settings.items():
                put(scenario, parse_path(path), plain(value), spell(place))
            return scenario.values, build(scenario, self.path.parent)
        except FileError as error:
            faults = [self._here(fault, place) for fault in error.faults]
            raise FileError(self.document.name, faults) from None
        except InputError as error:  # a path that is none
            expected = str(error).removeprefix("--set: expected ")
            raise self._error(place, expected) from None

    def _here(self, fault: Fault, place: Location) -> Fault:
        """A fault of the scenario as one of this file."""
        path: Location = ("scenario", *fault.path)
        if not fault.source:
            return replace(fault, path=path)
        there = self.document.fault(place, "")
        return replace(fault, path=path, line=there.line, column=there.column)

    def _measured(self, metric: str | Mapping[str, Any], place: Location) -> Measured:
        """How a run measures a metric, or arithmetic of metrics."""
        if isinstance(metric, str) and is_formula(metric):
            return self._of_formula(metric, place)
        name, *arguments = [metric] if isinstance(metric, str) else _only_item(metric)
        if name in MEASURES:
            found = MEASURES[name]
            return Measured(self._registered(found, arguments, place), found.share, found.is_number)
        if arguments:
            raise self._error(place, f"a measure ({nearest(name, list(MEASURES))})", f"'{name}'")
        views = [("class", name) for name in self.model.classes]
        views += [("product", name) for name in self.model.products]
        views += [("site", name) for name in self.model.sites]
        try:
            spec = parse_metric(name, views)
        except SpecError as error:
            known = [*METRICS, *MEASURES]
            wanted = error.expected if "[" in name else f"a metric ({nearest(name, known)})"
            raise self._error(place, wanted, error.found) from None
        return Measured(
            lambda look: look.get(spec.metric, spec.dimension, spec.member),
            spec.is_share,
        )

    def _of_formula(self, text: str, place: Location) -> Measured:
        try:
            names, value = parse_formula(text)
        except (ArithmeticError, ValueError):
            what = "numbers and metrics with + - * / ** between them"
            raise self._error(place, what, show(text)) from None
        parts = {name: self._measured(name, place) for name in names}
        return Measured(
            lambda look: value({name: part.function(look) for name, part in parts.items()}),
            all(part.share for part in parts.values()),
            all(part.is_number for part in parts.values()),
        )

    def _registered(self, measure: Measure, arguments: list[Any], place: Location) -> Function:
        if len(arguments) != bool(measure.argument):
            form = f"{{{measure.name}: {measure.argument}}}" if measure.argument else measure.name
            raise self._error(place, f"`{form}`", show(arguments[0]) if arguments else "nothing")
        if arguments:
            kind = get_type_hints(measure.function)[measure.argument]
            try:
                arguments = [TypeAdapter(kind).validate_python(plain(arguments[0]))]
            except ValidationError:
                what = {float: "a number", int: "a whole number"}.get(kind, "numbers by class")
                expected = f"{what} as `{measure.argument}`"
                raise self._error(place, expected, show(arguments[0])) from None

        def measured(look: Look) -> Any:
            try:
                return measure.function(look, *arguments)
            except (LookupError, TypeError, ValueError) as error:
                raise InputError(
                    f"{self.path.name}: {measure.name}: this scenario has not what it measures"
                    f" ({error})"
                ) from error

        return measured

    def _error(self, place: Location, expected: str, found: Any = "") -> FileError:
        return FileError(self.document.name, [self.document.fault(place, expected, found)])


def _only_item(metric: Mapping[str, Any]) -> tuple[Any, ...]:
    """The name and the argument of `{wait_above: 2.5}`."""
    return next(iter(metric.items())) if len(metric) == 1 else (show(metric), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_units(measure: Function, unit: float) -> Function:
    """The measure in units of the source."""
    return lambda look: measure(look) / unit
