"""Models that differ from a scenario file in some fields.

Faults stand where the file of the experiment says what is wrong, also those of a scenario field
that it sets.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

from backsim.errors import InputError
from backsim.experiment.design import Change, changes_of
from backsim.scenario.load import Known, build, known_of, plain
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path, put
from backsim.scenario.yamlfile import (
    Document,
    Fault,
    FaultFinder,
    FileError,
    Location,
    read_yaml,
    spell,
)


class OfScenarios(Protocol):
    """What a file says of the scenarios that it is about."""

    @property
    def scenario(self) -> str | Mapping[str, str]:
        """The scenario file, or several by name."""

    @property
    def set(self) -> Mapping[str, Any]:
        """Fields of the scenario, by path, that differ in every policy."""


class Maker(FaultFinder):
    """Makes models, and collects the faults of what it is asked to set."""

    def __init__(self, file: OfScenarios, document: Document, folder: Path) -> None:
        self.file, self.document, self.folder = file, document, folder
        self.faults: list[Fault] = []
        self.checked: dict[str, bool] = {}
        self.known: dict[str, Known | None] = {}
        """What is known of each scenario from the model made last."""

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
                reason = error.faults[0].expected.removeprefix("a readable file ")
                expected = f"a readable scenario file, from the folder of this one {reason}"
                self.fault(place, expected, str(self.folder / file))
        self.stop_at_faults()
        return found

    def model(self, base: Document, changes: tuple[Change, ...]) -> Model | None:
        """A policy's model; its faults are noted where the experiment file causes them."""
        document = copy.copy(base)
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
            model = build(document, Path(base.name).parent, self.known.get(base.name))
            self.known[base.name] = known_of(model)
            return model
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
                build(copy.copy(base), Path(base.name).parent)
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

    def check_overwritten(
        self, changes: Iterable[Change], before: Iterable[tuple[str, str]]
    ) -> None:
        """A change must not undo another, which would then mean nothing."""
        for change in changes:
            for path, owner in before:
                if undoes(change.path, path):
                    expected = f"a path that does not undo `{path}`, set by {owner}"
                    self.fault(change.place, expected, change.path)


def undoes(later: str, earlier: str) -> bool:
    """Whether setting a path makes what was set before of no effect: the same, or around it."""
    try:
        around, inside = parse_path(later), parse_path(earlier)
    except InputError:  # told elsewhere
        return False
    return [str(part) for part in inside[: len(around)]] == [str(part) for part in around]
