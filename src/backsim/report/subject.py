"""What a figure is of: a study, or a run as a study of one policy and one replication."""

from __future__ import annotations

from backsim.errors import InputError
from backsim.results.run import Run
from backsim.study.study import Study


def as_study(subject: Study | Run, figure: str = "", several: bool = False) -> Study:
    """A study, of one run if need be.  Raises InputError when `several` policies are needed."""
    study = Study.of(subject) if isinstance(subject, Run) else subject
    if several and len(study.policies) < 2:
        raise InputError(f"{figure}: expected a study of 2 policies or more, got 1")
    return study
