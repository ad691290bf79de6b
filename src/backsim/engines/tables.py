"""The world as one pointer: how compiled kernel code reads and writes the tables.

Kernel code says ``world.lines[i].open -= 1``.  Here ``world`` is the address of a row of
(data, length) pairs, one a table; ``world.lines`` loads a pair; ``[i]`` is an address computation
that yields a numba record.  Passing arrays in a named tuple instead copies some eighty words at
each call that is not inlined, which made the event loop ten times slower (decision 0002).

Indices are not checked and there is no reference counting: the caller keeps the arrays alive.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import (
    infer_getattr,
    intrinsic,
    lower_builtin,
    register_model,
)
from numba.np.numpy_support import from_dtype

KNOWN: dict[str, Any] = {}
"""The types of the world, its tables and their rows, by name."""


def _short(what: str, name: str) -> str:
    """A short name that tells types apart: numba spells them out in the name of each function."""
    return f"{what}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _element(dtype: np.dtype[Any]) -> Any:
    """The type of a table's rows."""
    element = from_dtype(dtype)
    if isinstance(element, types.Record) and "(" in element.name:
        element.name = _short("Row", element.name)
    return element


class Table(types.Type):
    """A table of records (or numbers): an address and a length."""

    def __init__(self, element: Any) -> None:
        self.element = element
        super().__init__(name=f"Table_{element}")


class WorldPointer(types.Type):
    """The address of the tables' (data, length) pairs."""

    def __init__(self, tables: tuple[tuple[str, Any], ...]) -> None:
        self.tables = dict(tables)
        self.order = [name for name, _ in tables]
        super().__init__(name=_short("World", str(tables)))


@register_model(Table)
class _TableModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("data", types.voidptr), ("length", types.intp)])


@register_model(WorldPointer)
class _WorldModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.IntType(8).as_pointer())


@infer_getattr
class _WorldAttributes(AttributeTemplate):
    key = WorldPointer

    def generic_resolve(self, world: Any, name: str) -> Any:
        return world.tables.get(name)


@lower_getattr_generic(WorldPointer)
def _load_table(context: Any, builder: Any, world: Any, value: Any, name: str) -> Any:
    table = world.tables[name]
    words = builder.bitcast(value, context.get_value_type(types.intp).as_pointer())
    at = 2 * world.order.index(name)
    pair = cgutils.create_struct_proxy(table)(context, builder)
    data = builder.load(cgutils.gep_inbounds(builder, words, at))
    pair.data = builder.inttoptr(data, context.get_value_type(types.voidptr))
    pair.length = builder.load(cgutils.gep_inbounds(builder, words, at + 1))
    return pair._getvalue()


@infer_global(operator.getitem)
class _TableItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 2 and isinstance(args[0], Table) and isinstance(args[1], types.Integer):
            return signature(args[0].element, args[0], types.intp)
        return None


@lower_builtin(operator.getitem, Table, types.Integer)
def _load_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    table, element = sig.args[0], sig.return_type
    pair = cgutils.create_struct_proxy(table)(context, builder, args[0])
    size = context.get_constant(
        types.intp,
        np.dtype(str(element)).itemsize if not isinstance(element, types.Record) else element.size,
    )
    at = builder.gep(pair.data, [builder.mul(args[1], size)])
    if isinstance(element, types.Record):
        return builder.bitcast(at, context.get_value_type(element))
    return builder.load(builder.bitcast(at, context.get_value_type(element).as_pointer()))


@infer_global(len)
class _TableLength(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Table):
            return signature(types.intp, args[0])
        return None


@lower_builtin(len, Table)
def _length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).length


def world_at(dtypes: Mapping[str, np.dtype[Any]]) -> Any:
    """An intrinsic function that turns an array of (data, length) pairs into the world."""
    kind = WorldPointer(tuple((name, Table(_element(d))) for name, d in dtypes.items()))
    for table in kind.tables.values():
        KNOWN.update({str(table): table, str(table.element): table.element})
    KNOWN[str(kind)] = kind

    @intrinsic
    def as_world(typing_context: Any, pairs: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            array = context.make_array(sig.args[0])(context, builder, args[0])
            return builder.bitcast(array.data, context.get_value_type(kind))

        return kind(pairs), generate

    return as_world
