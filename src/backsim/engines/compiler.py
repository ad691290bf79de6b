"""The compiled kernel: its functions through numba, with a choice of rules and features."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numba

from backsim.engines import agent_loop, event_loop, single_module, world_pointer
from backsim.engines.blame import is_of_rules, telling
from backsim.engines.cache_key import kernel_digest
from backsim.engines.compiled_ports import PORTS
from backsim.engines.link import Key, kernel_key, link, rebuild
from backsim.errors import RuleError
from backsim.machine_code.files import Code
from backsim.rules import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backsim.rules import Rule

OPTIONS = {"nogil": True, "error_model": "numpy"}
"""numba's options for the loop."""

as_world = world_pointer.world_at(event_loop.BLANKS)

SIGNATURE = (numba.types.int64, numba.types.float64)
"""Of the loop: where the extents of the tables lie, and the horizon."""

_I, _F = numba.types.int64, numba.types.float64
STEPS = (
    *(_I[:, ::1], _F, _F, numba.types.boolean, _I[::1], _I[::1], _F[:, ::1]),
    *(numba.types.int8[:, ::1], _F[::1], _F[::1]),
)
"""Of the steps of agents (`agent_loop.step`)."""


def loop_code(key: Key) -> Code | None:
    """Machine code of the loop for a choice of backsim's own rules."""
    return single_module.code_of(_loop(key), SIGNATURE)


@lru_cache(maxsize=64)
def numba_driver(key: Key) -> Any:
    """The loop for a choice of rules, compiled, called and kept on disk by numba.

    So it is where some rules are a user's, as they may raise errors: the loop tells whose.

    Raises RuleError, naming the rules, if they have no fingerprint or do not compile.  What does
    not compile in backsim itself is raised as it is.
    """
    drive = _whole(_loop(key))
    _compile(drive, SIGNATURE, key)
    return telling(drive, key.of_users)


def _loop(key: Key) -> Any:
    """The loop with all that it calls linked to it."""
    digest = kernel_digest(key)
    linked = link(key, PORTS, single_module.piece)
    scope = {**vars(event_loop), **linked, "as_world": as_world}
    drive = rebuild(event_loop.drive, scope, f"drive_{digest}")  # type: ignore[arg-type]
    drive.__module__ = __name__
    return drive


@lru_cache(maxsize=16)
def stepper(key: Key, decide: str) -> Any:
    """The compiled steps of many runs in which an agent decides.  Raises as `cache_key` does."""
    digest = kernel_digest(key)
    linked = link(key, PORTS, single_module.piece)
    hooks = {name: linked[f"{decide}_{name}"] for name in agent_loop.HOOKS}
    shared = {**linked, "as_world": as_world}
    loop = {**vars(event_loop), **shared, "AGENT": True, "is_due": hooks["due"]}
    drive = single_module.piece(rebuild(event_loop.drive, loop, "drive"))  # type: ignore[arg-type]
    scope = {**vars(agent_loop), **shared, **hooks, "drive": drive}
    step = rebuild(agent_loop.step, scope, f"step_{decide}_{digest}")  # type: ignore[arg-type]
    step.__module__ = __name__
    return _whole(step)


def _whole(function: Any) -> Any:
    """A function that is called from Python, with all its pieces."""
    return numba.njit(function, cache=True, pipeline_class=single_module.WholeCompiler, **OPTIONS)


def compile_steps(key: Key, decide: str) -> Any:
    """The steps of runs in which an agent decides, compiled.  Raises as `numba_driver` does."""
    step = stepper(key, decide)
    _compile(step, STEPS, key)
    return telling(step, key.of_users)


def _compile(function: Any, signature: tuple[Any, ...], key: Key) -> None:
    try:
        function.compile(signature)
    except Exception as error:  # numba raises errors of many kinds, also plain ones
        own = key.of_users
        if not own or not is_of_rules(error, own, lambda: _compile_without(own, key)):
            raise
        names = ", ".join(rule.name for rule in own)
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        lines = [line for line in lines if not line.startswith("Failed in nopython")]
        reason = f"{type(error).__name__}: {lines[0] if lines else ''}"
        raise RuleError(f"rules {names}: numba cannot compile them: {reason}") from error


def _compile_without(own: Sequence[Rule], key: Key) -> None:
    """Compile the kernel with backsim's own rules in the place of a user's."""
    rules = {
        family: [
            next(iter(FAMILIES[family].rules.values())) if rule in own else rule for rule in chosen
        ]
        for family, chosen in key.rules.items()
    }
    loop_code(kernel_key(rules, key.switches))
