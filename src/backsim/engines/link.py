"""The linker: fills the kernel's holes with an engine's ports and a scenario's rules.

Each kernel function is rebuilt from its code object in one namespace that also holds the ports, the
chosen rules and the functions that call them.  For the compiled engine each function of that
namespace passes through `numba.njit` on the way.

Numba's disk cache sees a change of the cached function itself, but not of a function it calls.  So
the compiled engine puts a hash of everything that is linked (`cache_key`) into the name of the one
function that it caches.
"""

from __future__ import annotations

import importlib
import pkgutil
import types
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from backsim import entities, kernel
from backsim.errors import BacksimError
from backsim.kernel import events, features
from backsim.kernel.events import handle_of
from backsim.rules import FAMILIES, Rule
from backsim.rules.code import GLOBAL, uses
from backsim.rules.fingerprint import Fingerprint, fingerprint
from backsim.rules.registry import APART, ASKED_AGAIN, Family

TOO_MANY = 1 << 31
"""Units that no purchase or line has: they are counted in 32 bits."""

SWITCHES = tuple(name for name in vars(features) if name.isupper())

Namespace = dict[str, Any]
Transform = Callable[[types.FunctionType], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """What a kernel is linked from, as a key for caches.

    The rules by family, in the order of their codes; the parts that are switched on; and the
    fingerprint of each rule of a user's own, as what it uses may change while a process runs.
    """

    families: tuple[tuple[str, tuple[Rule, ...]], ...]
    switches: frozenset[str]
    own: tuple[tuple[str, Fingerprint], ...]

    @property
    def rules(self) -> dict[str, tuple[Rule, ...]]:
        """The rules in use by family."""
        return dict(self.families)

    @property
    def of_users(self) -> list[Rule]:
        """The rules that backsim does not bring."""
        return [rule for _, chosen in self.families for rule in chosen if not rule.built_in]


def kernel_key(rules: Mapping[str, Sequence[Rule]], switches: Iterable[str] = SWITCHES) -> Key:
    """The key of a choice of rules and parts, as the rules are now."""
    families = tuple((family, tuple(chosen)) for family, chosen in rules.items())
    parts = frozenset(switches)
    if "INFORMS" in parts or {"NETWORK", "PIPELINE"} <= parts:  # also where kernels are joined
        parts |= {"STANDS"}
    if any(rule.order(parts) == APART for _, chosen in families for rule in chosen):
        parts |= {"APART"}
    of_users = Key(families, parts, ()).of_users
    return Key(families, parts, tuple((r.name, fingerprint(r.function)) for r in of_users))


def link(key: Key, ports: Mapping[str, Any], transform: Transform | None = None) -> Namespace:
    """The kernel with its holes filled, as a namespace.

    `ports` are the engine's functions by name; `transform` is what each function passes through
    (numba or nothing).  Without a transform rules stay what they are, and see their globals as
    these change.
    """
    change = transform or _as_it_is
    namespace: Namespace = {
        "__name__": "backsim.kernel",
        "__builtins__": __builtins__,
        **constants(),
    }
    switched = switches_of(key)
    namespace.update(switched)

    def add(name: str, function: types.FunctionType, scope: Namespace) -> None:
        namespace[name] = change(rebuild(function, scope, name))

    scopes = _Scopes(change)
    for family, chosen in key.families:
        for code, rule in enumerate(chosen):
            own = rule.function if transform is None else scopes.moved(rule.function)
            namespace[f"{family}_{code}"] = own
    for name, port in ports.items():  # a port may call those before it
        known = {earlier: namespace[earlier] for earlier in ports if earlier in namespace}
        add(name, port, {**port.__globals__, **switched, **known})
    for file, source in written_for(key):
        defined: Namespace = {}
        exec(compile(source, file, "exec"), namespace, defined)
        for name, function in defined.items():
            add(name, function, namespace)
    for function in kernel_functions():
        add(function.__name__, function, namespace)
    return namespace


RULES_OF = "<rules of"
"""How the file name of the functions that call the rules begins; it is no file."""


def constants() -> dict[str, int | float]:
    """The numbers that the kernel's modules and the entities name."""
    return {
        name: value
        for module in (entities, *kernel_modules())
        for name, value in vars(module).items()
        if isinstance(value, int | float) and name.isupper()
    }


def switches_of(key: Key) -> dict[str, bool]:
    """Each part of the kernel, and whether it is on."""
    return {name: name in key.switches for name in SWITCHES}


def written_for(key: Key) -> list[tuple[str, str]]:
    """(file name, source) of the functions that call the rules, one per family, and of `handle`."""
    kernel_modules()  # they declare their events when they are imported
    rules = [_dispatch(family, chosen, key.switches) for family, chosen in key.families]
    file = f"{RULES_OF} {', '.join(key.rules)}>"
    return [*((file, source) for source in rules), ("<events>", handle_of(key.switches))]


def _as_it_is(function: types.FunctionType) -> types.FunctionType:
    return function


def rebuild(
    function: types.FunctionType, namespace: Namespace, qualified: str
) -> types.FunctionType:
    """The same code, looking its names up in another namespace.

    numba names machine code after a function's qualified name: within a kernel it tells functions
    apart, and of what can be called from outside it tells kernels apart.
    """
    name, code = function.__name__, function.__code__
    closure = function.__closure__
    rebuilt = types.FunctionType(code, namespace, name, function.__defaults__, closure)
    rebuilt.__kwdefaults__ = function.__kwdefaults__
    rebuilt.__qualname__ = qualified
    return rebuilt


class _Scopes:
    """Moves rules, with the functions of a user's files that they call, through a transform.

    Each file's functions share a copy of its globals, as they were when the kernel was linked.
    """

    def __init__(self, transform: Transform) -> None:
        self.transform = transform
        self.scopes: dict[int, Namespace] = {}
        self.done: dict[types.FunctionType, Any] = {}

    def moved(self, function: Any) -> Any:
        """A function, transformed, in a scope with all that it calls transformed too."""
        function = getattr(function, "py_func", function)  # what a user has compiled with numba
        if function in self.done:
            return self.done[function]
        scope = self.scopes.setdefault(id(function.__globals__), dict(function.__globals__))
        taken = _with_cells(function)
        qualified = f"{function.__name__}_{fingerprint(function).digest}"
        self.done[function] = moved = self.transform(rebuild(taken, scope, qualified))
        for use in uses(function.__code__):
            if use.kind == GLOBAL and use.name in function.__globals__:
                scope[use.name] = self.value(function.__globals__[use.name])
        for cell in taken.__closure__ or ():
            if not _is_empty(cell):
                cell.cell_contents = self.value(cell.cell_contents)
        return moved

    def value(self, value: Any) -> Any:
        """A value for the scope: functions are moved, an array is kept as it is now."""
        if isinstance(getattr(value, "py_func", value), types.FunctionType):
            return self.moved(value)
        return value.copy() if type(value) is np.ndarray else value


def _with_cells(function: types.FunctionType) -> types.FunctionType:
    """The function with cells of its own for what it has from the function around it."""
    if not function.__closure__:
        return function
    cells = tuple(
        types.CellType() if _is_empty(cell) else types.CellType(cell.cell_contents)
        for cell in function.__closure__
    )
    return types.FunctionType(
        *(function.__code__, function.__globals__, function.__name__, function.__defaults__, cells)
    )


def _is_empty(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is cell  # reading it is what may fail
    except ValueError:
        return True


@cache
def kernel_modules() -> tuple[types.ModuleType, ...]:
    """Every module of the kernel whose functions are linked, whatever its room."""
    found = pkgutil.walk_packages(kernel.__path__, f"{kernel.__name__}.")
    modules = tuple(importlib.import_module(module.name) for module in found)
    return tuple(module for module in modules if module is not events)


def kernel_events() -> list[events.Event]:
    """The kinds of event, in their order at one instant."""
    kernel_modules()  # they declare their events when they are imported
    return events.in_order()


@cache
def kernel_functions() -> tuple[types.FunctionType, ...]:
    """Every function of the kernel.  Raises BacksimError: two have one name, and would be one."""
    functions = {}
    for module in kernel_modules():
        for name, value in vars(module).items():
            if isinstance(value, types.FunctionType) and value.__module__ == module.__name__:
                if name in functions:
                    raise BacksimError(f"kernel: {name} is in two modules, {module.__name__} too")
                functions[name] = value
    return tuple(functions.values())


def _dispatch(family: str, chosen: Sequence[Rule], parts: Container[str]) -> str:
    """Source of the functions that fill a family's holes: they call the stock point's own rule."""
    declared = FAMILIES[family]
    orders = [rule.order(parts) for rule in chosen]
    day_0 = [rule.ages and order != ASKED_AGAIN for rule, order in zip(chosen, orders, strict=True)]
    written = _looked_at(declared) if not all(rule.built_in for rule in chosen) else ""
    written += _calls(declared, declared.call, chosen, day_0)
    if declared.moves:
        moving = [order == ASKED_AGAIN for order in orders]
        written += _question(family, declared.moves, moving)
    if declared.apart:
        written += _question(family, declared.apart, [order == APART for order in orders])
        written += _calls(declared, declared.today, chosen, [False] * len(chosen))
    return written


def _looked_at(declared: Family) -> str:
    """Source of the function that looks at what a user's rule answers.

    Compiled code would go on with anything, also where Python raises an error.
    """
    bad = f"not -{TOO_MANY} < number < {TOO_MANY}" if declared.finite else "number != number"
    words = f"it is nan, infinite, or {TOO_MANY:,} or more" if declared.finite else "it is nan"
    return (
        f"def looked_at_{declared.name}(answer):\n"
        "    number = 1.0 * answer\n"
        f"    if {bad}: raise ValueError({words!r})\n"
        "    return number\n"
    )


def _question(family: str, name: str, of_rules: Sequence[bool]) -> str:
    """Source of the function that says whether a stock point's rule is one of some."""
    test = " or ".join(_in_use(family, code) for code, yes in enumerate(of_rules) if yes)
    return f"def {name}(stock):\n    return {test or False}\n"


def _calls(declared: Family, call: str, chosen: Sequence[Rule], day_0: Sequence[bool]) -> str:
    """Source of a function that calls the stock point's own rule; of some as on day 0.

    Of a family that allows several rules at a stock point, all of them, and takes the least answer;
    then the stock point's code has a bit for each rule, and each rule a place for its parameters.
    """
    family = declared.name
    several = declared.several
    lines = [f"def {call}:"]
    if several:
        lines.append("    least = NEVER")
    for code, (rule, even) in enumerate(zip(chosen, day_0, strict=True)):
        together = chosen if several else [rule]
        given = _arguments(declared, rule, together, even)
        answer = f"{family}_{code}({given})"
        answer = declared.answer.format(
            answer if rule.built_in else f"looked_at_{family}({answer})"
        )
        if several:
            lines.append(f"    if {_in_use(family, code)}: least = min(least, {answer})")
        elif code == len(chosen) - 1:
            lines.append(f"    return {answer}")
        else:
            lines.append(f"    if {_in_use(family, code)}: return {answer}")
    if several:
        lines.append("    return least")
    return "\n".join(lines) + "\n"


def _in_use(family: str, code: int) -> str:
    """The test whether a stock point uses the rule of that code."""
    if FAMILIES[family].several:
        return f"stock.{family} & {1 << code} != 0"
    return f"stock.{family} == {code}"


def _arguments(declared: Family, rule: Rule, together: Sequence[Rule], even: bool) -> str:
    """How the kernel spells a rule's arguments; parameters as `setup` has laid them out.

    `even`: as on day 0.

    `together` are the rules whose parameters lie together: those shared by all classes, rule by
    rule, then each class's own, rule by rule.
    """
    shared = [(one, p.name) for one in together for p in one.shared]
    by_class = [(one, p.name) for one in together for p in one.by_class]
    family, offers = declared.name, declared.offers.items()
    spelt = {name: (even and offer.even) or offer.code for name, offer in offers}
    for i, (one, name) in enumerate(shared):
        if one == rule:
            spelt[name] = f"world.params[stock.{family}_at + {i}]"
    for i, (one, name) in enumerate(by_class, len(shared)):
        if one == rule:
            at = f"stock.{family}_at + {i} + {len(by_class)} * {spelt['line']}.customer_class"
            spelt[name] = f"world.params[{at}]"
    return ", ".join(spelt[argument] for argument in rule.arguments)
