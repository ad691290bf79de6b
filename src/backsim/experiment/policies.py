"""The policies of an experiment file: factors combined, and a model made for each.

Faults stand where the experiment file says what is wrong, also those of a scenario field that a
factor sets.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

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
from backsim.experiment.schema import ExperimentFile, Range, Sampled
from backsim.scenario.load import build, plain
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path, put
from backsim.scenario.yamlfile import Document, Fault, FileError, Location, read_yaml, spell
from backsim.study.experiment import Policy

MOST_POLICIES = 10_000
"""Each is a scenario of its own, and is compared with every other."""


def make_policies(file: ExperimentFile, document: Document, folder: Path) -> tuple[Policy, ...]:
    """The policies of a file.  Raises FileError with every fault found."""
    return _Maker(file, document, folder).policies()


class _Maker:
    """The steps from factors to models, each complete before the next."""

    def __init__(self, file: ExperimentFile, document: Document, folder: Path) -> None:
        self.file, self.document, self.folder = file, document, folder
        self.faults: list[Fault] = []
        self.checked: dict[str, bool] = {}

    def policies(self) -> tuple[Policy, ...]:
        combinations = self.combinations()
        self.check_names(combinations)
        self.stop_at_faults()
        bases = self.bases()
        several = len(bases) > 1
        made = []
        for scenario, base in bases.items():
            for c in combinations:
                name = f"{scenario} / {c.name}" if several else c.name
                settings = {"scenario": scenario, **c.settings} if several else dict(c.settings)
                model = self.model(base, c.changes)
                if model is not None:
                    made.append(Policy(name, settings, model))
        self.stop_at_faults()
        self.check_distinct(made)
        self.stop_at_faults()
        return tuple(made)

    def fault(self, path: Location, expected: str, found: Any = "") -> None:
        self.faults.append(self.document.fault(path, expected, found))

    def stop_at_faults(self) -> None:
        if self.faults:
            raise FileError(self.document.name, list(dict.fromkeys(self.faults)))

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
                self.fault(
                    ("design",), "no `design` with listed policies", file.design.model_dump()
                )
            listed = [
                Combination(name, dict(settings), changes_of(settings, ("policies", name)))
                for name, settings in file.policies.items()
            ]
            for combination in listed:
                self.check_overwritten(combination.changes, [(path, "set") for path in file.set])
            return listed
        factors = self.factors(file.factors or {})
        if isinstance(file.design, Sampled):
            return self.sampled(factors, file.design)
        only: dict[str, tuple[Level, ...]] = {}
        for name, levels in factors.items():
            if isinstance(levels, Range):
                sampled = "a list of levels, or a `design` that samples a range"
                self.fault(("factors", name), f"{sampled} (latin_hypercube, sobol)", "a range")
            else:
                only[name] = levels
        place = ("factors",)
        return full(only) if self.few(math.prod(map(len, only.values())), place) else []

    def sampled(
        self, factors: Mapping[str, tuple[Level, ...] | Range], design: Sampled
    ) -> list[Combination]:
        """The combinations of a sample."""
        kind = "sobol" if design.sobol is not None else "latin_hypercube"
        count = design.sobol or design.latin_hypercube or 0
        return sample(factors, design) if self.few(count, ("design", kind)) else []

    def few(self, count: int, place: Location) -> bool:
        """Whether the policies can be made, each of which is a scenario of its own."""
        count *= len(self.scenarios())
        if count > MOST_POLICIES:
            self.fault(place, f"at most {MOST_POLICIES:,} policies", f"{count:,}")
        return count <= MOST_POLICIES

    def factors(self, given: Mapping[str, Any]) -> dict[str, tuple[Level, ...] | Range]:
        """The factors' levels and ranges; none undoes what another before it sets."""
        factors: dict[str, tuple[Level, ...] | Range] = {}
        before = [(path, "set") for path in self.file.set]
        for name, value in given.items():
            if isinstance(value, Range):
                factors[name] = value
                changes: tuple[Change, ...] = (Change(name, None, ("factors", name)),)
            else:
                factors[name] = levels = levels_of(name, value)
                changes = tuple(change for level in levels for change in level.changes)
                self.check_labels(name, levels)
            self.check_overwritten(changes, before)
            before += [(path, name) for path in dict.fromkeys(c.path for c in changes)]
        return factors

    def check_overwritten(
        self, changes: Iterable[Change], before: Iterable[tuple[str, str]]
    ) -> None:
        """A change must not undo another, which would then mean nothing."""
        for change in changes:
            for path, owner in before:
                if undoes(change.path, path):
                    expected = f"a path that does not undo `{path}`, set by {owner}"
                    self.fault(change.place, expected, change.path)

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

    def model(self, base: Document, changes: tuple[Change, ...]) -> Model | None:
        """A policy's model; its faults are noted where the experiment file causes them."""
        document = copy.deepcopy(base)
        places: dict[str, Location] = {}
        changes = (*changes_of(self.file.set, ("set",)), *changes)
        for change in changes:
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
            ours = [self.here(fault, places) for fault in error.faults if fault.source in places]
            if not ours and not self.sound(base):
                raise
            self.faults += ours or [self.nearby(fault, places, changes) for fault in error.faults]
            return None

    def sound(self, base: Document) -> bool:
        """Whether a scenario file is right by itself, so that a change must be at fault."""
        if base.name not in self.checked:
            try:
                build(copy.deepcopy(base), Path(base.name).parent)
                self.checked[base.name] = True
            except FileError:
                self.checked[base.name] = False
        return self.checked[base.name]

    def nearby(
        self, fault: Fault, places: Mapping[str, Location], changes: tuple[Change, ...]
    ) -> Fault:
        """A fault of an unchanged field, at the change that stands nearest to it."""

        def shared(change: Change) -> int:
            pairs = zip(parse_path(change.path), fault.path, strict=False)
            return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

        nearest_change = max(changes, key=shared)
        return self.here(replace(fault, source=spell(nearest_change.place)), places)

    def here(self, fault: Fault, places: Mapping[str, Location]) -> Fault:
        """A fault of a scenario field, at the place in the experiment file that set it."""
        place = places[fault.source]
        field = spell(fault.path)
        said = field in ("", str(place[-1]), str(place[-2]))
        expected = fault.expected if said else f"{fault.expected} for {field}"
        return self.document.fault(place, expected, fault.found)

    def check_distinct(self, policies: Iterable[Policy]) -> None:
        """Two policies that are the same would be compared with themselves."""
        first: dict[str, str] = {}
        for policy in policies:
            other = first.setdefault(policy.model.digest, policy.name)
            if other != policy.name:
                listed = self.file.policies is not None and policy.name in self.file.policies
                place = ("policies", policy.name) if listed else ("factors",)
                found = f"'{policy.name}', the same as '{other}'"
                self.fault(place, "policies that differ", found)


def undoes(later: str, earlier: str) -> bool:
    """Whether setting a path makes what was set before of no effect: the same, or around it."""
    try:
        around, inside = parse_path(later), parse_path(earlier)
    except InputError:  # told elsewhere
        return False
    return [str(part) for part in inside[: len(around)]] == [str(part) for part in around]
