"""How experiments are checked, and what came of checking one."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from backsim.regression.judge import Judgement


@dataclass(frozen=True, slots=True)
class Settings:
    """How checks are run."""

    folder: Path | None = None
    """Where baselines are; `baselines/` beside each experiment if None."""
    workers: int | None = None
    engine: str = "auto"
    replications: int | None = None
    """For a baseline that is written: instead of its own number, or the experiment's."""
    strict: bool = False
    """Fail also where a metric is not surely within its margin."""
    rules: tuple[Path, ...] = ()
    """Files of the user's rules, which are loaded already: for the commands that are told."""


@dataclass(frozen=True)
class Check:
    """What came of checking one experiment."""

    file: Path
    baseline: Path
    judgement: Judgement | None = None
    """None when it could not be checked, or a baseline was written."""
    error: str = ""
    """Why it could not be checked."""
    bad_input: bool = False
    """Whether that is a fault of a file, rather than of a run."""
    updated: bool | None = None
    """Whether the baseline has been written anew; None when that was not asked for."""
    replications: int = 0
    error_rate: float = 0.0
    warnings: tuple[str, ...] = ()
    """What the experiment's objective rewards that nobody means."""
    strict: bool = False
    seconds: float = 0.0
    told: str = ""
    """What came of checking a search, in words."""
    lost: bool = False
    """Whether the answer of a search is not what it was."""
    settings: Settings | None = field(default=None, repr=False)

    def command(self, verb: str, *options: str) -> str:
        """A command on this experiment that runs as it is: `backsim check FILE --update`."""
        return command(verb, self.file, self.settings, *options)

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.file.stem

    @property
    def failed(self) -> bool:
        """Whether something has changed that counts, or a run has failed."""
        found = self.judgement
        if found is None:
            return self.lost or (bool(self.error) and not self.bad_input)
        return found.failed or (self.strict and found.unsure)

    @property
    def code(self) -> int:
        """0 ok, 1 changed beyond a margin, 2 bad input."""
        return 2 if self.bad_input else int(self.failed)


def command(verb: str, file: Path, settings: Settings | None, *options: str) -> str:
    """A command line on an experiment, with the options that it needs to find the same files."""
    words = ["backsim", verb, _short_path(file)]
    if settings is not None:
        if verb == "check" and settings.folder is not None:
            words += ["--baseline", _short_path(settings.folder)]
        for rules in settings.rules:
            words += ["--rules", _short_path(rules)]
    return shlex.join([*words, *options])


def _short_path(path: Path) -> str:
    """A path from the working folder, where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
