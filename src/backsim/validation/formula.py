"""Metrics in arithmetic, as in `1 - fill_rate - lost_rate`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

NAME = re.compile(r"(?<![\w.])[A-Za-z_][\w.]*(?:\[[^\]]*\])?")
"""A metric or a measure: `cost.total`, `fill_rate[gold]`."""
SIGN = re.compile(r"\s[-+*/]+\s|\(")
"""What no name of a metric holds."""
OPERATORS: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def is_formula(text: str) -> bool:
    """Whether a text is more than the name of a metric."""
    return SIGN.search(text) is not None


def parse_formula(text: str) -> tuple[list[str], Callable[[Mapping[str, float]], float]]:
    """The names in a formula, and what it is of their values.  Raises ValueError."""
    names = list(dict.fromkeys(NAME.findall(text)))
    code = NAME.sub(lambda found: f"m{names.index(found[0])}", text)
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError as error:
        raise ValueError(text) from error
    return names, _reckoned(tree, names)


def _reckoned(node: ast.expr, names: list[str]) -> Callable[[Mapping[str, float]], float]:
    """A node as a function of the values of names."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        act = OPERATORS[type(node.op)]
        one, other = _reckoned(node.left, names), _reckoned(node.right, names)
        return lambda values: act(one(values), other(values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _reckoned(node.operand, names)
        return lambda values: -inner(values)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        number = float(str(node.value))
        return lambda values: number
    if isinstance(node, ast.Name):
        name = names[int(node.id[1:])]
        return lambda values: values[name]
    raise ValueError(ast.unparse(node))
