"""By what compiled machine code is known: a hash of what is linked, not of the files it came from.

A file may be edited while a process runs; the code that the process has loaded is what counts.  So
the hash is of code objects, constants, record layouts and fingerprints of rules, and a comment
changes nothing.  The kind of processor is not in it: files of machine code are named after it, too.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from backsim.engines import agent_loop, compiled_ports, event_loop, link
from backsim.errors import RuleError
from backsim.machine_code.loading import versions
from backsim.rules.code import GLOBAL, uses
from backsim.rules.fingerprint import digest_of, fingerprint

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPILER = ("compiler", "short_cuts", "single_module", "translated", "world_pointer")
"""The modules that make the machine code: they load numba, so their files stand for them."""


def cache_key(
    key: link.Key,
    ports: Mapping[str, FunctionType],
    blanks: Mapping[str, NDArray[Any]],
    compiler: tuple[Any, ...],
) -> str:
    """The hash of a compiled kernel.

    `blanks` are new rows of the world's tables, each of its own type; `compiler` is what else has a
    part in the machine code: modules, functions, and options as plain values.

    Raises RuleError: a rule uses what has no fingerprint.
    """
    check_known(key)
    rules = [
        (
            family,
            [(rule.name, rule.arguments, fingerprint(rule.function).digest) for rule in chosen],
        )
        for family, chosen in key.families
    ]
    return digest_of(
        (
            ("rules", rules, link.written_for(key)),
            ("switches", link.switches_of(key)),
            ("constants", link.constants()),
            ("kernel", _kernel()),
            ("ports", [(name, _described(port)) for name, port in ports.items()]),
            ("layout", [(name, repr(row.dtype.descr)) for name, row in blanks.items()]),
            ("blanks", [row.tobytes().hex() for row in blanks.values()]),
            ("compiler", [_described(part) for part in compiler]),
            ("versions", versions()),
        )
    )


def check_known(key: link.Key) -> None:
    """Raise RuleError when a rule uses what has no fingerprint, with the reason."""
    unknown = [f"rule {name}: {found.reason}" for name, found in key.own if not found]
    if unknown:
        raise RuleError(
            "; ".join(unknown) + " (the compiled engine freezes what a rule uses, so it takes only "
            "what cannot change unseen; --engine simpy takes any rule)"
        )


def kernel_digest(key: link.Key) -> str:
    """What the machine code for a choice of rules is known by.  Raises as `cache_key` does."""
    compiler = (event_loop.drive, agent_loop.step, *_compiler())
    return cache_key(key, compiled_ports.PORTS, event_loop.BLANKS, compiler)


@cache
def _compiler() -> tuple[bytes, ...]:
    """The source of the modules that make the machine code."""
    return tuple(pkgutil.get_data(__package__, f"{name}.py") or b"" for name in COMPILER)


@cache
def _kernel() -> str:
    """A hash of the code of every kernel function: what it names is linked, and hashed there."""
    return digest_of([(f.__name__, f.__code__, f.__defaults__) for f in link.kernel_functions()])


def _described(part: Any) -> Any:
    """A function, a module or plain values, as plain values and code objects."""
    if isinstance(part, FunctionType):
        return part.__code__, part.__defaults__, list(_numbers(part))
    if isinstance(part, ModuleType):
        return part.__name__, list(code_of(part))
    return part


def _numbers(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The plain values that a function names; its functions are linked, and hashed there."""
    for use in uses(function.__code__):
        value = function.__globals__.get(use.name)
        if use.kind == GLOBAL and isinstance(value, bool | int | float | str):
            yield use.name, value


def code_of(module: ModuleType) -> Iterator[Any]:
    """The code of a module's own functions and methods."""
    for name, value in sorted(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        function = getattr(value, "_defn", value)  # of an intrinsic function of numba's
        if isinstance(function, FunctionType):
            yield name, *_described(function)
        elif isinstance(value, type):
            for method, own in sorted(vars(value).items()):
                if isinstance(own, FunctionType):
                    yield f"{name}.{method}", *_described(own)
