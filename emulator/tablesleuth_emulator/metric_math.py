"""Sums and the like of metrics, as alarms on several metrics say them: numbers, the ids of metrics, ``+ - * /`` and brackets."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def refuse_unknown(expression: str, ids: set[str]) -> None:
    """Raise an error for an expression that is more than that, or that names a metric that is not there."""
    value_of(expression, {name: 1.0 for name in ids})


def value_of(expression: str, figures: Mapping[str, float]) -> float | None:
    """The value in one period; none where something is divided by nothing."""
    try:
        return _value(ast.parse(expression, mode="eval").body, figures)
    except ZeroDivisionError:
        return None
    except (KeyError, SyntaxError) as problem:
        raise ValueError(f"{expression!r} is no metric math that is emulated: {problem}") from None


def _value(part: ast.expr, figures: Mapping[str, float]) -> float:
    match part:
        case ast.Constant(value=(int() | float()) as number):
            return float(number)
        case ast.Name(id=name):
            return figures[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, figures), _value(right, figures))
        case _:
            raise SyntaxError(ast.unparse(part))
