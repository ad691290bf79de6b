r"""A rule as a formula: its Python source, in TeX.

So the description of a model shows what is run, also of rules that a user has written.  A function
is a formula if it gives values to names, decides by conditions, and returns; small functions that
it calls are put in their place.  What works by changing a memory is no formula.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

SAME = ("int", "float", "bool")
"""Functions that change the kind of a number and not the number."""
CALLS: Mapping[str, str] = {
    "floor": r"\left\lfloor {} \right\rfloor",
    "ceil": r"\left\lceil {} \right\rceil",
    "sqrt": r"\sqrt{{{}}}",
    "exp": r"e^{{{}}}",
    "log": r"\ln\left({}\right)",
    "abs": r"\left\lvert {} \right\rvert",
    "min": r"\min\left({}\right)",
    "max": r"\max\left({}\right)",
}
COMPARE: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne",
}  # fmt: skip
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""How tightly a formula holds together."""
NEVER = "NEVER"


class NoFormula(Exception):
    """A function that is not a formula."""


@dataclass(frozen=True, slots=True)
class Formula:
    """What a rule returns, and before it what it gives names to."""

    value: str
    where: tuple[tuple[str, str], ...]
    """(name, value) in TeX, in order."""
    names: tuple[str, ...]
    """The arguments that occur, as the function calls them, and their fields (`line.time`)."""


def formula_of(function: Callable[..., Any], symbols: Mapping[str, str]) -> Formula | None:
    """A function as a formula; None where it is none.

    `symbols` are the TeX of names and of fields (`line.time`); others are spelled out.
    """
    if not isinstance(function, FunctionType):
        return None
    try:
        writer = _Writer(function, symbols)
        value = writer.body(_body(function))
    except (NoFormula, OSError, TypeError, SyntaxError):
        return None
    return Formula(value, writer.where, tuple(writer.names))


def spelled(name: str) -> str:
    """A name in TeX: a letter as it is, a word upright."""
    head, _, rest = name.partition("_")
    if len(head) == 1:
        return f"{head}_{{\\mathrm{{{_plain(rest)}}}}}" if len(rest) > 1 else name
    return f"\\mathrm{{{_plain(name)}}}"


def _plain(name: str) -> str:
    return name.replace("_", r"\_")


def _body(function: FunctionType) -> list[ast.stmt]:
    """The statements of a function, without its docstring."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if not isinstance(tree, ast.FunctionDef):
        raise NoFormula
    first = tree.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return tree.body[1:] if documented else tree.body


class _Writer:
    """Writes the statements of one function."""

    def __init__(self, function: FunctionType, symbols: Mapping[str, str]) -> None:
        self.function, self.symbols = function, symbols
        self.given: dict[str, ast.expr] = {}
        self.names: dict[str, None] = {}

    @property
    def where(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of what is given a name, in order."""
        return tuple((self.name(name), self.write(value)) for name, value in self.given.items())

    def body(self, statements: list[ast.stmt]) -> str:
        """What the statements return."""
        first, *rest = statements or [ast.Pass()]
        if isinstance(first, ast.Return) and first.value is not None:
            return self.write(first.value)
        if isinstance(first, ast.If):
            value = first.body[0]
            if len(first.body) == 1 and isinstance(value, ast.Return) and value.value is not None:
                other = self.body([*first.orelse, *rest])
                return _cases(self.write(value.value), self.write(first.test), other)
        if isinstance(first, ast.Assign) and isinstance(first.targets[0], ast.Name):
            name = first.targets[0].id
            before = {name: self.given[name]} if name in self.given else {}
            self.given[name] = _Replace(before).visit(first.value)
            return self.body(rest)
        raise NoFormula

    def name(self, name: str) -> str:
        """A name in TeX."""
        if name == NEVER:
            return r"\infty"
        if name in inspect.signature(self.function).parameters:
            self.names[name] = None
        elif isinstance(known := self.function.__globals__.get(name), int | float):
            return f"{known:g}"
        return self.symbols.get(name, spelled(name))

    def write(self, node: ast.expr, least: int = SUM) -> str:
        """An expression, in brackets if it holds together less tightly than `least`."""
        text, level = self._written(node)
        return rf"\left({text}\right)" if level < least else text

    def _written(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return f"{value:g}", ATOM
            case ast.Name(id=name):
                return self.name(name), ATOM
            case ast.Attribute(value=ast.Name(id=owner), attr=field):
                path = f"{owner}.{field}"
                self.names[path] = None
                return self.symbols.get(path, spelled(field)), ATOM
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"-{self.write(operand, PRODUCT)}", SIGN if _simple(operand) else SUM
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return rf"\neg {self.write(operand, ATOM)}", ATOM
            case ast.BinOp():
                return self._operation(node)
            case ast.Compare(left=left, ops=ops, comparators=others) if all(
                type(op) in COMPARE for op in ops
            ):
                signs = [COMPARE[type(op)] for op in ops]
                parts = [f" {s} {self._side(x)}" for s, x in zip(signs, others, strict=True)]
                return self._side(left) + "".join(parts), SUM
            case ast.BoolOp(op=op, values=values):
                sign = r" \wedge " if isinstance(op, ast.And) else r" \vee "
                return sign.join(self.write(value) for value in values), SUM
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return _cases(self.write(body), self.write(test), self.write(orelse)), SUM
            case ast.Call(func=function, args=args, keywords=[]):
                return self._call(function, args)
        raise NoFormula

    def _side(self, node: ast.expr) -> str:
        """A side of a comparison."""
        return self.write(node, PRODUCT if isinstance(node, ast.IfExp) else SUM)

    def _operation(self, node: ast.BinOp) -> tuple[str, int]:
        if (kept := _undone(node)) is not None:
            return self._written(kept)
        left, right = node.left, node.right
        match node.op:
            case ast.Add():
                return f"{self._side(left)} + {self._side(right)}", SUM
            case ast.Sub():
                return f"{self._side(left)} - {self.write(right, PRODUCT)}", SUM
            case ast.Mult():
                return rf"{self.write(left, PRODUCT)} \, {self.write(right, PRODUCT)}", PRODUCT
            case ast.Div():
                return rf"\frac{{{self.write(left)}}}{{{self.write(right)}}}", ATOM
            case ast.FloorDiv():
                inside = rf"\frac{{{self.write(left)}}}{{{self.write(right)}}}"
                return rf"\left\lfloor {inside} \right\rfloor", ATOM
            case ast.Mod():
                return rf"{self.write(left, PRODUCT)} \bmod {self.write(right, ATOM)}", SUM
            case ast.Pow():
                return f"{{{self.write(left, ATOM)}}}^{{{self.write(right)}}}", POWER
        raise NoFormula

    def _call(self, function: ast.expr, args: list[ast.expr]) -> tuple[str, int]:
        name = function.attr if isinstance(function, ast.Attribute) else None
        if isinstance(function, ast.Name):
            name = function.id
            if name in SAME and len(args) == 1:
                return self._written(args[0])
            called = self.function.__globals__.get(name)
            called = getattr(called, "py_func", called)  # compiled by its author
            if isinstance(called, FunctionType):
                return self._written(_put_in(called, args))
        if name is None or name not in CALLS:
            raise NoFormula
        return CALLS[name].format(", ".join(self.write(one) for one in args)), ATOM


def _put_in(called: FunctionType, args: list[ast.expr]) -> ast.expr:
    """What a function of one `return` says of its arguments.  Raises NoFormula for others."""
    statements = _body(called)
    names = list(inspect.signature(called).parameters)
    if len(statements) != 1 or not isinstance(statements[0], ast.Return) or len(names) != len(args):
        raise NoFormula
    value = statements[0].value
    if value is None:
        raise NoFormula
    replaced: ast.expr = _Replace(dict(zip(names, args, strict=True))).visit(value)
    return replaced


class _Replace(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The expression that stands for a name."""
        return self.given.get(node.id, node)


def _undone(node: ast.BinOp) -> ast.expr | None:
    """The x of `x + c - c`, which only rounds."""
    inner = node.left
    if (
        isinstance(node.op, ast.Sub)
        and isinstance(inner, ast.BinOp)
        and isinstance(inner.op, ast.Add)
        and ast.dump(inner.right) == ast.dump(node.right)
    ):
        return inner.left
    return None


def _simple(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Constant)


def _cases(value: str, test: str, other: str) -> str:
    """Either of two values; a case within the other one is a further line."""
    start, end = r"\begin{cases} ", r" \end{cases}"
    if other.startswith(start) and other.endswith(end) and other.count(r"\begin{cases}") == 1:
        rest = other.removeprefix(start).removesuffix(end)
    else:
        rest = rf"{other} & \text{{otherwise}}"
    return rf"{start}{value} & \text{{if }} {test} \\ {rest}{end}"
