"""The policies of an experiment file: factors combined, and a model made for each.

Faults stand where the experiment file says what is wrong, also those of a scenario field that a
factor sets.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backsim.experiment.design import (
    Change,
    Combination,
    Level,
    changes_of,
    full,
    levels_of,
    sample,
    screening_of,
)
from backsim.experiment.models import Maker
from backsim.experiment.schema import SAMPLES, ExperimentFile, Range, Sampled
from backsim.quantities import WHOLE_NUMBER
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import Document, Fault, Location
from backsim.study.experiment import Policy
from backsim.study.screening import MORRIS, SOBOL, Screening

MOST_POLICIES = 10_000
"""Each is a scenario of its own, and is compared with every other."""


def make_policies(
    file: ExperimentFile, document: Document, folder: Path, base: Model | None = None
) -> tuple[Policy, ...]:
    """The policies of a file, of the scenario that it names or a model.

    Raises FileError with every fault found.
    """
    return _Policies(file, document, folder, base).policies()


def make_screening(
    file: ExperimentFile, document: Document, folder: Path, policies: tuple[Policy, ...]
) -> Screening | None:
    """The design of a file without fault that tells which factors matter, if it is one."""
    if not isinstance(file.design, Sampled):
        return None
    factors = _Policies(file, document, folder).factors(file.factors or {})
    return screening_of(factors, file.design, [policy.name for policy in policies])


class _Policies(Maker):
    """The steps from factors to models, each complete before the next."""

    def __init__(
        self, file: ExperimentFile, document: Document, folder: Path, base: Model | None = None
    ) -> None:
        super().__init__(file, document, folder)
        self.file: ExperimentFile = file
        self.base = base

    def policies(self) -> tuple[Policy, ...]:
        combinations = self.combinations()
        self.check_names(combinations)
        self.stop_at_faults()
        if self.base is not None:
            made = [Policy(c.name, dict(c.settings), self.changed(c)) for c in combinations]
            self.check_distinct(made)
            self.stop_at_faults()
            return tuple(made)
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

    def here(self, fault: Fault, places: Mapping[str, Location]) -> Fault:
        """A fault of a scenario field; of a range that gives no whole numbers, what it lacks."""
        found = super().here(fault, places)
        ranged = found.path[0] == "factors" and (self.file.factors or {}).get(str(found.path[-1]))
        if isinstance(ranged, Range) and found.expected.startswith(WHOLE_NUMBER):
            return replace(found, expected=f"{found.expected}: a range with `whole: true`")
        return found

    def changed(self, combination: Combination) -> Model:
        """The model that is given, with what a policy sets.  Raises FileError."""
        assert self.base is not None
        changes = {change.path: change.value for change in combination.changes}
        return self.base.replace({**self.file.set, **changes})

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
                kinds = f"a `design` that samples a range ({', '.join(SAMPLES)})"
                self.fault(("factors", name), f"a list of levels, or {kinds}", "a range")
            else:
                only[name] = levels
        place = ("factors",)
        return full(only) if self.few(math.prod(map(len, only.values())), place) else []

    def sampled(
        self, factors: Mapping[str, tuple[Level, ...] | Range], design: Sampled
    ) -> list[Combination]:
        """The combinations of a sample."""
        if design.kind in (MORRIS, SOBOL) and len(self.scenarios()) > 1:
            place, given = ("design", design.kind), f"{len(self.scenarios())} scenarios"
            self.fault(place, f"one scenario with `{design.kind}`", given)
            return []
        count = design.count(len(factors))
        return sample(factors, design) if self.few(count, ("design", design.kind)) else []

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
