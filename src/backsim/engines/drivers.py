"""The compiled event loops, each for a choice of rules: from a file where there is one.

The loop calls nothing of numba: it reads and writes the tables, and calls functions of C.  So what
has been compiled once runs without numba (decision 0060).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from backsim.engines.cache_key import kernel_digest
from backsim.engines.link import Key
from backsim.engines.setup import Linked, key_of
from backsim.machine_code.files import Code, kept_code
from backsim.machine_code.loading import ELSEWHERE, function_of, processor

if TYPE_CHECKING:
    from backsim.scenario.model import Model

Loop = Callable[[int, float], bool]
"""The loop: where the extents of the tables lie, and the horizon."""


@lru_cache(maxsize=64)
def driver(key: Key) -> Loop:
    """The compiled loop for a choice of rules, from a file when it has been there.

    Raises RuleError: a rule of a user's own has no fingerprint, or does not compile.
    """
    code = None if key.own or ELSEWHERE else _code(key)
    if code is not None:
        return _callable(code)
    from backsim.engines.compiler import numba_driver

    loop: Loop = numba_driver(key)
    return loop


_compiling = Lock()
"""Of threads that need the same loop, one compiles it; the others find its file."""


def _code(key: Key) -> Code | None:
    """Machine code of the loop; None where only numba can call it."""

    def compiled() -> Code | None:
        from backsim.engines.compiler import loop_code

        return loop_code(key)

    with _compiling:
        return kept_code(f"{kernel_digest(key)}_{processor()}", compiled)


def compile_rules(model: Model, linked: Linked = ()) -> None:
    """Compile the kernel with a model's rules, or find it.  Raises as `driver` does."""
    driver(key_of(model, linked))


def _callable(code: Code) -> Loop:
    call = function_of(code, (ctypes.c_int64, ctypes.c_double), ctypes.c_uint8)
    return lambda extents, horizon: bool(call(extents, horizon) & 1)
