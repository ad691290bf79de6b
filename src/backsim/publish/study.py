"""A study to be written about: its experiment, where it comes from, and what its files say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from backsim.experiment.kept import read_kept
from backsim.experiment.load import load_experiment
from backsim.experiment.play import load_study
from backsim.kinds import Kind, expect, kind_of
from backsim.results.madewith import environment
from backsim.results.revision import revision
from backsim.scenario.model import Model
from backsim.study.experiment import Experiment
from backsim.study.study import Study


@dataclass(frozen=True)
class Written:
    """An experiment, and its study where it has been played."""

    path: Path
    experiment: Experiment = field(repr=False)
    made_with: Mapping[str, Any] = field(repr=False)
    """Versions, source, platform."""
    study: Study | None = field(default=None, repr=False)
    seconds: float = 0.0
    """Processor time of all replications."""

    @property
    def models(self) -> dict[str, Model]:
        """Policy -> model."""
        return {policy.name: policy.model for policy in self.experiment.policies}

    @property
    def base(self) -> Model:
        """The model of the policy that the others are compared with."""
        return self.models[self.experiment.reference]

    @cached_property
    def comments(self) -> str:
        """What the comments at the start of the scenario's file say; "" if it is not at hand."""
        return header(Path(self.base.name))


def read_study_of(path: Path) -> Written:
    """An experiment file, or a folder of `compare --out`.

    Raises InputError for another kind of file, StudyError for a study that is damaged.
    """
    expect(path, Kind.EXPERIMENT, Kind.STUDY)
    if kind_of(path) is not Kind.STUDY:
        experiment = load_experiment(path)
        folder = experiment.policies[0].model.folder
        return Written(path, experiment, {**environment(), "revision": revision(folder)})
    study = load_study(path)
    with read_kept(path) as kept:
        seconds = sum(result.seconds for result in kept.results())
    return Written(path, study.experiment, study.provenance, study, seconds)


def header(file: Path) -> str:
    """The comments at the start of a file, as paragraphs of text."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    lines = re.match(r"(?:[ \t]*#[^\n]*\n|[ \t]*\n)*", text)
    said = [line.strip().lstrip("#").strip() for line in (lines[0] if lines else "").split("\n")]
    return " ".join(" ".join(said).split())
