"""Plain functions that read and write tables, as machine code that is compiled once and kept.

A pass takes numbers, tables of one dimension and tuples of these, makes no table of its own, calls
nothing but mathematics, and gives back nothing: what it finds it writes.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

import numpy as np

from backsim.machine_code.files import Code, kept_code
from backsim.machine_code.loading import ELSEWHERE, address_of, function_of, processor, versions

Pass = Callable[..., None]

_found: dict[tuple[Any, ...], Pass | None] = {}
_looking = Lock()


def machine_pass(function: Pass, arguments: tuple[Any, ...], compile_it: bool) -> Pass | None:
    """A pass for arguments like these, as machine code.

    None where it has not been compiled before, unless it is worth while to `compile_it`, or numba
    is loaded anyway.
    """
    key = (function, *map(_kind, arguments))
    if (known := _found.get(key)) is not None:
        return known
    compile_it = compile_it or "numba" in sys.modules
    if key in _found and not compile_it:
        return None
    with _looking:
        if _found.get(key) is None:
            _found[key] = _made(function, key, arguments, compile_it)
    return _found[key]


def _made(
    function: Pass, key: tuple[Any, ...], arguments: tuple[Any, ...], compile_it: bool
) -> Pass | None:
    def compiled() -> Code | None:
        if not compile_it:
            return None
        from backsim.machine_code.compiling import code_of

        return code_of(function, arguments)

    name = f"{_digest(function, key)}_{processor()}"
    code = None if ELSEWHERE else kept_code(name, compiled)
    if code is not None:
        return _callable(code, arguments)
    return _by_numba(function) if compile_it else None


def _by_numba(function: Pass) -> Pass:
    """As numba calls and keeps it, where there is no machine code that needs none."""
    import numba

    compiled: Pass = numba.njit(function, nogil=True, error_model="numpy", cache=True)
    return compiled


def _callable(code: Code, arguments: tuple[Any, ...]) -> Pass:
    call = function_of(code, list(_kinds(arguments)), ctypes.c_void_p)

    def run(*given: Any) -> None:
        call(*_values(given))

    return run


_POINTER, _INT = ctypes.c_void_p, ctypes.c_int64
_TABLE = (_POINTER, _POINTER, _INT, _INT, _POINTER, _INT, _INT)
"""What numba's functions take for a table: its owner and what it is a part of (nobody), its length,
the bytes of a row, where it lies, its length again, and the bytes from row to row."""


def _kinds(arguments: tuple[Any, ...]) -> Iterator[Any]:
    """The types of C of all that numba's functions take for their arguments."""
    for given in arguments:
        if isinstance(given, tuple):
            yield from _kinds(given)
        elif isinstance(given, np.ndarray):
            yield from _TABLE
        else:
            yield ctypes.c_double if isinstance(given, float) else _INT


def _values(arguments: tuple[Any, ...]) -> list[Any]:
    """The values to these types."""
    found: list[Any] = []
    for given in arguments:
        if isinstance(given, np.ndarray):
            rows = given.size
            of_rows = rows, given.itemsize, address_of(given), rows, given.strides[0]
            found += (None, None, *of_rows)
        elif isinstance(given, tuple):
            found += _values(given)
        else:
            found.append(given)
    return found


def _kind(argument: Any) -> Any:
    """What machine code has to know of an argument."""
    if isinstance(argument, tuple):
        return (type(argument), *map(_kind, argument))
    if isinstance(argument, np.ndarray):
        flags = argument.flags
        return argument.dtype, flags.c_contiguous, flags.aligned, flags.writeable
    return type(argument)


def _digest(function: Pass, key: tuple[Any, ...]) -> str:
    code = function.__code__
    told = code.co_code, code.co_consts, code.co_names, code.co_varnames, key[1:], versions()
    return f"{function.__name__}_{hashlib.sha256(repr(told).encode()).hexdigest()[:24]}"
