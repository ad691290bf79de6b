"""Compile the kernel's functions as pieces of one module, which is optimised once.

numba makes a library of each function that another one calls: it links in all that the function
calls itself, optimises that, and makes machine code of it.  A kernel of two hundred functions, most
of them called by larger ones, is so optimised many times over (decision 0010).  A `Piece` does none
of this: it keeps what was translated, and hands it to the function that is called from Python.
What was translated once is not translated again (`translated.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
from numba import _dynfunc
from numba.core import compiler, typed_passes, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import register_pass
from numba.core.funcdesc import default_mangler
from numba.core.lowering import Environment
from numba.core.typing import signature

from backsim.engines.short_cuts import short_cuts, without_needless
from backsim.engines.translated import Translated
from backsim.machine_code.compiling import bare, code_for
from backsim.machine_code.files import Code

if TYPE_CHECKING:
    from types import FunctionType

INT = types.int64


class Piece(JITCodeLibrary):
    """The code of one function, for others to take in."""

    _shared_module: Any
    function: Any
    """What it is the code of, for arguments of the types it `takes`."""
    takes: tuple[Any, ...]
    returns: Any

    def finalize(self) -> None:
        """Nothing more can be added."""
        self._raise_if_finalized()
        self._finalize_dynamic_globals()
        self._finalized = True

    def called(self) -> list[Piece]:
        """The pieces that this one calls, each once."""
        return list(dict.fromkeys(x for x in self._linking_libraries if isinstance(x, Piece)))

    def own_bitcode(self) -> bytes:
        """The function without the pieces that it calls, and with what else it needs."""
        module = self._final_module.clone()
        for library in dict.fromkeys(self._linking_libraries):
            if not isinstance(library, Piece):
                module.link_in(library._get_module_for_linking(), preserve=True)
        bitcode: bytes = module.as_bitcode()
        return bitcode

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


class Whole(JITCodeLibrary):
    """The code of a function that is called from Python, with all its pieces.

    In one process there are kernels of many choices, in which pieces of one name differ: none sees
    those of another.
    """

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            if function.linkage == llvm.Linkage.linkonce_odr:
                function.linkage = "internal"
        super()._optimize_final_module()


class Unloaded(Whole):
    """The same, of which numba makes no machine code: `code_for` does."""

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerWhole(typed_passes.NativeLowering):
    """Translate a function into LLVM's language, and make machine code of it and its pieces."""

    _name = "whole_lowering"
    library: type[Whole] = Whole

    def run_pass(self, state: Any) -> bool:
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        done: bool = super().run_pass(state)
        return done


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerCode(_LowerWhole):
    """The same for a function that is called without numba."""

    _name = "code_lowering"
    library = Unloaded

    def run_pass(self, state: Any) -> bool:
        state.flags.no_compile = True
        super().run_pass(state)
        state.library.finalize()
        descriptor, environment = state.cr.fndesc, state.cr.env
        stub = _stand_in(state.targetctx, state.library, descriptor, environment)
        state.cr = state.cr._replace(cfunc=stub)
        return True


@contextmanager
def _lasting_names(context: Any) -> Iterator[None]:
    """Name functions of records by the records' names.

    numba names them by numbers that it gives types as a process meets them.  Pieces that processes
    have kept for each other would then call what is not there.
    """
    before = vars(context).get("mangler")
    context.mangler = _mangled
    try:
        yield
    finally:
        if before is None:
            del context.mangler
        else:
            context.mangler = before


def _mangled(name: str, kinds: Sequence[Any], **more: Any) -> str:
    named = [kind.name if isinstance(kind, types.Record) else kind for kind in kinds]
    mangled: str = default_mangler(name, named, **more)
    return mangled


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerPiece(typed_passes.NativeLowering):
    """Translate a function into LLVM's language, and leave it at that."""

    _name = "piece_lowering"

    def run_pass(self, state: Any) -> bool:
        identity = state.func_id
        identity.unique_id = 0  # numba counts, and the name has to be the same in every process
        state.library = library = Piece(state.targetctx.codegen(), identity.func_qualname)
        library.function, library.takes = identity.func, tuple(state.args)
        library.returns = state.return_type
        state.flags.no_compile = True
        with _lasting_names(state.targetctx):
            super().run_pass(state)
        descriptor, environment = state.cr.fndesc, state.cr.env
        stub = _stand_in(state.targetctx, library, descriptor, environment)
        state.targetctx.insert_user_function(stub, descriptor, [library])
        state.cr = state.cr._replace(cfunc=stub)
        return True


def _stand_in(context: Any, library: Any, descriptor: Any, environment: Any) -> Any:
    """The object by which numba finds what was compiled; it is not to be called."""
    name = descriptor.qualname.split(".")[-1]
    module = descriptor.lookup_module()
    return _dynfunc.make_function(module, name, "", 0, environment, (library,))


def take_up(
    context: Any, function: FunctionType, descriptor: Any, bitcode: bytes, called: Sequence[Piece]
) -> Any:
    """A piece that was translated before, as numba's dispatchers take it."""
    library = Piece(context.codegen(), descriptor.qualname)
    library._final_module = llvm.parse_bitcode(bitcode)
    library.function, library.takes = function, descriptor.argtypes
    library.returns = descriptor.restype
    for other in called:
        library.add_linking_library(other)
    library.finalize()
    environment = Environment.from_fndesc(descriptor)
    return compiler.compile_result(
        typing_context=context.typing_context,
        target_context=context,
        entry_point=_stand_in(context, library, descriptor, environment),
        signature=signature(descriptor.restype, *descriptor.argtypes),
        fndesc=descriptor,
        library=library,
        environment=environment,
        objectmode=False,
        lifted=(),
        reload_init=[],
    )


class _PieceCompiler(compiler.CompilerBase):
    """numba's own pipeline but for the last steps, and for what a function needs not."""

    lowering = _LowerPiece

    def define_pipelines(self) -> list[Any]:
        manager = compiler.DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.add_pass_after(self.lowering, typed_passes.AnnotateTypes)
        passes = [p for p in manager.passes if p[0] is not typed_passes.NativeLowering]
        manager.passes = without_needless(passes, self.state.func_id.modname)
        manager.finalize()
        return [manager]


class WholeCompiler(_PieceCompiler):
    """The same for a function that is called from Python."""

    lowering = _LowerWhole

    def compile_extra(self, func: Any) -> Any:
        """Compile a function, and on the way the pieces that it calls."""
        with short_cuts(self.state.typingctx, self.state.targetctx):
            return super().compile_extra(func)


class _CodeCompiler(WholeCompiler):
    """The same for a function that is called without numba."""

    lowering = _LowerCode


def code_of(function: FunctionType, signature: tuple[Any, ...]) -> Code | None:
    """The function with all its pieces, for these types of arguments.

    None where it needs more than the tables: then numba has to call it.
    """
    return code_for(bare(function, pipeline_class=_CodeCompiler), signature)


def piece(function: FunctionType) -> Any:
    """A function that compiled code may call, and only that.

    It is compiled for whole numbers of 64 bits, whatever the caller has, lest there be one for
    each combination of widths.  What a user wrote raises an error where it divides by 0, as in
    Python.
    """
    ours = function.__globals__["__name__"].partition(".")[0] == "backsim"
    dispatcher = bare(
        function, pipeline_class=_PieceCompiler, error_model="numpy" if ours else "python"
    )
    template = dispatcher.get_call_template

    def wide(kinds: Any, names: Any) -> Any:
        return template([INT if isinstance(k, types.Integer) else k for k in kinds], names)

    dispatcher.get_call_template = wide
    dispatcher._cache = Translated(function, take_up)
    return dispatcher
