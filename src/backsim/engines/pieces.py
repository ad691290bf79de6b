"""Compile the kernel's functions as pieces of one module, which is optimised once.

numba makes a library of each function that another one calls: it links in all that the function
calls itself, optimises that, and makes machine code of it.  A kernel of two hundred functions, most
of them called by larger ones, is so optimised many times over (decision 0010).  A `Piece` does none
of this: it keeps what was translated, and hands it to the function that is called from Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numba
from numba import _dynfunc
from numba.core import compiler, typed_passes, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass

if TYPE_CHECKING:
    from types import FunctionType

INT = types.int64


class Piece(JITCodeLibrary):
    """The code of one function, for others to take in."""

    _shared_module: Any

    def finalize(self) -> None:
        """Nothing more can be added."""
        self._raise_if_finalized()
        self._finalized = True

    def _reached(self) -> Iterator[Any]:
        """This library and all that it calls, each once."""
        seen, pending = set(), [self]
        while pending:
            library = pending.pop()
            if library not in seen:
                seen.add(library)
                yield library
                if isinstance(library, Piece):
                    pending += library._linking_libraries

    def _get_module_for_linking(self) -> Any:
        """A module of this function and all that it calls."""
        self._ensure_finalized()
        if self._shared_module is None:
            module = self._final_module.clone()
            for library in self._reached():
                if library is not self:
                    own = isinstance(library, Piece)
                    other = library._final_module if own else library._get_module_for_linking()
                    module.link_in(other, preserve=True)
            for function in module.functions:
                if not function.is_declaration and function.linkage == llvm.Linkage.external:
                    function.linkage = "linkonce_odr"
            self._shared_module = module
        return self._shared_module


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerPiece(typed_passes.NativeLowering):
    """Translate a function into LLVM's language, and leave it at that."""

    _name = "piece_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = Piece(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        descriptor = state.cr.fndesc
        name = descriptor.qualname.split(".")[-1]
        # Callers find the piece by this object; it is not to be called.
        module = descriptor.lookup_module()
        stub = _dynfunc.make_function(module, name, "", 0, state.cr.env, (state.library,))
        state.targetctx.insert_user_function(stub, descriptor, [state.library])
        state.cr = state.cr._replace(cfunc=stub)
        return True


class _PieceCompiler(compiler.CompilerBase):
    """numba's own pipeline but for the last steps."""

    def define_pipelines(self) -> list[Any]:
        manager = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.add_pass_after(_LowerPiece, typed_passes.AnnotateTypes)
        manager.passes = [p for p in manager.passes if p[0] is not typed_passes.NativeLowering]
        manager.finalize()
        return [manager]


def piece(function: FunctionType) -> Any:
    """A function that compiled code may call, and only that.

    It is compiled for whole numbers of 64 bits, whatever the caller has, lest there be one for
    each combination of widths.
    """
    dispatcher = numba.njit(
        function,
        nogil=True,
        error_model="numpy",
        pipeline_class=_PieceCompiler,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
    )
    template = dispatcher.get_call_template

    def wide(kinds: Any, names: Any) -> Any:
        return template([INT if isinstance(k, types.Integer) else k for k in kinds], names)

    dispatcher.get_call_template = wide
    return dispatcher
