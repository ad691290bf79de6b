"""A baseline: what an experiment's results were, and which change of them counts.

One YAML file an experiment, in a stable order.  A person may edit the number of replications, the
error rate and the margins; `--update` keeps them and writes the rest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, Field

from backsim.errors import InputError
from backsim.experiment.schema import Seed
from backsim.files import check_folder, text_digest, write_text
from backsim.quantities import Unit
from backsim.regression.margins import Margin
from backsim.results.madewith import Provenance
from backsim.scenario.load import check_form
from backsim.scenario.part import fault
from backsim.scenario.shorthand import Name, Spec
from backsim.scenario.yamlfile import Document, Fault, FileError, read_yaml
from backsim.study.stopping.form import Count

ERROR_RATE = 0.01
DIGITS = 6
"""Significant digits of a value: enough for a test, few enough to read."""

HEADER = """\
# Baseline of `backsim check`.  Edit replications, error_rate and margins as you like: `--update`
# keeps them and writes the rest.
#
# Nothing that counts has changed since: every digest must be equal.
# Something has (code, versions, scenario, policies): a metric has changed when a paired t interval
# for its mean change, on the same random numbers, lies beyond its margin as a whole.  All intervals
# of this file are simultaneous (Bonferroni): if no mean has moved beyond its margin, the chance
# that anything is reported at all is at most error_rate.
"""


def _numbers(text: str) -> str:
    try:
        [float(word) for word in text.split()]
    except ValueError:
        raise fault("numbers with spaces between them") from None
    return text


Numbers = Annotated[str, Field(min_length=1), AfterValidator(_numbers)]


class MadeWith(Spec):
    """What the results were made with, as far as it may change a number."""

    versions: Mapping[str, str]
    """Packages, and a hash of backsim's source."""
    python: str
    """Version of Python."""
    arithmetic: str
    """Operating system, C library and kind of processor."""

    @property
    def provenance(self) -> Provenance:
        """The same as a value that can be compared."""
        return Provenance.from_dict(self.model_dump())


class Digests(Spec):
    """Hashes that are equal when results are, to the bit."""

    scenario: str
    """The explicit scenario, its data files, and the source of a user's rules."""
    tape: str
    """The part of the scenario that decides the random world."""
    orders: str
    """What customers do in replication 0."""
    lead_times: str
    """Lead and service times in replication 0."""
    log: str
    """The log of replication 0."""
    results: str
    """Every metric and profile of all replications."""
    values: str = ""
    """The values below, as they are written here."""


class PolicyResults(Spec):
    """The results of a policy."""

    digests: Digests
    """Hashes that are equal when results are."""
    sets: Mapping[str, str] = {}
    """What its resolved scenario sets otherwise than `fields` of the baseline."""
    values: Mapping[str, Numbers]
    """Each metric's value in each replication."""

    def array(self, metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """A metric's values."""
        return np.array([float(word) for word in self.values[metric].split()])


class Baseline(Spec):
    """What an experiment's results were, and which change of them counts."""

    format: Literal[1]
    """Of this file."""
    experiment: str
    """Name of the experiment."""
    seed: Seed
    """Its seed."""
    replications: Count
    """How many replications are compared."""
    error_rate: Annotated[float, Gt(0), Le(0.2), Ge(1e-9), Unit("probability")] = ERROR_RATE
    """The chance that anything is reported although no mean has moved beyond its margin."""
    margins: Annotated[Mapping[str, Margin], Field(min_length=1)]
    """Margin of each metric, upwards and downwards."""
    made_with: MadeWith
    """What the results were made with."""
    fields: Mapping[str, str] = {}
    """The resolved scenario of the first policy, field by field, its data files and rules."""
    policies: Annotated[Mapping[Name, PolicyResults], Field(min_length=1)]
    """The results of each policy."""


def baseline_file(experiment: Path, folder: Path | None) -> Path:
    """Where an experiment's baseline is: `baselines/` beside it, unless told otherwise."""
    return (folder or experiment.parent / "baselines") / f"{experiment.stem}.yaml"


def read_baseline(path: Path, whole: bool = True) -> tuple[Baseline, Document]:
    """Read a baseline.  Raises FileError with every fault found.

    Not `whole` is what a person may edit alone: the values are to be written anew.
    """
    document = read_yaml(path)
    baseline, faults = check_form(document, Baseline)
    if baseline is not None and not faults and whole:
        faults = _faults_of_values(baseline, document)
    if baseline is None or faults:
        raise FileError(document.name, faults)
    return baseline, document


def _faults_of_values(baseline: Baseline, document: Document) -> list[Fault]:
    """Values that are not as many as replications, or not those that were written."""
    counts = {
        len(text.split()) for found in baseline.policies.values() for text in found.values.values()
    }
    if counts and counts != {baseline.replications}:
        held = " or ".join(map(str, sorted(counts)))
        expected = f"{held}, as many as each metric has values (--update makes as many as it says)"
        return [document.fault(("replications",), expected, str(baseline.replications))]
    return [
        document.fault(
            ("policies", name, "values"),
            "the values that were written (--update writes those of now)",
            "others",
        )
        for name, found in baseline.policies.items()
        if found.digests.values and found.digests.values != values_digest(found.values)
    ]


def values_digest(values: Mapping[str, str]) -> str:
    """A hash of the values of a policy, as they are written."""
    text = "".join(f"{name}: {' '.join(numbers.split())}\n" for name, numbers in values.items())
    return text_digest(text)[:16]


def write_baseline(baseline: Baseline, path: Path) -> bool:
    """Write a baseline; False when the file says just that already.  Raises InputError."""
    return put(HEADER + "".join(_lines(baseline.model_dump(mode="json"))), path)


def put(text: str, path: Path) -> bool:
    """Write a text; False when the file says just that already.  Raises InputError."""
    try:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return False
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: expected a readable file ({error})") from None
    check_folder(path.parent)
    write_text(path, text)
    return True


def spell_value(value: float) -> str:
    """A value as a baseline holds it."""
    return f"{value:.{DIGITS}g}"


INLINE = ("versions", "digests", "sets")
"""Mappings written on one line."""
WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""What YAML does not take for text."""


def _lines(values: Mapping[str, Any], indent: str = "", inline: bool = False) -> list[str]:
    """A mapping as YAML: blocks, with small mappings on one line."""
    lines = []
    for key, value in values.items():
        name = _key(key)
        if isinstance(value, Mapping) and not value:
            continue
        if not isinstance(value, Mapping):
            lines.append(f"{indent}{name}: {_scalar(value)}\n")
        elif inline or key in INLINE:
            inside = ", ".join(f"{_key(k)}: {_scalar(v)}" for k, v in value.items())
            lines.append(f"{indent}{name}: {{{inside}}}\n")
        else:
            lines.append(f"{indent}{name}:\n")
            lines += _lines(value, indent + "  ", inline=key == "margins")
    return lines


def _key(key: str) -> str:
    plain = key.isascii() and key.isidentifier() and key.lower() not in WORDS
    return key if plain else json.dumps(key, ensure_ascii=False)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if value == "none" else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
