"""What numba makes, as machine code that needs no numba."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba

from backsim.machine_code.files import Code

OF_C = {
    *("memcpy", "memmove", "memset", "ldexp", "fabs", "floor", "ceil", "trunc", "round", "rint"),
    *("nearbyint", "fmod", "sqrt", "hypot", "pow", "exp", "exp2", "expm1", "log", "log10", "log1p"),
    *("log2", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"),
}
"""Functions of C, which every process has."""


def bare(function: Callable[..., Any], **options: Any) -> Any:
    """A function for numba to compile, without what Python and C would call it by."""
    usual = {"nogil": True, "error_model": "numpy"}
    bare = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(function, **{**usual, **bare, **options})


def code_for(dispatcher: Any, signature: tuple[Any, ...]) -> Code | None:
    """The machine code of a bare function for arguments of these types.

    None where it calls more than functions of C.
    """
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    module = compiled.library._final_module
    used = {f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")}
    if not used <= OF_C:
        return None
    machine: bytes = compiled.library.codegen._tm.emit_object(module)
    return Code(compiled.fndesc.llvm_func_name, machine)


def code_of(function: Callable[..., Any], arguments: Sequence[Any]) -> Code | None:
    """The machine code of a function for arguments like these; None as above, or if told not to."""
    if numba.config.DISABLE_JIT:
        return None
    makes_no_tables = {"_nrt": False}
    return code_for(bare(function, **makes_no_tables), tuple(map(numba.typeof, arguments)))
