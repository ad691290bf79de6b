"""The world as one pointer: how compiled kernel code reads and writes the tables.

Kernel code says ``world.lines[i].open -= 1``.  Here ``world`` is the address of a row of
`Extent`, one per table: where it lies, how many rows it has room for, and how many it has.
``world.lines`` is the address of an extent; ``[i]`` loads from there where the table lies, and
yields a numba record.  Passing arrays in a named tuple instead copies some eighty words at each
call that is not inlined, which made the event loop ten times slower (decision 0002).

Indices are not checked and there is no reference counting: the caller keeps the arrays alive.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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
    type_callable,
)
from numba.np.numpy_support import from_dtype

from backsim.engines.extents import append, resize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KNOWN: dict[str, Any] = {}
"""The types of the world, its tables and their rows, by name."""

WORDS = 3
ADDRESS, ROOM, ROWS = range(WORDS)


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
    """A table of records (or numbers); `blank` is a new row, as bytes."""

    def __init__(self, element: Any, blank: bytes) -> None:
        self.element, self.blank = element, blank
        super().__init__(name=_short("Table", f"{element} {blank.hex()}"))

    @property
    def size(self) -> int:
        """Bytes of a row."""
        return len(self.blank)


class WorldPointer(types.Type):
    """The address of the tables' extents."""

    def __init__(self, tables: tuple[tuple[str, Table], ...]) -> None:
        self.tables = dict(tables)
        self.order = [name for name, _ in tables]
        super().__init__(name=_short("World", str(tables)))


@register_model(Table)
@register_model(WorldPointer)
class _AddressModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.IntType(64).as_pointer())


@infer_getattr
class _WorldAttributes(AttributeTemplate):
    key = WorldPointer

    def generic_resolve(self, world: Any, name: str) -> Any:
        return world.tables.get(name)


@lower_getattr_generic(WorldPointer)
def _find_table(context: Any, builder: Any, world: Any, value: Any, name: str) -> Any:
    return cgutils.gep_inbounds(builder, value, WORDS * world.order.index(name))


@infer_global(operator.getitem)
class _TableItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 2 and isinstance(args[0], Table) and isinstance(args[1], types.Integer):
            return signature(args[0].element, args[0], types.intp)
        return None


@lower_builtin(operator.getitem, Table, types.Integer)
def _load_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    element = context.get_value_type(sig.return_type)
    at = _row(context, builder, sig.args[0], *args)
    if isinstance(sig.return_type, types.Record):
        return builder.bitcast(at, element)
    return builder.load(builder.bitcast(at, element.as_pointer()))


@infer_global(operator.setitem)
class _TableSet(AbstractTemplate):
    """Of tables of plain numbers; fields of records are set by numba itself."""

    def generic(self, args: Any, kws: Any) -> Any:
        if isinstance(args[0], Table) and isinstance(args[0].element, types.Number):
            return signature(types.none, args[0], types.intp, args[0].element)
        return None


@lower_builtin(operator.setitem, Table, types.Integer, types.Number)
def _store_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    element = context.get_value_type(sig.args[2])
    at = _row(context, builder, sig.args[0], args[0], args[1])
    builder.store(args[2], builder.bitcast(at, element.as_pointer()))
    return context.get_dummy_value()


@infer_global(len)
class _TableLength(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Table):
            return signature(types.intp, args[0])
        return None


@lower_builtin(len, Table)
def _length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(cgutils.gep_inbounds(builder, args[0], ROWS))


@type_callable(append)
def _type_append(context: Any) -> Any:
    return lambda table: types.intp if isinstance(table, Table) else None


@lower_builtin(append, Table)
def _append(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    kind, (extent,) = sig.args[0], args
    place = cgutils.gep_inbounds(builder, extent, ROWS)
    count = builder.load(place)
    one = context.get_constant(types.intp, 1)
    builder.store(builder.add(count, one), place)
    last = builder.sub(builder.load(cgutils.gep_inbounds(builder, extent, ROOM)), one)
    index = builder.select(builder.icmp_signed("<", count, last), count, last)
    blank = cgutils.global_constant(builder, "blank", cgutils.make_bytearray(bytearray(kind.blank)))
    row = _row(context, builder, kind, extent, index)
    start = builder.bitcast(blank, context.get_value_type(types.voidptr))
    cgutils.raw_memcpy(builder, row, start, context.get_constant(types.intp, kind.size), 1)
    return index


@type_callable(resize)
def _type_resize(context: Any) -> Any:
    return lambda table, rows: types.none if isinstance(table, Table) else None


@lower_builtin(resize, Table, types.Integer)
def _resize(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    rows = context.cast(builder, args[1], sig.args[1], types.intp)
    builder.store(rows, cgutils.gep_inbounds(builder, args[0], ROWS))
    return context.get_dummy_value()


def _row(context: Any, builder: Any, kind: Table, extent: Any, index: Any) -> Any:
    """The address of a row."""
    data = builder.load(cgutils.gep_inbounds(builder, extent, ADDRESS))
    start = builder.inttoptr(data, context.get_value_type(types.voidptr))
    return builder.gep(start, [builder.mul(index, context.get_constant(types.intp, kind.size))])


def world_at(blanks: Mapping[str, NDArray[Any]]) -> Any:
    """An intrinsic function that turns the extents into the world.

    They are an array of numbers, or where such an array lies.

    `blanks` holds for each table, in the order of the extents, an array of one new row.
    """
    kind = WorldPointer(
        tuple((name, Table(_element(row.dtype), row.tobytes())) for name, row in blanks.items())
    )
    for table in kind.tables.values():
        KNOWN.update({str(table): table, str(table.element): table.element})
    KNOWN[str(kind)] = kind

    @intrinsic
    def as_world(typing_context: Any, extents: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            if isinstance(sig.args[0], types.Integer):
                return builder.inttoptr(args[0], context.get_value_type(kind))
            array = context.make_array(sig.args[0])(context, builder, args[0])
            return builder.bitcast(array.data, context.get_value_type(kind))

        return kind(extents), generate

    return as_world
