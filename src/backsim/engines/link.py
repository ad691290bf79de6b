"""The linker: fills the kernel's holes with an engine's ports and a scenario's rules.

Each kernel function is rebuilt from its code object in one namespace that also holds the ports, the
chosen rules and the functions that call them.  For the compiled engine each function of that
namespace passes through `numba.njit` on the way.

Numba's disk cache sees a change of the cached function itself, but not of a function it calls.  So
`Linked.digest` is a hash of everything that was linked; the compiled engine puts it into the name
of the one function that it caches.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from backsim import entities
from backsim.kernel import (
    announcements,
    batches,
    cancelling,
    clearing,
    contact,
    decisions,
    delivery,
    disruptions,
    emergency,
    estimates,
    events,
    expediting,
    forecasting,
    leaving,
    lots,
    messages,
    orders,
    pipeline,
    planning,
    queue,
    reactions,
    replenishment,
    room,
    routing,
    sharing,
    sites,
    sourcing,
    stock,
    substitutes,
    switches,
    transfers,
    transit,
)
from backsim.rules import FAMILIES, Rule

KERNEL = (
    *(switches, stock, queue, sourcing, transit, clearing, sharing, batches, forecasting, lots),
    *(pipeline, messages, planning, disruptions, delivery, replenishment),
    *(reactions, expediting, cancelling, emergency, decisions),
    *(announcements, transfers, estimates, leaving, substitutes, contact, routing, room),
    *(orders, sites, events),
)

SWITCHES = tuple(name for name in vars(switches) if name.isupper())

Namespace = dict[str, Any]
Transform = Callable[[types.FunctionType], Any]

# How the kernel calls a rule family: the hole's name and signature, and what the kernel makes of
# the rule's answer.
HOLES = {
    "reorder": ("reorder_units(world, stock, now)", "int({})"),
    "priority": ("priority_key(world, stock, line, now)", "float({})"),
    "rationing": ("held_back(world, stock, line, now)", "max(0, int({}))"),
    "forecast": ("forecast_demand(world, stock, forecast, demand)", "float({})"),
    "notice": ("notice_time(world, stock, line, contact, estimate, now)", "float({})"),
    "estimate": ("estimated(world, stock, purchase, now)", "float({})"),
}

# What makes a rule's answer change while a line waits, by the kernel's name for the question.
MOVES = {
    "priority": ("priority_moves", {"now"}),
    "rationing": ("rationing_moves", {"now", "stock", "next_arrival"}),
    "notice": ("notice_moves", {"estimate"}),
}


@dataclass(frozen=True, slots=True)
class Linked:
    """The kernel with its holes filled: its namespace, and a hash of all that went in."""

    namespace: Namespace
    digest: str


@dataclass(frozen=True, slots=True)
class Key:
    """What a kernel is linked from, as a key for caches.

    The rules by family, in the order of their codes, and the parts that are switched on.
    """

    families: tuple[tuple[str, tuple[Rule, ...]], ...]
    switches: frozenset[str]

    @property
    def rules(self) -> dict[str, tuple[Rule, ...]]:
        """The rules in use by family."""
        return dict(self.families)


def kernel_key(rules: Mapping[str, Sequence[Rule]], switches: Iterable[str] = SWITCHES) -> Key:
    """The key of a choice of rules and parts."""
    families = tuple((family, tuple(chosen)) for family, chosen in rules.items())
    return Key(families, frozenset(switches))


def link(key: Key, ports: Mapping[str, Any], transform: Transform) -> Linked:
    """Link the kernel.

    `ports` are the engine's functions by name; `transform` is what each function passes through
    (numba or nothing).
    """
    rules = key.rules
    sources = [_dispatch(family, chosen) for family, chosen in rules.items()]
    digest = _digest(sources, key, ports)
    namespace: Namespace = {"__name__": "backsim.kernel", "__builtins__": __builtins__}
    for module in (entities, *KERNEL):
        for name, value in vars(module).items():
            if isinstance(value, int | float) and name.isupper():
                namespace[name] = value
    switched = {name: name in key.switches for name in SWITCHES}
    namespace.update(switched)

    def add(name: str, function: types.FunctionType, scope: Namespace) -> None:
        namespace[name] = transform(rebuild(function, scope, digest))

    for family, chosen in rules.items():
        for code, rule in enumerate(chosen):
            scope = _scope(rule.function, transform, digest)
            add(f"{family}_{code}", rule.function, scope)  # type: ignore[arg-type]
    for name, port in ports.items():  # a port may call those before it
        known = {earlier: namespace[earlier] for earlier in ports if earlier in namespace}
        add(name, port, {**port.__globals__, **switched, **known})
    for source in sources:
        defined: Namespace = {}
        exec(compile(source, f"<rules of {', '.join(rules)}>", "exec"), namespace, defined)
        for name, function in defined.items():
            add(name, function, namespace)
    for function in kernel_functions():
        add(function.__name__, function, namespace)
    return Linked(namespace, digest)


def rebuild(function: types.FunctionType, namespace: Namespace, digest: str) -> types.FunctionType:
    """The same code, looking its names up in another namespace.

    The digest in the name matters: numba names machine code after a function's qualified name, and
    in one process two kernels with equal names would call each other's functions.
    """
    name = function.__name__
    rebuilt = types.FunctionType(function.__code__, namespace, name, function.__defaults__)
    rebuilt.__qualname__ = f"{name}_{digest}"
    return rebuilt


def _scope(rule: Callable[..., Any], transform: Transform, digest: str) -> Namespace:
    """A rule's own globals, with the helper functions of its file transformed too."""
    scope = dict(rule.__globals__)
    for name, value in rule.__globals__.items():
        if isinstance(value, types.FunctionType) and _file(value) == _file(rule):
            scope[name] = transform(rebuild(value, scope, digest))
    return scope


def _constants(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """Plain values that a rule's file may have from another one; numba compiles them in."""
    return [
        (name, value)
        for name, value in sorted(function.__globals__.items())
        if isinstance(value, int | float | str) and not name.startswith("__")
    ]


def _file(function: Callable[..., Any]) -> str:
    return str(function.__code__.co_filename)


@cache
def kernel_functions() -> tuple[types.FunctionType, ...]:
    """Every function of the kernel."""
    return tuple(
        value
        for module in KERNEL
        for value in vars(module).values()
        if isinstance(value, types.FunctionType) and value.__module__ == module.__name__
    )


def _dispatch(family: str, chosen: Sequence[Rule]) -> str:
    """Source of the function that fills a family's hole: it calls the stock point's own rule.

    Of a family that allows several rules at a stock point, all of them, and takes the least answer;
    then the stock point's code has a bit for each rule, and each rule a place for its parameters.
    """
    signature, made = HOLES[family]
    several = FAMILIES[family].several
    lines = [f"def {signature}:"]
    if several:
        lines.append("    least = NEVER")
    for code, rule in enumerate(chosen):
        together = chosen if several else [rule]
        answer = made.format(f"{family}_{code}({_arguments(family, rule, together)})")
        if several:
            lines.append(f"    if {_in_use(family, code)}: least = min(least, {answer})")
        elif code == len(chosen) - 1:
            lines.append(f"    return {answer}")
        else:
            lines.append(f"    if {_in_use(family, code)}: return {answer}")
    if several:
        lines.append("    return least")
    if family in MOVES:
        name, movers = MOVES[family]
        moving = [code for code, rule in enumerate(chosen) if movers & set(rule.asks)]
        test = " or ".join(_in_use(family, code) for code in moving) or "False"
        lines += [f"def {name}(stock):", f"    return {test}"]
    return "\n".join(lines) + "\n"


def _in_use(family: str, code: int) -> str:
    """The test whether a stock point uses the rule of that code."""
    if FAMILIES[family].several:
        return f"stock.{family} & {1 << code} != 0"
    return f"stock.{family} == {code}"


def _arguments(family: str, rule: Rule, together: Sequence[Rule]) -> str:
    """How the kernel spells a rule's arguments; parameters as `setup` has laid them out.

    `together` are the rules whose parameters lie together: those shared by all classes, rule by
    rule, then each class's own, rule by rule.
    """
    shared = [(one, p.name) for one in together for p in one.shared]
    by_class = [(one, p.name) for one in together for p in one.by_class]
    spelt = dict(FAMILIES[family].offers)
    for i, (one, name) in enumerate(shared):
        if one == rule:
            spelt[name] = f"world.params[stock.{family}_at + {i}]"
    for i, (one, name) in enumerate(by_class, len(shared)):
        if one == rule:
            at = f"stock.{family}_at + {i} + {len(by_class)} * line.customer_class"
            spelt[name] = f"world.params[{at}]"
    return ", ".join(spelt[argument] for argument in rule.arguments)


def _digest(sources: Sequence[str], key: Key, ports: Mapping[str, Any]) -> str:
    """A hash of the sources of all that is linked: kernel, entities, engine and rules."""
    rules = key.rules
    files = {module.__file__ for module in (entities, *KERNEL)}
    files |= {p.__code__.co_filename for p in ports.values()}
    files.add(str(Path(__file__).with_name("tables.py")))
    files |= {rule.function.__code__.co_filename for chosen in rules.values() for rule in chosen}
    digest = hashlib.sha256("".join(sources).encode())
    digest.update(" ".join(sorted(key.switches)).encode())
    digest.update(" ".join(f"{name}={port.__name__}" for name, port in ports.items()).encode())
    for chosen in rules.values():
        digest.update(" ".join(rule.name for rule in chosen).encode())
        for rule in chosen:
            digest.update(repr(_constants(rule.function)).encode())
    for entity in (entities.Line, entities.Stock):
        digest.update(" ".join(f.name for f in fields(entity)).encode())
    for file in sorted(str(f) for f in files):
        if not file.startswith("<"):  # written here from the entities
            digest.update(Path(file).read_bytes())
    return digest.hexdigest()[:16]
