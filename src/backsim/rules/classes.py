"""What of a class its author has written."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

_NOT_CODE = frozenset(
    {
        *("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__qualname__"),
        *("__firstlineno__", "__static_attributes__", "__dataclass_fields__", "__match_args__"),
        *("__dataclass_params__", "__abstractmethods__", "_abc_impl", "__parameters__"),
        *("__orig_bases__", "__slots__", "__annotate_func__", "__annotations_cache__"),
    }
)
_HEAP_TYPE = 1 << 9
"""The flag of classes that were made by a `class` statement."""
_DESCRIPTORS = frozenset(
    {"member_descriptor", "getset_descriptor", "wrapper_descriptor", "_tuplegetter"}
)
_WRITTEN = frozenset(
    {
        *("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__new__"),
        *("__lt__", "__le__", "__gt__", "__ge__", "__getstate__", "__setstate__", "__replace__"),
        *("_field_defaults", "_fields"),
    }
)
"""What a dataclass or a named tuple has from its fields alone."""


def is_written(kind: type) -> bool:
    """Whether a class comes from a `class` statement rather than from C."""
    return bool(getattr(kind, "__flags__", 0) & _HEAP_TYPE)


def is_frozen(kind: type) -> bool:
    """Whether a class is a frozen dataclass."""
    params = getattr(kind, "__dataclass_params__", None)
    return params is not None and bool(params.frozen)


def is_part(kind: type) -> bool:
    """Whether a class is a part of scenarios, with fields that pydantic checks."""
    return hasattr(kind, "__pydantic_fields__")


def attributes(kind: type) -> Iterator[tuple[str, Any]]:
    """What a class statement has written: not what Python, dataclasses or enums add to it."""
    for name, value in sorted(vars(kind).items()):
        if name in _NOT_CODE or type(value).__name__ in _DESCRIPTORS or _generated(name, value):
            continue
        if is_part(kind) and not _of_part(kind, name, value):
            continue
        if not (issubclass(kind, enum.Enum) and _of_enum(name, value)):
            yield name, value


def _generated(name: str, value: Any) -> bool:
    """Whether a dataclass or a named tuple has written a method itself, from its fields."""
    code = getattr(getattr(value, "__wrapped__", value), "__code__", None)
    own = isinstance(code, CodeType) and not code.co_filename.startswith(("<string>", "<frozen"))
    return name in _WRITTEN and not own


def _of_part(kind: type, name: str, value: Any) -> bool:
    """Whether an attribute is one that its author wrote, and no field: those are in scenarios."""
    code = (FunctionType, property, staticmethod, classmethod, functools.cached_property)
    constants = getattr(kind, "__class_vars__", ())
    return (isinstance(value, code) and name != "__hash__") or name in constants


def _of_enum(name: str, value: Any) -> bool:
    """Whether an enum's attribute is one of its members, or of its machinery."""
    return isinstance(value, enum.Enum) or name[:1] == "_" or type(value).__module__ == "enum"
