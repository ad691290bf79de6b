"""Which functions of others may be known by their name and version alone."""

from __future__ import annotations

import builtins
import sys
import sysconfig
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

STANDARD = frozenset(
    {
        *("math", "cmath", "operator", "itertools", "functools", "bisect", "heapq", "statistics"),
        *("fractions", "decimal", "numbers", "collections", "dataclasses", "enum", "typing", "abc"),
        *("types", "copy", "string", "re", "calendar", "datetime", "__future__"),
    }
)
"""Modules of Python whose functions answer by their arguments alone."""

PACKAGES = frozenset({"numpy", "scipy", "numba", "simpy"})
"""Packages whose functions do so too, but for those of `IMPURE`."""

IMPURE = frozenset(
    {
        *("random", "rand", "randn", "randint", "rvs", "default_rng", "random_sample"),
        *("load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savetxt", "savez"),
        *("io", "DataSource", "now", "today", "utcnow", "objmode", "setattr", "delattr"),
        *("attrgetter", "methodcaller", "lru_cache", "cache", "count", "cycle"),
    }
)
"""Names that draw, read, write, tell the time or reach where the code does not say."""

BUILT_IN = frozenset(
    {
        *("abs", "all", "any", "bin", "bool", "bytes", "callable", "chr", "complex", "dict"),
        *("divmod", "enumerate", "filter", "float", "format", "frozenset", "getattr", "hasattr"),
        *("int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next"),
        *("object", "ord", "pow", "print", "property", "range", "repr", "reversed", "round"),
        *(
            "set",
            "slice",
            "sorted",
            "str",
            "sum",
            "super",
            "tuple",
            "type",
            "zip",
            "__build_class__",
        ),
        *("NotImplemented", "Ellipsis", "True", "False", "None", "__debug__", "classmethod"),
        *("staticmethod", "ascii", "hex", "oct"),
    }
)
"""Python's own functions that answer by their arguments alone (`print` adds nothing to them)."""


def root(module: str) -> str:
    """The package that a module belongs to; Python's own C modules by the name without `_`."""
    first = module.split(".", maxsplit=1)[0]
    return first.lstrip("_") if first.lstrip("_") in STANDARD else first


def is_library(module: str) -> bool:
    """Whether the functions of a module may be known by name and version.

    A user's own file that has the name of one of Python's is none.
    """
    if root(module) not in STANDARD | PACKAGES:
        return False
    top = sys.modules.get(module.split(".", maxsplit=1)[0])
    file = getattr(top, "__file__", None)
    return file is None or file.startswith(_homes())


@cache
def _homes() -> tuple[str, ...]:
    """Where Python and its packages are installed."""
    paths = sysconfig.get_paths()
    return tuple({paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")})


def is_pure(path: str) -> bool:
    """Whether a dotted name of a library answers by its arguments alone."""
    return not IMPURE & set(path.split("."))


def named(path: str) -> tuple[str, str]:
    """A dotted name of a library, with the library's version."""
    return path, _version(root(path))


@cache
def _version(package: str) -> str:
    if package in STANDARD or package == "builtins":
        return sys.version.split(maxsplit=1)[0]
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def builtin_name(value: Any) -> str:
    """The name of one of Python's own functions and classes; "" of anything else."""
    if isinstance(value, type) and issubclass(value, BaseException):
        return value.__name__ if value.__module__ == "builtins" else ""
    name = getattr(value, "__name__", "")
    return name if isinstance(name, str) and vars(builtins).get(name) is value else ""


def library_path(value: Any) -> str:
    """The dotted name under which a library offers a value; "" if none does."""
    kind = value if isinstance(value, type) or hasattr(value, "__module__") else type(value)
    home = getattr(kind, "__module__", None) or type(value).__module__
    if not isinstance(home, str) or not is_library(home):
        return ""
    if value_name := getattr(value, "__qualname__", getattr(value, "__name__", "")):
        return f"{home}.{value_name}"
    parts = home.split(".")
    for depth in range(len(parts), 0, -1):  # an object that a module offers, as `scipy.stats.norm`
        module = sys.modules.get(".".join(parts[:depth]))
        for name, other in vars(module).items() if isinstance(module, ModuleType) else ():
            if other is value:
                return f"{'.'.join(parts[:depth])}.{name}"
    return ""
