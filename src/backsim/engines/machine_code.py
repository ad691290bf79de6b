"""Machine code of the event loop, kept in files: what has been compiled once runs without numba.

numba takes as long to load as many a run takes to play.  But the loop calls nothing of it: it reads
and writes the tables, and calls functions of C.  So its machine code is kept as an object file,
which llvmlite loads and ctypes calls (decision 0060).
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from backsim.engines.cache_key import kernel_digest
from backsim.engines.code_files import Code, read_code, write_code
from backsim.engines.link import Key
from backsim.engines.setup import Linked, key_of
from backsim.errors import BacksimError

if TYPE_CHECKING:
    from backsim.scenario.model import Model

Loop = Callable[[int, float], bool]
"""The loop: where the extents of the tables lie, and the horizon."""
ELSEWHERE = sys.platform == "win32"
"""Where LLVM may not find the functions of C by their names, which would end the process."""


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
    name = f"{kernel_digest(key)}_{_processor()}"
    with _compiling:
        code = read_code(name)
        if code is None:
            from backsim.engines.compiler import loop_code

            code = loop_code(key)
            if code is not None:
                write_code(name, code)
    return code


def compile_rules(model: Model, linked: Linked = ()) -> None:
    """Compile the kernel with a model's rules, or find it.  Raises as `driver` does."""
    driver(key_of(model, linked))


def _callable(code: Code) -> Loop:
    """The loop as a function of Python, which lets other threads run."""
    address = _loaded(code)
    kinds = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_double)
    function = ctypes.CFUNCTYPE(ctypes.c_int32, *kinds)(address)

    def drive(extents: int, horizon: float) -> bool:
        answer, reason = ctypes.c_uint8(), ctypes.c_void_p()
        if function(ctypes.addressof(answer), ctypes.addressof(reason), extents, horizon):
            raise BacksimError("the compiled loop has stopped with an error")
        return bool(answer.value & 1)

    return drive


_engines: list[Any] = []
"""What holds the machine code that has been loaded."""


def _loaded(code: Code) -> int:
    """Where the function lies, loaded."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(codemodel="jitdefault", jit=True)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.machine))
    engine.finalize_object()
    _engines.append(engine)
    address: int = engine.get_function_address(code.name)
    return address


@cache
def _processor() -> str:
    """A hash of what the machine code is made for."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    told = llvm.get_process_triple(), llvm.get_host_cpu_name(), features
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]
