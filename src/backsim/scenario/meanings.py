"""What the strings below the fields of parts say, read from the source when it is asked for.

pydantic would read them whenever backsim is imported, which took a tenth of the time to start.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def meaning(kind: type[BaseModel], name: str) -> str:
    """What a field means; of one that is declared again without words, what is said before."""
    if given := kind.model_fields[name].description:
        return given
    parts = (one for one in kind.__mro__ if issubclass(one, BaseModel))
    return next((text for one in parts if (text := _told(one).get(name))), "")


@cache
def _told(kind: type[BaseModel]) -> dict[str, str]:
    """The strings below the fields that a class itself declares."""
    found = _classes(kind.__module__).get(kind.__qualname__.split(".<locals>.")[-1])
    return dict(_below(found)) if found is not None else {}


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    """The classes of a module by name, with the class around them; none without its source."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, KeyError):
        return {}
    return dict(_named(tree, ""))


def _named(node: ast.AST, before: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield f"{before}{child.name}", child
            yield from _named(child, f"{before}{child.name}.")
        elif isinstance(child, ast.FunctionDef):
            yield from _named(child, "")


def _below(kind: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(kind.body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            yield field.target.id, inspect.cleandoc(below.value.value)
