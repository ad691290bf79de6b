"""What numba does for every function, and the kernel needs not at all or once (decision 0056)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from numba.core import event, typed_passes, types, untyped_passes
from numba.core.types.functions import BaseFunction

from backsim.garbage import uncollected

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
def short_cuts(typing: Any, target: Any) -> Iterator[None]:
    """Let numba not do again for each function of a kernel what need be done once.

    Only under numba's lock, as while it compiles.
    """
    target.refresh()
    with (
        _types_of_calls_kept(),
        _replaced(event, "install_timer", _no_timer),
        _modules_loaded(typing),
        _modules_loaded(target),
        uncollected(),
    ):
        yield


def _modules_loaded(context: Any) -> Any:
    """Let numba not ask for all of its own modules before each function, only for what is new."""

    def install() -> None:
        for registry in list(context._registries):
            context.install_registry(registry)

    return _replaced(context, "load_additional_registries", install)


def _no_timer(kind: str, callback: Any) -> Any:
    """Each function's timer would be told of what is done for all functions that it calls."""
    return nullcontext()


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Another value for an attribute, for a while."""
    own = name in vars(owner)
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


@contextmanager
def _types_of_calls_kept() -> Iterator[None]:
    """Let what an operator makes of numbers be found once, not by trial each time it is used."""
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

    with _replaced(BaseFunction, "get_call_type", get_call_type):
        yield
