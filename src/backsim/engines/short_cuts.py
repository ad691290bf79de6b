"""What numba does for every function, and the kernel needs not at all or once (decision 0056)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import typed_passes, types, untyped_passes
from numba.core.types.functions import BaseFunction

OWN = "backsim."
"""Modules of functions that are known to need none of these passes; a user's may."""

_UNTYPED = {
    *("FindLiterallyCalls", "InlineClosureLikes", "InlineInlinables", "LiteralUnroll"),
    *("LiteralPropagationSubPipelinePass", "MakeFunctionToJitFunction", "RewriteDynamicRaises"),
    *("RewriteSemanticConstants", "WithLifting"),
}
_TYPED = {"DumpParforDiagnostics", "InlineOverloads", "NopythonRewrites"}
_NEEDLESS = {
    getattr(passes, name, None)
    for passes, names in ((untyped_passes, _UNTYPED), (typed_passes, _TYPED))
    for name in names
}
"""For closures, `with`, array expressions, `literally`, functions made by functions and the like.

Each walks through the function, and numba then works out again where its variables are used."""


def without_needless(passes: list[Any], module: str) -> list[Any]:
    """The passes of numba that a function of this module needs."""
    return [p for p in passes if p[0] not in _NEEDLESS] if module.startswith(OWN) else passes


@contextmanager
def types_of_calls_kept() -> Iterator[None]:
    """Let what an operator makes of numbers be found once, not by trial each time it is used.

    Only under numba's lock, as while it compiles.
    """
    resolve = BaseFunction.get_call_type
    known: dict[Any, Any] = {}

    def get_call_type(self: Any, context: Any, args: tuple[Any, ...], kws: Any) -> Any:
        plain = not kws and all(isinstance(kind, types.Number | types.Boolean) for kind in args)
        key = (id(self), args)
        if plain and key in known:
            return known[key][1]
        found = resolve(self, context, args, kws)
        if plain:
            known[key] = self, found
        return found

    BaseFunction.get_call_type = get_call_type  # type: ignore[method-assign]
    try:
        yield
    finally:
        BaseFunction.get_call_type = resolve  # type: ignore[method-assign]
