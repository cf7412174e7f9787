"""Compiles the text of a query to one SQL statement."""

from __future__ import annotations

import datetime as dt
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.cypher import types
from warehouse.cypher.catalogue import Catalogue
from warehouse.cypher.compiler.clauses import compile_query
from warehouse.cypher.compiler.dynamic import RUN, Program
from warehouse.cypher.compiler.projections import Column, order_by
from warehouse.cypher.compiler.relation import CLOCK, Context, Relation
from warehouse.cypher.compiler.subqueries import compile_subquery
from warehouse.cypher.search import Search, Walk
from warehouse.cypher.syntax.parser import parse
from warehouse.cypher.types import Kind, Type
from warehouse.cypher.values.temporal import from_python
from warehouse.cypher.values.values import CypherValue, encode
from warehouse.errors import QuestionError

MAXIMUM_DEPTH_OF_PARAMETER = 20
_BOUND = re.compile(r"\$((?:text|given|clock|run)\d+)")


@dataclass(frozen=True)
class Compiled:
    """A query as SQL.

    Args:
        sql: the statement.
        columns: what it returns.
        literals: the text constants of the query, by the name under which they are bound.
        parameters: the user's parameters that the statement uses, with the names under which they are bound.
        parameter_types: the types for which it was compiled.
        programs, searches: kept alive here, for the statement refers to them by number.
        regex_parameters: the parameters that are used as regular expressions.
        shares: the parameters that are used as percentiles.
        warnings: unknown labels, types and properties.
    """

    sql: str
    columns: tuple[Column, ...]
    literals: Mapping[str, str]
    parameters: Mapping[str, str]
    parameter_types: Mapping[str, Type]
    programs: tuple[Program, ...]
    searches: tuple[Search | Walk, ...]
    regex_parameters: frozenset[str]
    shares: frozenset[str]
    warnings: tuple[str, ...]
    uses_clock: bool
    uses_python: bool

    def bindings(self, given: Mapping[str, CypherValue], run: int = 0) -> dict[str, CypherValue]:
        """The values to bind: constants of the query, the parameters that it uses, the number of the run."""
        bound: dict[str, CypherValue] = dict(self.literals)
        if self.uses_python:
            bound[RUN] = run
        for name, alias in self.parameters.items():
            bound[alias] = to_duckdb(given[name], self.parameter_types[name])
        if self.uses_clock:
            bound[CLOCK] = time.time_ns()
        return bound


def compile_text(text: str, catalogue: Catalogue, parameter_types: Mapping[str, Type]) -> Compiled:
    """Compile a query for parameters of the given types.

    Raises:
        QuestionError: when the query is wrong, or asks what is not supported.
    """
    context = Context(text, catalogue, parameter_types, compile_subquery)
    try:
        query = parse(text)
        select = compile_query(Relation(context), query)
    except RecursionError:
        raise QuestionError("the query is nested too deeply", "split it with WITH") from None
    names = ", ".join(column.column for column in select.columns)
    sql = f"SELECT {names} FROM ({select.sql}) AS result{order_by(select.order)}"
    # DuckDB refuses values that the statement does not use, and a part of the query may have turned out not to matter.
    used = set(_BOUND.findall(sql))
    return Compiled(
        sql=sql,
        columns=select.columns,
        literals={name: value for name, value in context.literals.items() if name in used},
        parameters={name: alias for name, alias in context.used_parameters.items() if alias in used},
        parameter_types=dict(parameter_types),
        programs=tuple(context.programs),
        searches=tuple(context.searches),
        regex_parameters=frozenset(context.regex_parameters),
        shares=frozenset(context.shares),
        warnings=tuple(context.warnings),
        uses_clock=CLOCK in used,
        uses_python=RUN in used,
    )


def parameter_type(name: str, value: CypherValue, depth: int = 0) -> Type:  # noqa: PLR0911
    """The type of a parameter's value.

    Raises:
        QuestionError: for a value that Cypher has no type for.
    """
    if depth > MAXIMUM_DEPTH_OF_PARAMETER:
        raise QuestionError(f"the parameter ${name} is nested more than {MAXIMUM_DEPTH_OF_PARAMETER} deep")
    match value:
        case None:
            return types.NULL
        case bool():
            return types.BOOLEAN
        case int():
            if not -(2**63) <= value < 2**63:
                raise QuestionError(f"the parameter ${name} holds an integer of more than 64 bits", "pass a float")
            return types.INTEGER
        case float():
            return types.FLOAT if math.isfinite(value) else types.ANY
        case str():
            return types.STRING
        case dt.datetime() if value.tzinfo is None:
            return types.DATETIME
        case dt.date() if not isinstance(value, dt.datetime):
            return types.DATE
        case list() | tuple() | set() | frozenset():
            return _list_type(name, value, depth)
        case Mapping():
            return _map_type(name, value, depth)
        case _:
            raise QuestionError(
                f"the parameter ${name} has the type {type(value).__name__}, which Cypher does not know",
                "pass text, numbers, booleans, dates, lists or maps",
            )


def _list_type(name: str, value: CypherValue, depth: int) -> Type:
    joined = types.NULL
    for item in value:
        joined = types.join(joined, parameter_type(name, item, depth + 1))
    return types.list_of(joined)


def _map_type(name: str, value: Mapping[str, CypherValue], depth: int) -> Type:
    if not all(isinstance(key, str) for key in value):
        raise QuestionError(f"the keys of the map ${name} must be text")
    return types.map_of({key: parameter_type(name, item, depth + 1) for key, item in value.items()})


def to_duckdb(value: CypherValue, type_: Type) -> CypherValue:
    """A parameter's value as DuckDB takes it for its type."""
    if value is None:
        return None
    match type_.kind:
        case Kind.ANY:
            return encode(plain(value))
        case Kind.LIST:
            return [to_duckdb(item, type_.item or types.NULL) for item in value]
        case Kind.MAP:
            return {f"f{n}": to_duckdb(value[key], field_type) for n, (key, field_type) in enumerate(type_.fields)}
        case _:
            return value


def plain(value: CypherValue) -> CypherValue:
    """A parameter's value as a value of a running query."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return from_python(value) if isinstance(value, dt.date) else value
