"""Walks over syntax trees: what is inside an expression, and the expression with parts replaced."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from warehouse.cypher.syntax import tree as s


def children(node: object) -> Iterator[s.Syntax]:
    """The syntax directly inside a piece of syntax."""
    if not dataclasses.is_dataclass(node):
        return
    for part in dataclasses.fields(node):
        yield from _syntax_in(getattr(node, part.name))


def _syntax_in(value: object) -> Iterator[s.Syntax]:
    if isinstance(value, s.Syntax):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _syntax_in(item)


def walk(node: s.Syntax) -> Iterator[s.Syntax]:
    """A piece of syntax and everything inside it, subqueries included."""
    waiting: list[s.Syntax] = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(children(found))


def variables(node: s.Syntax) -> set[str]:
    """Every variable name that is used inside, those of comprehensions and patterns included."""
    naming = (s.Variable, s.NodePattern, s.RelationshipPattern, s.PathPattern)
    return {found.name for found in walk(node) if isinstance(found, naming) and found.name is not None}


def contains_call(node: s.Syntax, names: frozenset[str]) -> bool:
    """Whether one of these functions is called inside, outside of subqueries."""
    if isinstance(node, s.Call) and node.name.lower() in names:
        return True
    if isinstance(node, s.Subquery):
        return False
    return any(contains_call(child, names) for child in children(node))


_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^"})


def is_arithmetic_of_literals(node: s.Syntax) -> bool:
    """Whether this is a number, or made of numbers by operators alone."""
    match node:
        case s.Literal():
            return isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
        case s.Unary():
            return node.operator != "NOT" and is_arithmetic_of_literals(node.operand)
        case s.Binary():
            return node.operator in _ARITHMETIC and all(map(is_arithmetic_of_literals, (node.left, node.right)))
        case _:
            return False


def rebuild(node: Any, change: Callable[[s.Syntax], s.Syntax]) -> Any:
    """The same syntax with `change` applied to everything directly inside."""
    changed = {part.name: _change(getattr(node, part.name), change) for part in dataclasses.fields(node)}
    return type(node)(**changed)


def _change(value: object, change: Callable[[s.Syntax], s.Syntax]) -> object:
    if isinstance(value, s.Syntax):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_change(item, change) for item in value)
    return value


def only_properties_of(node: s.Syntax, name: str) -> set[str] | None:
    """The properties read of variable `name`; `None` where the variable is used in any other way."""
    if isinstance(node, s.Property) and node.subject == s.Variable(0, name):
        return {node.key}
    if isinstance(node, (s.NodePattern, s.RelationshipPattern)) and node.name == name:
        return None
    if node == s.Variable(0, name):
        return None
    found: set[str] = set()
    for child in children(node):
        inner = only_properties_of(child, name)
        if inner is None:
            return None
        found |= inner
    return found
