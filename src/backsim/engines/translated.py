"""Pieces of the kernel that were translated before, by this process or by one that left a file.

Kernels for two choices of rules and parts have most functions in common.  What becomes of a
function depends on its code, on the numbers and switches it names, and on the types of what it is
called with and calls - not on what the functions that it calls do.  So each is kept by a hash of
these, and a new choice translates only what no kernel before it had (decision 0025).
"""

from __future__ import annotations

import builtins
import copy
import io
import pickle
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

from numba.core import types
from numba.core.caching import NullCache
from numba.core.dispatcher import Dispatcher

from backsim.engines import short_cuts, world_pointer
from backsim.engines.cache_key import code_of
from backsim.machine_code import files
from backsim.machine_code.loading import versions
from backsim.rules.code import GLOBAL, uses
from backsim.rules.fingerprint import digest_of


class Call(NamedTuple):
    """A function that another one calls: its name there, and types as numba infers them."""

    name: str
    takes: tuple[Any, ...]
    returns: Any


class Translation(NamedTuple):
    """A function in LLVM's language, with what it calls."""

    descriptor: Any
    calls: list[Call]
    bitcode: bytes


class Translated(NullCache):
    """The translations of one function, as numba's dispatchers ask for them."""

    def __init__(self, function: FunctionType, take_up: Callable[..., Any]) -> None:
        self.function, self.take_up = function, take_up

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The function for these types of arguments, with all that it calls; None if it is new."""
        found = _read(self.key(sig, target_context))
        if found is None:
            return None
        called = []
        for name, takes, returns in found.calls:
            callee = self.function.__globals__[name]
            callee.compile(takes)
            result = callee.overloads[takes]
            if result.signature.return_type != returns:
                return None
            called.append(result.library)
        return self.take_up(target_context, self.function, found.descriptor, found.bitcode, called)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a function that has been compiled, if that is all there is to it."""
        library, names = data.library, dict(self.callees())
        calls = []
        for piece in library.called():
            if piece.function not in names:  # from a closure
                return
            calls.append(Call(names[piece.function], piece.takes, piece.returns))
        if data.environment.consts or data.reload_init or library.has_dynamic_globals:
            return
        descriptor = copy.copy(data.fndesc)
        descriptor.typemap = descriptor.calltypes = None
        _write(
            self.key(sig, data.target_context),
            Translation(descriptor, calls, library.own_bitcode()),
        )

    def callees(self) -> Iterator[tuple[FunctionType, str]]:
        """The functions that this one calls as pieces, with their names here."""
        for use in uses(self.function.__code__):
            value = self.function.__globals__.get(use.name)
            if use.kind == GLOBAL and isinstance(value, Dispatcher):
                yield value.py_func, use.name

    def key(self, takes: Any, target_context: Any) -> str:
        """What the translation is known by.  A rule's name tells all that the rule can reach."""
        function = self.function
        named = [
            (use.name, *use.attributes, _value(function.__globals__, use.name))
            for use in uses(function.__code__)
        ]
        what = _name(function), function.__code__, function.__defaults__, named
        return digest_of(
            (
                what,
                [str(kind) for kind in takes],
                _surroundings(target_context.codegen().magic_tuple(), self.take_up.__module__),
            )
        )


def _name(function: FunctionType) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _value(names: dict[str, Any], name: str) -> Any:
    """What a name stands for, as plain values."""
    value = names.get(name, getattr(builtins, name, None))
    if isinstance(value, Dispatcher):
        return _name(value.py_func)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return type(value).__name__, getattr(value, "__name__", "")


@cache
def _surroundings(processor: tuple[Any, ...], translator: str) -> str:
    """A hash of what every translation depends on; `translator` is the module that makes them."""
    parts = (world_pointer, short_cuts, sys.modules[translator])
    modules = [list(code_of(module)) for module in parts]
    return digest_of((versions(), processor, modules))


# -- files -----------------------------------------------------------------------------------------


class _Writer(pickle.Pickler):
    """Writes the world's types by their names: they are long, and stand in every signature."""

    def persistent_id(self, obj: Any) -> str | None:
        return str(obj) if isinstance(obj, types.Type) and str(obj) in world_pointer.KNOWN else None


class _Reader(pickle.Unpickler):
    def persistent_load(self, pid: str) -> Any:
        return world_pointer.KNOWN[pid]


_here: dict[str, bytes] = {}
"""What this process has read or written."""


def _read(key: str) -> Translation | None:
    if key not in _here and (found := files.read("pieces", key)):
        _here[key] = found
    if key not in _here:
        return None
    try:
        return Translation(*_Reader(io.BytesIO(_here[key])).load())
    except (pickle.UnpicklingError, EOFError, KeyError, TypeError):  # half a file
        return None


def _write(key: str, translation: Translation) -> None:
    stream = io.BytesIO()
    _Writer(stream).dump(tuple(translation))
    _here[key] = stream.getvalue()
    files.write("pieces", key, _here[key])
