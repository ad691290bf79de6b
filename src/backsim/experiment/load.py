"""From an experiment file to an `Experiment`: read, validate, combine, make every model.

Faults stand where the experiment file says what is wrong, also those of a scenario field that a
factor sets.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from backsim.errors import InputError
from backsim.experiment.design import (
    Change,
    Combination,
    Level,
    changes_of,
    full,
    levels_of,
    sample,
)
from backsim.experiment.experiment import (
    Experiment,
    Fixed,
    Policy,
    Precise,
    Separated,
    Stopping,
)
from backsim.experiment.schema import ExperimentFile, Range, Sampled, Sequential, Share
from backsim.results.metrics import views_of
from backsim.results.spec import (
    MetricSpec,
    SpecError,
    parse_constraint,
    parse_metric,
    parse_objective,
)
from backsim.scenario.load import build, check_form, plain, read
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path, put
from backsim.scenario.part import nearest
from backsim.scenario.yamlfile import Document, Fault, FileError, Location, read_yaml, spell

T = TypeVar("T")


def load_experiment(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Read an experiment file and make every policy's model.

    `overrides` are texts `path=value`, as of `--set`: fields of the experiment (`seed=2`), or of
    the scenario below `set` (`set.horizon=500`).  Raises FileError with every fault found.
    """
    document = read(path, overrides)
    return _Loader(document, Path(path).parent).experiment()


class _Loader:
    """The steps from a document to an experiment, each complete before the next."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document, self.folder = document, folder
        self.faults: list[Fault] = []
        self.file: ExperimentFile

    def experiment(self) -> Experiment:
        file, self.faults = check_form(self.document, ExperimentFile)
        self.stop_at_faults()
        assert file is not None
        self.file = file
        combinations = self.combinations()
        self.check_names(combinations)
        self.stop_at_faults()
        bases = self.bases()
        several = len(bases) > 1
        models: dict[str, Any] = {}
        policies = []
        for scenario, base in bases.items():
            for c in combinations:
                name = f"{scenario}, {c.name}" if several else c.name
                settings = {"scenario": scenario, **c.settings} if several else dict(c.settings)
                models[name] = self.model(base, c.changes)
                policies.append((name, settings))
        self.faults = list(dict.fromkeys(self.faults))
        self.stop_at_faults()
        self.check_distinct(models)
        views = dict.fromkeys(view for model in models.values() for view in views_of(model))
        reference = self.reference([name for name, _ in policies])
        made = Experiment(
            name=self.document.name,
            policies=tuple(Policy(name, given, models[name]) for name, given in policies),
            factors=_levels([given for _, given in policies]),
            stopping=self.stopping(tuple(views)),
            metrics=self.metrics(tuple(views)),
            seed=file.seed,
            title=file.title,
            question=file.question,
            objective=self.parsed(("objective",), file.objective, parse_objective, tuple(views))
            if file.objective is not None
            else None,
            constraints=tuple(
                found
                for i, text in enumerate(file.constraints)
                if (found := self.listed("constraints", i, text, parse_constraint, tuple(views)))
            ),
            reference=reference,
            confidence=file.confidence,
        )
        self.check_objective(made)
        self.stop_at_faults()
        return made

    def fault(self, path: Location, expected: str, found: Any = "") -> None:
        self.faults.append(self.document.fault(path, expected, found))

    def stop_at_faults(self) -> None:
        if self.faults:
            raise FileError(self.document.name, self.faults)

    # -- policies --------------------------------------------------------------------------

    def combinations(self) -> list[Combination]:
        """The policies, before their models are made."""
        file = self.file
        if (file.policies is None) == (file.factors is None):
            given = "both" if file.factors else "neither"
            place = ("factors",) if file.factors else ()
            self.fault(place, "either `policies` or `factors`", given)
            return []
        if file.policies is not None:
            if file.design != "full":
                self.fault(("design",), "no `design` with listed policies", file.design.model_dump())
            return [
                Combination(name, dict(settings), changes_of(settings, ("policies", name)))
                for name, settings in file.policies.items()
            ]
        factors = self.factors(file.factors or {})
        if isinstance(file.design, Sampled):
            return sample(factors, file.design)
        only: dict[str, tuple[Level, ...]] = {}
        for name, levels in factors.items():
            if isinstance(levels, Range):
                sampled = "a list of levels, or a `design` that samples a range"
                self.fault(("factors", name), f"{sampled} (latin_hypercube, sobol)", "a range")
            else:
                only[name] = levels
        return full(only)

    def factors(self, given: Mapping[str, Any]) -> dict[str, tuple[Level, ...] | Range]:
        """The factors' levels and ranges; no path is set by two of them."""
        factors: dict[str, tuple[Level, ...] | Range] = {}
        owner: dict[str, str] = {}
        for name, value in given.items():
            levels = value if isinstance(value, Range) else levels_of(name, value)
            factors[name] = levels
            changes = [] if isinstance(levels, Range) else [c for v in levels for c in v.changes]
            paths = {name: ("factors", name)} if isinstance(levels, Range) else {}
            paths |= {change.path: change.place for change in changes}
            for path, place in paths.items():
                other = owner.setdefault(path, name)
                if other != name:
                    self.fault(place, "a path that no other factor sets", f"{path}, as in {other}")
            if not isinstance(levels, Range):
                self.check_labels(name, levels)
        return factors

    def check_labels(self, name: str, levels: tuple[Level, ...]) -> None:
        seen: dict[Any, int] = {}
        for index, level in enumerate(levels):
            if level.label in seen:
                self.fault(("factors", name, index), "each level once", f"'{level.label}' again")
            seen[level.label] = index

    def check_names(self, combinations: list[Combination]) -> None:
        if self.faults:
            return
        if len(combinations) * (len(self.scenarios()) or 1) < 2:
            place = ("policies",) if self.file.policies else ("factors",)
            self.fault(place, "at least two policies to compare", str(len(combinations)))
        for name, count in Counter(c.name for c in combinations).items():
            if count > 1:
                self.fault(("factors",), "policies with different names", f"'{name}' {count} times")

    def scenarios(self) -> dict[str, str]:
        """The scenario files by name; one without a name has the name ''."""
        given = self.file.scenario
        return {"": given} if isinstance(given, str) else dict(given)

    def bases(self) -> dict[str, Document]:
        """The scenario files as documents, not checked yet."""
        found = {}
        for name, file in self.scenarios().items():
            place = ("scenario", name) if name else ("scenario",)
            try:
                found[name] = read_yaml(self.folder / file)
            except FileError as error:
                if "readable file" not in str(error):
                    raise
                self.fault(place, "a readable scenario file", str(self.folder / file))
        self.stop_at_faults()
        return found

    def model(self, base: Document, changes: Iterable[Change]) -> Model | None:
        """A policy's model; its faults are noted where the experiment file causes them."""
        document = copy.deepcopy(base)
        places: dict[str, Location] = {}
        for change in (*changes_of(self.file.set, ("set",)), *changes):
            key = spell(change.place)
            places[key] = change.place
            try:
                put(document, parse_path(change.path), plain(change.value), key)
            except FileError as error:
                self.faults += [self.here(fault, places) for fault in error.faults]
                return None
            except InputError:
                expected = "a path of a scenario field, such as policy.priority"
                self.fault(change.place, expected, repr(change.path))
                return None
        try:
            return build(document, Path(base.name).parent)
        except FileError as error:
            ours = [fault for fault in error.faults if fault.source in places]
            if not ours:  # the scenario file's own
                raise
            self.faults += [self.here(fault, places) for fault in ours]
            return None

    def here(self, fault: Fault, places: Mapping[str, Location]) -> Fault:
        """A fault of a scenario field, at the place in the experiment file that set it."""
        place = places[fault.source]
        at = self.document.fault(place, fault.expected, fault.found)
        field = spell(fault.path)
        if not field or str(place[-1]) == field:
            return at
        return Fault(place, f"{field}: {fault.expected}", at.found, at.line, at.column, at.source)

    def check_distinct(self, models: Mapping[str, Model]) -> None:
        """Two policies that are the same would be compared with themselves."""
        first: dict[str, str] = {}
        for name, model in models.items():
            other = first.setdefault(model.digest, name)
            if other != name:
                known = self.file.policies is not None
                place = ("policies", name) if known else ("factors",)
                found = f"'{name}', the same as '{other}'"
                self.fault(place, "policies that differ", found)
        self.stop_at_faults()

    def reference(self, names: list[str]) -> str:
        given = self.file.reference
        if given is not None and given not in names:
            expected = f"the name of a policy ({nearest(given, names)})"
            self.fault(("reference",), expected, repr(given))
        return given or names[0]

    # -- what is measured ------------------------------------------------------------------

    def parsed(
        self, place: Location, text: str, parse: Callable[[str, Any], T], views: Any
    ) -> T | None:
        try:
            return parse(text, views)
        except SpecError as error:
            self.fault(place, error.expected, error.found)
            return None

    def listed(
        self, field: str, index: int, text: str, parse: Callable[[str, Any], T], views: Any
    ) -> T | None:
        """A parsed entry of a list, which may be written as one entry."""
        written = field in self.document.values
        place = self.document.entry((field,), index) if written else (field,)
        return self.parsed(place, text, parse, views)

    def metrics(self, views: tuple[tuple[str, str], ...]) -> tuple[MetricSpec, ...]:
        found = [
            self.listed("metrics", i, text, parse_metric, views)
            for i, text in enumerate(self.file.metrics)
        ]
        return tuple(dict.fromkeys(spec for spec in found if spec is not None))

    def stopping(self, views: tuple[tuple[str, str], ...]) -> Stopping:
        given = self.file.replications
        if isinstance(given, int):
            return Fixed(given)
        if given.until == "best":
            return Separated(float(given.indifference or 0.0), given.least, given.most)
        return self.precise(given, views)

    def precise(self, given: Sequential, views: tuple[tuple[str, str], ...]) -> Precise:
        assert not isinstance(given.until, str)
        place = ("replications", "until")
        found = {
            self.parsed((*place, text), text, parse_metric, views): width
            for text, width in given.until.items()
        }
        widths = {spec: width for spec, width in found.items() if spec is not None}
        return Precise(
            {s: w.share if isinstance(w, Share) else float(w) for s, w in widths.items()},
            {s: isinstance(w, Share) for s, w in widths.items()},
            given.least,
            given.most,
        )

    def check_objective(self, made: Experiment) -> None:
        """`until: best` and constraints need something to be best at."""
        if made.objective is not None or self.file.objective is not None:
            return
        if isinstance(made.stopping, Separated):
            expected = "an `objective` with `until: best`, such as minimise cost.total"
            self.fault(("replications", "until"), expected, "none")
        if self.file.constraints:
            expected = "an `objective` with `constraints`, such as minimise cost.total"
            self.fault(("constraints",), expected, "none")


def _levels(settings: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """The levels of each factor that every policy sets, in order of appearance."""
    common = [key for key in settings[0] if all(key in given for given in settings)]
    return {
        key: tuple({_key(given[key]): given[key] for given in settings}.values()) for key in common
    }


def _key(value: Any) -> str:
    return f"{type(value).__name__}{value}"
