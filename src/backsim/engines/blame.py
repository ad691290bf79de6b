"""Whose error it is when a kernel with a user's rules does not compile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backsim.engines.link import RULES_OF

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
