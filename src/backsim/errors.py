"""backsim's errors.  Every message says where, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class BacksimError(Exception):
    """Any error that backsim raises on purpose."""


class InputError(BacksimError):
    """Something the user gave is wrong: a file, an option, an argument.  Exit code 2."""


class RuleError(InputError):
    """A rule is badly written, unknown, or does not compile."""


class TapeError(BacksimError):
    """A tape was played against a model that it was not drawn for."""


class LedgerError(BacksimError):
    """Units appeared or vanished: a defect of the kernel or of a process beside it."""


def nearest(name: str, known: Sequence[str]) -> str:
    """The known names nearest to a wrong one, as the end of a sentence."""
    near = get_close_matches(str(name), known, n=3, cutoff=0.5) or list(known)
    few = ", ".join(near[:8])
    return few + (", ..." if len(near) > 8 else "")
