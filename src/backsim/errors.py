"""backsim's errors.  Every message says where, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

MOST_FAULTS = 20
"""Faults of a file that a message lists."""
MOST_CHARACTERS = 300
"""Characters of a value, a name or an expectation in a message."""
MOST_LINES, LONGEST_LINE = 100, 1500
"""What no message exceeds, whatever it is about."""


class BacksimError(Exception):
    """Any error that backsim raises on purpose."""


class InputError(BacksimError):
    """Something the user gave is wrong: a file, an option, an argument.  Exit code 2."""

    def __init__(self, message: str = "") -> None:
        lines = [short(line, LONGEST_LINE) for line in str(message).split("\n")]
        super().__init__("\n".join(first_of(lines, MOST_LINES, "lines")))


class RuleError(InputError):
    """A rule is badly written, unknown, or does not compile."""


class TapeError(BacksimError):
    """A tape was played against a model that it was not drawn for."""


class LedgerError(BacksimError):
    """Units appeared or vanished: a defect of the kernel or of a process beside it."""


def short(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text of at most so many characters: its start, and how long it is."""
    if len(text) <= most:
        return text
    end = f"... ({len(text):,} characters)"
    return text[: most - len(end)] + end


def first_of(lines: Sequence[str], most: int, what: str = "") -> list[str]:
    """The first of the lines, and how many more there are."""
    rest = len(lines) - most
    return [*lines[:most], *([f"and {rest:,} more {what}".rstrip()] if rest > 0 else [])]


def few(names: Sequence[str], most: int, total: int | None = None) -> str:
    """`a, b, c and 5 more`: the first of the names (of `total`), and how many more there are."""
    rest = (len(names) if total is None else total) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def counted(number: float, noun: str, nouns: str = "") -> str:
    """`1 line`, `2 lines`, `1,200 policies`: a number of things, which are `nouns` if not one."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def capitalized(text: str) -> str:
    """A text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str], most: int = 4) -> str:
    """`a, b and c`; of more than `most` the first few and how many more."""
    if len(names) > most or len(names) < 2:
        return few(names, most - 1 if len(names) > most else most)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def said(error: BaseException) -> str:
    """An error's kind and words: `ZeroDivisionError: division by zero`."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


ALIKE = 0.5
"""How alike names are that are taken for each other, of 1."""


def nearest(name: str, known: Sequence[str]) -> str:
    """The known names nearest to a wrong one, as the end of a sentence."""
    same = [one for one in known if one.casefold() == str(name).casefold()]
    near = same or get_close_matches(str(name), known, n=3, cutoff=ALIKE) or list(known)
    few = ", ".join(near[:8])
    return few + (", ..." if len(near) > 8 else "")
