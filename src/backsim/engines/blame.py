"""Whose error it is when a kernel with a user's rules does not compile, or stops."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsim.engines.link import RULES_OF
from backsim.errors import RuleError, said

if TYPE_CHECKING:
    from backsim.rules import Rule


def is_of_rules(error: Exception, own: Sequence[Rule], compile_without: Callable[[], None]) -> bool:
    """Whether an error of numba's is one of a user's rules rather than of the kernel.

    Most messages name the places in the source.  If not, it is the rules' if the kernel compiles
    without them, which `compile_without` tries.
    """
    text = str(error)
    if 'File "' in text:
        names = {Path(rule.function.__code__.co_filename).name for rule in own}
        return any(name in text for name in (*names, RULES_OF))
    try:
        compile_without()
    except Exception:
        return False
    return True


def place_of(error: BaseException, own: Sequence[Rule]) -> str:
    """Where in a user's rules an error arose, as file:line; "" if it did not arise there."""
    codes = {rule.function.__code__ for rule in own}
    at: BaseException | None = error
    while own and at is not None:  # SimPy raises a copy of what a process raises, with its cause
        frames = list(traceback.walk_tb(at.__traceback__))
        at = at.__cause__
        if frames and frames[-1][0].f_code.co_filename.startswith(RULES_OF):
            return f"rule {_names(own)}: expected a number as its answer"
        for i, (frame, _) in enumerate(frames):
            if frame.f_code in codes:
                file = frame.f_code.co_filename
                lines = [line for f, line in frames[i:] if f.f_code.co_filename == file]
                return f"{file}:{lines[-1]}: rule {frame.f_code.co_name}"
    return ""


def telling(compiled: Callable[..., Any], own: Sequence[Rule]) -> Callable[..., Any]:
    """A compiled function of the kernel, in which nothing but a user's rules raises an error.

    numba names the place of a `raise`, but not who called it, nor where 0 was divided by.
    """

    @wraps(compiled)
    def call(*arguments: Any) -> Any:
        try:
            return compiled(*arguments)
        except BaseException as error:
            *_, (frame, line) = traceback.walk_tb(error.__traceback__)
            file = frame.f_code.co_filename
            known = "" if file == __file__ else f"{file}:{line}: "
            place = place_of(error, own) or f"{known}rule {_names(own)}"
            raise RuleError(f"{place}: {said(error)}") from error

    return call if own else compiled


def _names(own: Sequence[Rule]) -> str:
    return ", ".join(rule.name for rule in own)
