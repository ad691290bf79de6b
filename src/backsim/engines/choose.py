"""Which engine plays a run, and why."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args

from backsim.engines.blame import place_of
from backsim.engines.features import switches
from backsim.engines.log import Log
from backsim.engines.setup import FEATURE, Linked
from backsim.errors import BacksimError, InputError, RuleError, said
from backsim.rules import Rule
from backsim.scenario.model import Model
from backsim.streams import Tape

EngineName = Literal["auto", "simpy", "compiled"]

SMALL = 100_000
"""Order lines below which SimPy has finished before the compiled engine is loaded."""

WORTH_PROCESSES = 500_000
"""Order lines below which SimPy has finished before worker processes have started."""


def choose(
    model: Model, engine: str = "auto", replications: int = 1, extended: bool = False
) -> tuple[str, str]:
    """(engine, reason).  Raises InputError for an unknown engine or an impossible wish."""
    if engine not in get_args(EngineName):
        raise InputError(
            f"engine: expected one of {', '.join(get_args(EngineName))}, got {engine!r}"
        )
    extended = extended or bool(model.processes)
    if extended and engine == "compiled":
        raise InputError("engine: processes alongside the model require simpy, got 'compiled'")
    if extended:
        return "simpy", "processes run alongside the model"
    work = model.expected_lines * replications
    if engine == "simpy" or (engine == "auto" and work < SMALL):
        few = f"about {work:,.0f} order lines are too few to pay for the compiled engine"
        return "simpy", "asked for" if engine == "simpy" else few
    if own_rules(model):
        from backsim.engines.drivers import compile_rules

        try:
            compile_rules(model)
        except RuleError as error:
            if engine == "compiled":
                raise
            return "simpy", str(error)
    return "compiled", "asked for" if engine == "compiled" else f"about {work:,.0f} order lines"


def processes_of(given: Any) -> tuple[Callable[..., Any], ...]:
    """The processes to run alongside a model, as they were given.  Raises InputError."""
    if not isinstance(given, Iterable) or not all(map(callable, given)):
        raise InputError(f"extend: expected a list of functions, got {given!r}")
    return tuple(given)


def workers_for(model: Model, engine: str, replications: int) -> int:
    """How many workers pay: all cores, but one where starting them would take longer."""
    small = engine == "simpy" and model.expected_lines * replications < WORTH_PROCESSES
    return 1 if small else min(os.cpu_count() or 1, replications)


def play(
    model: Model,
    tape: Tape,
    engine: str,
    record: bool = False,
    extend: Sequence[Any] = (),
    linked: Linked = (),
) -> Log:
    """Play a tape against a model with an engine: `simpy` or `compiled`."""
    if engine == "compiled":
        from backsim.engines import compiled

        return compiled.run(model, tape, record, linked)
    from backsim.engines import simpy

    try:
        return simpy.run(model, tape, record, extend)
    except (KeyboardInterrupt, GeneratorExit, BacksimError):
        raise
    except BaseException as error:  # a rule may raise anything, or exit
        place = place_of(error, own_rules(model))
        if not place:
            raise
        raise RuleError(f"{place}: {said(error)}") from error


def linked_rules(models: Iterable[Model]) -> Linked:
    """The rules that any of the models uses, for one kernel that plays them all."""
    found = {
        (family, rule.linked_as)
        for model in models
        for family, chosen in model.rules.items()
        for rule in chosen
    }
    return tuple(sorted(found))


def one_kernel(models: Sequence[Model]) -> Linked:
    """The rules and features that any of the models uses: no other of them compiles anything.

    Such a kernel takes longer to compile than that of one model, and is slower by what the others
    need: for many models of which each may be wanted at any moment.
    """
    features = sorted(set().union(*map(switches, models)))
    return (*linked_rules(models), *((FEATURE, name) for name in features))


def compile_kernel(model: Model, linked: Linked = ()) -> None:
    """Compile what the compiled engine needs to play a model, unless that has been done."""
    from backsim.engines.drivers import compile_rules

    compile_rules(model, linked)


def own_rules(model: Model) -> list[Rule]:
    """The rules of a model that backsim does not bring, and the processes alongside it."""
    rules = [rule for chosen in model.rules.values() for rule in chosen if not rule.built_in]
    return [*rules, *dict.fromkeys(model.processes)]
