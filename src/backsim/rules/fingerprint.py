"""A hash of all that a rule's answers depend on, besides its arguments.

That is its code, its defaults, and the values of the names that the code uses: numbers, text,
tuples, arrays, frozen dataclasses and enums by value; functions and classes by their own code, and
so on from there; functions of numpy, scipy and Python's library by name and version.  What may
change without a trace - files, generators, random numbers, objects that hold state - has no
fingerprint, and the reason says why.

The compiled engine freezes these values, a study goes on with them, provenance and baselines say
what they were: all ask here (decision 0018).
"""

from __future__ import annotations

import builtins
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import hashlib
import pathlib
import re
import struct
from collections.abc import Callable, Mapping
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from backsim.rules import classes, libraries
from backsim.rules.code import GLOBAL, Use, canonical, changes, imports, uses

LENGTH = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash of a function; without one, the reason."""

    digest: str
    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason

    @property
    def told(self) -> str:
        """The hash, or why there is none, for a file to keep."""
        return self.digest or f"unknown: {self.reason}"


class _Unknown(Exception):
    """What is reached has no fingerprint."""


def fingerprint(function: Callable[..., Any]) -> Fingerprint:
    """The fingerprint of a function as it is now: a changed global changes it."""
    walk, name = _Walk(), getattr(function, "__name__", type(function).__name__)
    try:
        walk.value(function, getattr(function, "__name__", type(function).__name__))
        walk.check_changes()
    except _Unknown as reason:
        return Fingerprint("", str(reason))
    except RecursionError:
        return Fingerprint("", f"{name}: what it uses is nested too deep")
    return Fingerprint(walk.digest())


def digest_of(value: Any) -> str:
    """A hash of plain values and code objects; equal values have equal hashes, everywhere."""
    walk = _Walk()
    walk.value(value, "value")
    return walk.digest()


_LAST_RESORT = "give the rule what it needs as a parameter, or as a number, tuple or array"
_BY_TEXT = (
    *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta, datetime.timezone),
    *(decimal.Decimal, fractions.Fraction, pathlib.PurePosixPath, pathlib.PosixPath),
)


class _Walk:
    """Feeds a hash with a value and all that can be reached from it."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.known: dict[int, int] = {}
        """The number of each function, class and container met; also what ends a circle."""
        self.kept: list[Any] = []
        """The values whose addresses are known, lest another one takes the place."""
        self.mutable: dict[str, str] = {}
        """Path -> kind of what an item or a method may change in place."""
        self.open: dict[str, str] = {}
        """The same for what an attribute may change."""
        self.changing: dict[str, str] = {}
        """What of it code changes (item, method, attribute) -> where."""

    def digest(self) -> str:
        return self.hash.hexdigest()[:LENGTH]

    def put(self, tag: str, data: bytes | str = b"") -> None:
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        self.hash.update(f"{tag}:{len(raw)}:".encode())
        self.hash.update(raw)

    def met(self, value: Any) -> bool:
        """Whether a value has been met before; then its number stands for it."""
        number = self.known.setdefault(id(value), len(self.known))
        if number < len(self.kept):
            self.put("again", str(number))
            return True
        self.kept.append(value)
        return False

    def check_changes(self) -> None:
        """Refuse code that writes while something that it might write to is in reach."""
        pairs = (("item", self.mutable), ("method", self.mutable), ("attribute", self.open))
        for what, reached in pairs:
            if what in self.changing and reached:
                path, kind = next(iter(reached.items()))
                raise _Unknown(
                    f"{self.changing[what]}, and {path} is {kind} that this may change; "
                    "make it a tuple or a frozen dataclass, so that it cannot"
                )

    # -- values --------------------------------------------------------------------------------

    def value(self, value: Any, path: str) -> None:
        kind = type(value)
        if value is None or value is Ellipsis or value is NotImplemented or kind in (bool, int):
            self.put(kind.__name__, repr(value))
        elif kind is float:
            self.put("float", struct.pack("<d", value))
        elif kind is complex:
            self.put("complex", struct.pack("<dd", value.real, value.imag))
        elif kind in (str, bytes):
            self.put(kind.__name__, value)
        elif kind in (tuple, list):
            self.sequence(value, path)
        elif kind in (set, frozenset):
            self.unordered(value, path)
        elif kind in (dict, MappingProxyType):
            self.mapping(value, path)
        elif kind in (range, slice, re.Pattern) or kind in _BY_TEXT:
            self.put(kind.__name__, repr(value))
        elif kind is CodeType:
            self.sequence(canonical(value), path)
        elif isinstance(value, np.generic | np.ndarray | np.dtype):
            self.array(value, path)
        elif isinstance(value, ModuleType):
            raise _Unknown(
                f"{path} is the module {value.__name__}, used as a value; name what is taken of it"
            )
        elif not self.callable(value, path):
            self.object(value, path)

    def sequence(self, values: Any, path: str) -> None:
        if isinstance(values, list):
            self.mutable[path] = "a list"
            if self.met(values):
                return
        self.put(type(values).__name__, str(len(values)))
        for i, value in enumerate(values):
            self.value(value, f"{path}[{i}]")

    def unordered(self, values: Any, path: str) -> None:
        if isinstance(values, set):
            self.mutable[path] = "a set"
        parts = []
        for value in values:
            walk = _Walk()
            walk.value(value, path)
            parts.append(walk.digest())
        self.put(type(values).__name__, " ".join(sorted(parts)))

    def mapping(self, values: Mapping[Any, Any], path: str) -> None:
        if isinstance(values, dict):
            self.mutable[path] = "a dictionary"
        if self.met(values):
            return
        self.put("mapping", str(len(values)))
        for key, value in values.items():
            self.value(key, f"a key of {path}")
            self.value(value, f"{path}[{key!r:.40}]")

    def array(self, value: Any, path: str) -> None:
        if isinstance(value, np.dtype):
            self.put("dtype", repr(value.descr))
            return
        if type(value) is not np.ndarray and not isinstance(value, np.generic):
            raise _Unknown(f"{path} is a {type(value).__name__}; make it an array with np.array()")
        if value.dtype.hasobject:
            raise _Unknown(f"{path} is an array of objects; expected an array of numbers")
        if isinstance(value, np.ndarray):
            self.mutable[path] = "an array"
        self.put("array", f"{value.dtype.descr!r} {value.shape}")
        self.put("bytes", np.ascontiguousarray(value).tobytes())

    # -- functions and classes -----------------------------------------------------------------

    def callable(self, value: Any, path: str) -> bool:
        """Feed a function or class; False if it is neither."""
        if name := libraries.builtin_name(value):
            if name not in libraries.BUILT_IN and not _is_error(value):
                raise _Unknown(f"it uses {name}(), whose answers its arguments do not tell")
            self.put("builtin", name)
        elif library := libraries.library_path(value):
            self.library(library)
        elif isinstance(value, FunctionType):
            self.function(value, path)
        elif isinstance(value, type):
            self.type(value, path)
        elif isinstance(value, MethodType):
            self.put("method")
            self.value(value.__self__, path)
            self.value(value.__func__, path)
        elif isinstance(value, functools.partial):
            self.put("partial")
            self.sequence((value.func, value.args, dict(value.keywords)), path)
        elif isinstance(value, staticmethod | classmethod):
            self.put(type(value).__name__)
            self.value(value.__func__, path)
        elif isinstance(value, functools.cached_property):
            self.put("property")
            self.value(value.func, path)
        elif isinstance(value, property):
            self.put("property")
            self.sequence((value.fget, value.fset, value.fdel), path)
        elif isinstance(value, BuiltinFunctionType):
            raise _Unknown(f"it uses {path}, whose answers its arguments do not tell")
        elif isinstance(plain := getattr(value, "py_func", None), FunctionType):
            self.put("compiled")  # by numba, in a user's file
            self.value(plain, path)
        else:
            return False
        return True

    def library(self, path: str) -> None:
        if not libraries.is_pure(path):
            raise _Unknown(
                f"it uses {path}, whose answers the rule's code does not tell; "
                "call it before, outside the rule, and use the numbers"
            )
        self.put("library", " ".join(libraries.named(path)))

    def function(self, function: FunctionType, path: str) -> None:
        if self.met(function):
            return
        code = function.__code__
        self.put("function")
        self.sequence(canonical(code), path)
        self.value(function.__defaults__, f"the defaults of {path}")
        self.value(tuple(sorted((function.__kwdefaults__ or {}).items())), path)
        self.check_code(code, function.__globals__)
        free = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        for use in uses(code):
            self.put("uses", " ".join((use.kind, use.name, *use.attributes)))
            if use.kind == GLOBAL:
                self.use(use, function.__globals__, vars(builtins))
            else:
                self.use(use, _contents(free), {})

    def check_code(self, code: CodeType, names: Mapping[str, Any]) -> None:
        for change in changes(code):
            what, _, name = change.what.partition(" ")
            if what == "method" and isinstance(names.get(change.of), ModuleType):
                continue  # a module's function, as `np.add`
            place = f"line {change.line} of {code.co_filename}"
            if what in ("global", "nonlocal") or (what == "attribute" and change.of):
                name = f"{change.of}.{name}" if change.of else name
                raise _Unknown(
                    f"{place} changes {name}, so that answers depend on those before; "
                    "a rule's answers may depend on its arguments alone"
                )
            said = {"item": "changes an item", "attribute": f"changes the attribute {name}"}
            self.changing.setdefault(what, f"{place} {said.get(what, f'calls {name}()')}")
        for module, line in imports(code):
            if libraries.root(module) not in libraries.STANDARD:
                raise _Unknown(
                    f"line {line} of {code.co_filename} imports {module} while the rule runs; "
                    "import it at the top of the file"
                )

    def use(self, use: Use, names: Mapping[str, Any], otherwise: Mapping[str, Any]) -> None:
        """The value of a name, and of what is taken of it while it is a module."""
        if use.name not in names and use.name not in otherwise:
            self.put("missing")
            return
        value = names[use.name] if use.name in names else otherwise[use.name]
        path = use.name
        for at, name in enumerate(use.attributes):
            if not isinstance(value, ModuleType):
                break
            path = f"{path}.{name}"
            taken = getattr(value, name, None)
            if libraries.is_library(value.__name__) and not isinstance(taken, ModuleType):
                self.library(".".join((value.__name__, *use.attributes[at:])))
                return
            if not hasattr(value, name):
                self.put("missing", path)
                return
            value = getattr(value, name)
        rest = ".".join(use.attributes)
        if (
            isinstance(value, type)
            and not libraries.is_pure(rest)
            and libraries.library_path(value)
        ):
            self.library(f"{libraries.library_path(value)}.{rest}")
        if isinstance(value, FunctionType):
            for name in set(use.attributes) & set(vars(value)):  # it keeps something on itself
                self.open[f"{path}.{name}"] = "kept on a function"
                self.value(vars(value)[name], f"{path}.{name}")
        self.value(value, path)

    def type(self, kind: type, path: str) -> None:
        if self.met(kind):
            return
        if not classes.is_written(kind):
            raise _Unknown(f"{path} is {kind.__module__}.{kind.__qualname__}; {_LAST_RESORT}")
        if classes.is_part(kind) and kind.__module__.startswith("backsim."):
            self.put("part", kind.__qualname__)  # which version of backsim counts in addition
            return
        self.open[path] = "a class"
        self.put("class", kind.__qualname__)
        self.sequence(tuple(base for base in kind.__bases__ if base is not object), path)
        if issubclass(kind, enum.Enum):
            members = tuple((m.name, m.value) for m in kind)
            self.value(members, path)
        if dataclasses.is_dataclass(kind):
            self.value(tuple(f.name for f in dataclasses.fields(kind)), path)
        for name, value in classes.attributes(kind):
            self.put("attribute", name)
            self.value(value, f"{path}.{name}")

    # -- objects -------------------------------------------------------------------------------

    def object(self, value: Any, path: str) -> None:
        kind = type(value)
        if isinstance(value, enum.Enum):
            self.put("member", value.name)
            self.value(kind, path)
            self.value(value.value, path)
        elif isinstance(value, tuple) and hasattr(kind, "_fields"):
            self.put("named", " ".join((kind.__qualname__, *kind._fields)))
            self.sequence(tuple(value), path)
        elif classes.is_frozen(kind):
            if self.met(value):
                return
            self.value(kind, path)
            for field in dataclasses.fields(value):
                self.value(getattr(value, field.name), f"{path}.{field.name}")
        elif hasattr(value, "__wrapped__") and hasattr(value, "cache_info"):
            raise _Unknown(f"{path} keeps answers of earlier calls (lru_cache); take the cache off")
        else:
            raise _Unknown(
                f"{path} is an object of class {kind.__module__}.{kind.__qualname__}, which may "
                f"change without a trace; make it a frozen dataclass, or {_LAST_RESORT}"
            )


def _is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _contents(cells: Mapping[str, CellType]) -> dict[str, Any]:
    """What closures hold; a name that is not set yet is not there."""
    found = {}
    for name, cell in cells.items():
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found
