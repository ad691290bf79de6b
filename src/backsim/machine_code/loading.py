"""Machine code from a file, loaded; and what it is made for.

llvmlite, which is numba's binding to LLVM, loads it, and ctypes calls it (decision 0060).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pkgutil
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import BacksimError
from backsim.machine_code.files import Code

if TYPE_CHECKING:
    from numpy.typing import NDArray

ELSEWHERE = sys.platform == "win32"
"""Where LLVM may not find the functions of C by their names, which would end the process."""

SETTINGS = (
    *("NUMBA_OPT", "NUMBA_LOOP_VECTORIZE", "NUMBA_SLP_VECTORIZE", "NUMBA_ENABLE_AVX"),
    *("NUMBA_DISABLE_JIT", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"),
)
"""Settings of numba, from the environment, that change the machine code it makes."""

SETTINGS_FILE = Path(".numba_config.yaml")
"""Where numba looks for more of them."""

_NO_ROWS = np.zeros(4096, np.uint8)
NOWHERE = int(_NO_ROWS.ctypes.data)
"""Where tables without rows are said to lie."""

_engines: list[Any] = []
"""What holds the machine code that has been loaded."""


def function_of(code: Code, kinds: Sequence[Any], answer: Any) -> Callable[..., Any]:
    """The code as a function of Python, which lets other threads run.

    `kinds` are the types of its arguments, `answer` that of its answer, all of ctypes.  It raises
    BacksimError where the code ends with an error, of which it has none.
    """
    pointer = ctypes.c_void_p
    function = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, *kinds)(_loaded(code))

    def call(*arguments: Any) -> Any:
        found, reason = answer(), pointer()
        if function(ctypes.addressof(found), ctypes.addressof(reason), *arguments):
            raise BacksimError(f"{code.name} has stopped with an error")
        return found.value

    return call


def address_of(table: NDArray[Any]) -> int:
    """Where a table lies; anywhere if it has no rows."""
    if not len(table):
        return NOWHERE
    flags = table.flags
    if flags.writeable and flags.c_contiguous:  # four times as fast as the other way
        return ctypes.addressof(ctypes.c_char.from_buffer(table.data))
    return int(table.ctypes.data)


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
def processor() -> str:
    """A hash of what machine code is made for here."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    told = llvm.get_process_triple(), llvm.get_host_cpu_name(), features
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]


@cache
def versions() -> tuple[str, ...]:
    """Versions of what makes machine code, numba's settings, and how numba is asked for it."""
    settings = [f"{name}={os.environ.get(name, '')}" for name in SETTINGS]
    if SETTINGS_FILE.is_file():
        settings.append(SETTINGS_FILE.read_text(encoding="utf-8", errors="replace"))
    asked = pkgutil.get_data(__package__, "compiling.py") or b""
    packages = map(version, ("numba", "llvmlite", "numpy"))
    return (*packages, sys.version, *settings, hashlib.sha256(asked).hexdigest())
