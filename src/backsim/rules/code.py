"""What a code object is and which names it uses, read from its instructions."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

GLOBAL, FREE = "global", "free"
_LOADS = {"LOAD_GLOBAL": GLOBAL, "LOAD_NAME": GLOBAL, "LOAD_DEREF": FREE, "LOAD_CLASSDEREF": FREE}
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
_BETWEEN = ("PUSH_NULL", "CACHE", "PRECALL", "COPY_FREE_VARS")

_KIND = (
    *(inspect.CO_VARARGS, inspect.CO_VARKEYWORDS, inspect.CO_GENERATOR, inspect.CO_COROUTINE),
    inspect.CO_ASYNC_GENERATOR,
)
"""The flags that say how a function is called; others tell of the compiler's settings."""


@dataclass(frozen=True, slots=True)
class Use:
    """A name that code takes from outside, with the attributes that it takes of it at once."""

    kind: str
    name: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that code writes to beside its own variables."""

    what: str
    """`global NAME`, `item`, `attribute NAME` or `method NAME`."""
    line: int
    of: str = ""
    """The global or free name that an attribute or method is of, where it is of one."""


CHANGING = frozenset(
    {
        *("append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault", "add"),
        *("discard", "popitem", "sort", "reverse", "appendleft", "popleft", "rotate", "fill"),
        *("put", "itemset", "resize", "partition", "__setitem__", "__delitem__", "__setattr__"),
        *("difference_update", "intersection_update", "symmetric_difference_update", "__dict__"),
    }
)
"""Methods that change the object that they are called on."""


def canonical(code: CodeType) -> Any:
    """A code object as plain values: equal when it does the same, wherever it stands.

    Names of files, line numbers, comments and docstrings are not in it.
    """
    return (
        code.co_name,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_flags & sum(_KIND),
        (code.co_varnames, code.co_freevars, code.co_cellvars, code.co_names),
        code.co_code,
        code.co_exceptiontable,
        _loaded_constants(code),
    )


@lru_cache(maxsize=4096)
def _loaded_constants(code: CodeType) -> tuple[Any, ...]:
    """(place, constant) of each that an instruction loads; a docstring is not loaded."""
    places, extended = set(), 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        opcode, argument = raw[at], raw[at + 1] | extended
        extended = argument << 8 if opcode == dis.EXTENDED_ARG else 0
        if opcode in dis.hasconst:
            places.add(argument)
    return tuple((place, code.co_consts[place]) for place in sorted(places))


def nested(code: CodeType) -> Iterator[CodeType]:
    """The code objects inside a code object, itself first."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)


@lru_cache(maxsize=4096)
def uses(code: CodeType) -> tuple[Use, ...]:
    """The names that a code object and those inside it take from outside, each once, in order."""
    found: dict[Use, None] = {}
    for inner in nested(code):
        instructions = [i for i in dis.get_instructions(inner) if i.opname not in _BETWEEN]
        for at, instruction in enumerate(instructions):
            kind = _LOADS.get(instruction.opname)
            if kind is None or (kind == FREE and instruction.argval not in code.co_freevars):
                continue
            attributes = []
            for following in instructions[at + 1 :]:
                if following.opname not in _ATTRIBUTES:
                    break
                attributes.append(str(following.argval))
            found[Use(kind, str(instruction.argval), tuple(attributes))] = None
    return tuple(found)


@lru_cache(maxsize=4096)
def changes(code: CodeType) -> tuple[Change, ...]:
    """What a code object and those inside it write to beside their own variables."""
    found = []
    for inner in nested(code):
        of = ""
        for instruction in dis.get_instructions(inner):
            what = _changed(code, instruction)
            if what:
                found.append(Change(what, _line(instruction, inner), of))
            of = str(instruction.argval) if instruction.opname in _LOADS else ""
    return tuple(found)


def _changed(code: CodeType, instruction: dis.Instruction) -> str:
    name, value = instruction.opname, instruction.argval
    if name in ("STORE_GLOBAL", "DELETE_GLOBAL"):
        return f"global {value}"
    if name in ("STORE_DEREF", "DELETE_DEREF") and value in code.co_freevars:
        return f"nonlocal {value}"
    if name in ("STORE_SUBSCR", "DELETE_SUBSCR", "STORE_SLICE"):
        return "item"
    if name in ("STORE_ATTR", "DELETE_ATTR"):
        return f"attribute {value}"
    if name in _ATTRIBUTES and value in CHANGING:
        return f"method {value}"
    return ""


@lru_cache(maxsize=4096)
def imports(code: CodeType) -> tuple[tuple[str, int], ...]:
    """(module, line) of each import that runs with the code."""
    return tuple(
        (str(instruction.argval), _line(instruction, inner))
        for inner in nested(code)
        for instruction in dis.get_instructions(inner)
        if instruction.opname == "IMPORT_NAME"
    )


def _line(instruction: dis.Instruction, code: CodeType) -> int:
    place = instruction.positions
    return (place and place.lineno) or code.co_firstlineno
