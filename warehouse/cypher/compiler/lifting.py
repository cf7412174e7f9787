"""Hands expressions to Python: what SQL must compute becomes an argument, the rest is evaluated as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.cypher import types
from warehouse.cypher.compiler.graph_functions import GRAPH_FUNCTIONS
from warehouse.cypher.compiler.list_expressions import fetched
from warehouse.cypher.compiler.relation import Value
from warehouse.cypher.evaluation.function_table import AGGREGATES
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.walk import rebuild, variables
from warehouse.cypher.types import BOOLEAN, Type, list_of

if TYPE_CHECKING:
    from warehouse.cypher.compiler.expressions import Expressions

CLOCKS = frozenset({"date", "time", "localtime", "datetime", "localdatetime", "timestamp"})


def in_python(expressions: Expressions, expression: s.Expression, result: Type = types.ANY) -> Value:
    """Hand an expression to Python, with what it needs from the graph as arguments."""
    arguments: dict[str, Value] = {}
    lifted = _lift(expressions, expression, frozenset(), arguments, outermost=True)
    names = tuple(arguments)
    program = expressions.context.program(
        lifted,  # type: ignore[arg-type]  # an expression with parts replaced by variables stays an expression
        names,
        tuple(value.type for value in arguments.values()),
        _python_result(expression, result),
    )
    return Value(program.call([value.sql for value in arguments.values()]), program.result)


def _lift(
    expressions: Expressions,
    node: s.Syntax,
    bound: frozenset[str],
    arguments: dict[str, Value],
    outermost: bool = False,
) -> s.Syntax:
    """`node` with every part that SQL must compute replaced by an argument of the program."""
    free = not (variables(node) & bound)
    if free and not outermost and _is_sql(expressions, node):
        name = f" {len(arguments)}"
        arguments[name] = expressions.compile(node)  # type: ignore[arg-type]  # only expressions are of the graph
        return s.Variable(node.at, name)
    if isinstance(node, (s.Subquery, s.PatternComprehension, s.PatternPredicate)):
        raise expressions.context.refuse(
            node.at, "a pattern or subquery cannot use the variable of a list expression around it",
            "UNWIND the list first, then match",
        )  # fmt: skip
    if isinstance(node, (s.ListComprehension, s.Quantifier, s.Reduce)):
        return _lift_binding(expressions, node, bound, arguments)
    if isinstance(node, s.HasLabels):
        raise expressions.context.refuse(node.at, "labels cannot be tested here", "write 'Label' IN labels(n)")
    # What we hand over ourselves begins with a blank.
    if isinstance(node, s.Call) and not (outermost and node.name.startswith(" ")):
        expressions.function(node)
    return rebuild(node, lambda child: _lift(expressions, child, bound, arguments))  # type: ignore[no-any-return]


def _lift_binding(
    expressions: Expressions,
    node: s.ListComprehension | s.Quantifier | s.Reduce,
    bound: frozenset[str],
    arguments: dict[str, Value],
) -> s.Syntax:
    names = {node.variable} | ({node.accumulator} if isinstance(node, s.Reduce) else set())
    inner = bound | names
    start_of_reduce = node.start if isinstance(node, s.Reduce) else None

    def change(child: s.Syntax) -> s.Syntax:
        outside = child is node.source or child is start_of_reduce
        return _lift(expressions, child, bound if outside else inner, arguments)

    if not (variables(node.source) & bound):
        found = fetched(expressions, node)
        if found is not None:
            name = f" {len(arguments)}"
            arguments[name] = found
            source = s.Variable(node.source.at, name)
            return rebuild(node, lambda child: source if child is node.source else change(child))  # type: ignore[no-any-return]
    return rebuild(node, change)  # type: ignore[no-any-return]


def _is_sql(expressions: Expressions, node: s.Syntax) -> bool:
    """Whether SQL must compute this: variables, parameters and whatever reads the graph."""
    if isinstance(node, (s.Variable, s.Parameter, s.Subquery, s.PatternComprehension, s.PatternPredicate, s.HasLabels)):
        return True
    if isinstance(node, s.Call):
        is_clock = not node.arguments and node.name.lower() in CLOCKS
        return is_clock or node.name.lower() in GRAPH_FUNCTIONS | AGGREGATES
    return isinstance(node, (s.Property, s.MapProjection)) and expressions.compile(node.subject).type.is_entity


_BOOLEAN_OPERATORS = ("=", "<>", "<", "<=", ">", ">=", "IN", "STARTS WITH", "ENDS WITH", "CONTAINS")


def _python_result(expression: s.Expression, result: Type) -> Type:
    """What an expression gives whatever its operands are."""
    if isinstance(expression, (s.Quantifier, s.IsNull, s.Logic)):
        return BOOLEAN
    if isinstance(expression, s.Binary) and expression.operator in _BOOLEAN_OPERATORS:
        return BOOLEAN
    return list_of(types.ANY) if isinstance(expression, (s.ListComprehension, s.Slice)) else result
