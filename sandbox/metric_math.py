# SPDX-FileCopyrightText: The Fastbreak maintainers
# SPDX-License-Identifier: Apache-2.0

"""CloudWatch's metric math, as far as alarms and scaling policies here use it.

Follows the CloudWatch user guide, "Using math expressions": where one series tells something, another that is silent
counts as 0 in arithmetic, comparisons, AND and OR.

An expression is read by Python's own parser, for its grammar holds CloudWatch's but for AND, OR and `^`; anything that
is not named here is refused when the alarm is made.
"""

import ast
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

Series = Mapping[float, float]
"""Values by the start of their period, in seconds since the epoch."""
Value = Series | float

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right if right else math.nan,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ARGUMENTS = {"IF": (2, 3), "FILL": (2,), "ABS": (1,), "CEIL": (1,), "FLOOR": (1,), "HOUR": (1,)}
_ROUNDINGS: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_WORDS = ((r"\bAND\b|&&", " and "), (r"\bOR\b|\|\|", " or "), (r"\^", "**"))


class ExpressionError(ValueError):
    """What is wrong with an expression."""


@functools.cache  # for alarms are looked at again and again
def names(expression: str) -> frozenset[str]:
    """The queries that an expression reads; ExpressionError when it is none that is known here."""
    tree = _parse(expression)
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        _check(node, expression)
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in called)


def evaluate(expression: str, series: Mapping[str, Series], periods: tuple[float, ...]) -> Series:
    """The expression's value in each of `periods` in which it has one."""
    value = _value(_parse(expression).body, series, periods)
    return value if isinstance(value, Mapping) else dict.fromkeys(periods, value)


@functools.cache
def _parse(expression: str) -> ast.Expression:
    text = expression
    for pattern, word in _WORDS:
        text = re.sub(pattern, word, text)
    try:
        return ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as error:
        raise ExpressionError(f"Invalid expression: {expression!r}") from error


def _check(node: ast.AST, expression: str) -> None:
    known = (
        ast.Expression, ast.BinOp, ast.BoolOp, ast.Compare, ast.Name, ast.Load, ast.operator, ast.cmpop, ast.boolop,
        ast.UnaryOp, ast.USub, ast.Call, ast.Constant,
    )  # fmt: skip
    good = isinstance(node, known)
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        good = len(node.args) in _ARGUMENTS.get(name, ()) and not node.keywords
    elif isinstance(node, ast.operator):
        good = type(node) in _BINARY
    elif isinstance(node, ast.cmpop):
        good = type(node) in _COMPARE
    elif isinstance(node, ast.Compare):
        good = len(node.ops) == 1
    elif isinstance(node, ast.Constant):
        good = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if not good:
        raise ExpressionError(f"The sandbox does not know all of this expression: {expression!r}")


def _value(node: ast.expr, series: Mapping[str, Series], periods: tuple[float, ...]) -> Value:
    if isinstance(node, ast.Constant):
        return float(str(node.value))
    if isinstance(node, ast.Name):
        return series[node.id]
    operands = [_value(part, series, periods) for part in _operands(node)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _call(node.func.id, operands, periods)
    return _each(operands, _work(node))


def _operands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            return [left, right]
        case ast.BoolOp(values=parts) | ast.Call(args=parts):
            return parts
    raise ExpressionError(f"The sandbox cannot evaluate {ast.dump(node)}")


def _work(node: ast.expr) -> Callable[..., float]:
    match node:
        case ast.BinOp(op=op):
            return _BINARY[type(op)]
        case ast.Compare(ops=[op]):
            compare = _COMPARE[type(op)]
            return lambda left, right: float(compare(left, right))
        case ast.BoolOp(op=op):
            combine = all if isinstance(op, ast.And) else any
            return lambda *held: float(combine(held))
    return operator.neg


def _call(name: str, arguments: list[Value], periods: tuple[float, ...]) -> Value:
    if name in _ROUNDINGS:
        return _each(arguments, _ROUNDINGS[name])
    if name == "HOUR":  # not sparse, whatever the metric tells
        return {period: float(datetime.fromtimestamp(period, UTC).hour) for period in periods}
    full = [argument if isinstance(argument, Mapping) else dict.fromkeys(periods, argument) for argument in arguments]
    if name == "FILL":
        return {period: full[0].get(period, full[1][period]) for period in periods if period in full[1]}
    return _if(full[0], full[1], full[2] if len(full) > 2 else {})


def _if(condition: Series, then: Series, otherwise: Series) -> Series:
    """A silent `condition` and a silent `otherwise` tell nothing; a silent `then` tells 0."""
    return {
        period: then.get(period, 0.0) if held else otherwise[period]
        for period, held in condition.items()
        if held or period in otherwise
    }


def _each(values: list[Value], work: Callable[..., float]) -> Value:
    """`work` in every period in which any of `values` is known, the others being 0; a quotient by zero is dropped."""
    maps = [value for value in values if isinstance(value, Mapping)]
    if not maps:
        return work(*values)
    found = {
        period: work(*(value.get(period, 0.0) if isinstance(value, Mapping) else value for value in values))
        for period in sorted(set[float]().union(*maps))
    }
    return {period: number for period, number in found.items() if not math.isnan(number)}
