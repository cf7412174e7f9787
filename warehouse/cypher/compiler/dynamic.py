"""Expressions that Python evaluates inside a running statement.

A program is an expression with the types of its arguments and of its result. In SQL it is a call of one of a few
functions, which differ only in their result type, with the number of the program and its arguments.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import duckdb
from duckdb.func import SPECIAL

from warehouse.cypher import types
from warehouse.cypher.evaluation.evaluate import Environment, Lookup, Run, evaluate
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.types import Kind, Type
from warehouse.cypher.values.temporal import from_python
from warehouse.cypher.values.values import (
    CypherValue,
    NodeReference,
    PathReference,
    RelationshipReference,
    decode,
    encode,
    group_key,
    sort_key,
)

_numbers = itertools.count(1)
_programs: WeakValueDictionary[int, Program] = WeakValueDictionary()
_RESULTS = {
    types.ANY: "cypher_any",
    types.BOOLEAN: "cypher_boolean",
    types.INTEGER: "cypher_integer",
    types.FLOAT: "cypher_float",
    types.STRING: "cypher_string",
    types.list_of(types.ANY): "cypher_list",
    types.list_of(types.STRING): "cypher_strings",
    types.list_of(types.INTEGER): "cypher_integers",
}
SORT_KEY = "cypher_sort_key"
GROUP_KEY = "cypher_group_key"
RUN = "run0"
_runs: WeakValueDictionary[int, Run] = WeakValueDictionary()
_ENCODED = (types.ANY, types.list_of(types.ANY))


def begin(run: Run) -> int:
    """Make a run known to the programs of its statement; the number is bound as a parameter."""
    number = next(_numbers)
    _runs[number] = run
    return number


@dataclass(eq=False)
class Program:
    """One expression for Python: `names` and `arguments` are the variables that SQL hands over, with their types.

    Made and kept by `Context.program` alone.
    """

    expression: s.Expression
    names: tuple[str, ...]
    arguments: tuple[Type, ...]
    result: Type = types.ANY
    number: int = field(default_factory=lambda: next(_numbers))
    _decoders: tuple[Callable[[CypherValue], CypherValue], ...] = ()

    def __post_init__(self) -> None:
        self._decoders = tuple(decoder(type_) for type_ in self.arguments)
        if self.result not in _RESULTS:
            self.result = types.ANY
        _programs[self.number] = self

    def call(self, arguments: list[str]) -> str:
        """The SQL of a call."""
        called = f"{_RESULTS[self.result]}({', '.join([str(self.number), f'${RUN}', *arguments])})"
        # DuckDB makes null of a NaN that Python gives as a float, and keeps one that it reads from text.
        return f"CAST({called} AS DOUBLE)" if self.result == types.FLOAT else called

    def run(self, values: Sequence[CypherValue], lookup: Lookup, run: Run) -> CypherValue:
        """Evaluate the expression over values as DuckDB gives them."""
        variables = {
            name: decode_one(value) for name, decode_one, value in zip(self.names, self._decoders, values, strict=True)
        }
        return evaluate(self.expression, Environment(variables, lookup, run))


def decoder(type_: Type) -> Callable[[CypherValue], CypherValue]:
    """A function that turns a value as DuckDB gives it into one of the running query."""
    inner = _decoder(type_)
    return lambda value: None if value is None else inner(value)


def _decoder(type_: Type) -> Callable[[CypherValue], CypherValue]:  # noqa: PLR0911
    match type_.kind:
        case Kind.ANY:
            return decode
        case Kind.NODE:
            return NodeReference
        case Kind.RELATIONSHIP:
            return RelationshipReference
        case Kind.PATH:
            return lambda path: PathReference(tuple(path["ns"]), tuple(path["rs"]))
        case Kind.DATE | Kind.DATETIME:
            return _moment
        case Kind.FLOAT if type_.hollow:
            return _hollow
        case Kind.LIST:
            item = decoder(type_.item or types.NULL)
            return lambda values: [item(value) for value in values]
        case Kind.MAP:
            fields = [(f"f{n}", key, decoder(field_type)) for n, (key, field_type) in enumerate(type_.fields)]
            return lambda row: {
                key: decode_one(row[column])
                for column, key, decode_one in fields
                if key not in type_.sparse or row[column] is not None
            }
        case _:
            return lambda value: value


def _moment(value: dt.date) -> CypherValue:
    return from_python(value)


def _hollow(value: float) -> float:
    """A sum of floats: -0.0 stands for the integer 0 of no value at all."""
    return 0 if value == 0 and math.copysign(1, value) < 0 else value


def register(connection: duckdb.DuckDBPyConnection, lookup: Lookup) -> None:
    """Make the functions known to a connection; `lookup` reads the properties of an entity."""
    for result, name in _RESULTS.items():
        carrier = types.STRING if result == types.FLOAT else result
        connection.create_function(
            name, _runner(result, lookup), None, carrier.sql, null_handling=SPECIAL, side_effects=False
        )
    connection.create_function(SORT_KEY, _sort_key, None, "BLOB", null_handling=SPECIAL, side_effects=False)
    # No two NaN have the same key, so that DuckDB may not take one call for another.
    connection.create_function(GROUP_KEY, _group_key, None, "BLOB", null_handling=SPECIAL, side_effects=True)


def _runner(result: Type, lookup: Lookup) -> Callable[..., CypherValue]:
    # DuckDB reads the signature: with named arguments it would want one value more than they are.
    def run(*arguments: CypherValue) -> CypherValue:
        number, run_number, *values = arguments
        found = _programs[number].run(values, lookup, _runs.get(run_number) or Run())
        if result == types.ANY:
            return encode(found)
        if result == types.FLOAT:
            return None if found is None else repr(float(found))
        if result == types.list_of(types.ANY) and found is not None:
            return [encode(item) for item in found]
        return found

    return run


def _sort_key(text: str | None) -> bytes:
    return sort_key(decode(text))


def _group_key(text: str | None) -> bytes:
    return group_key(decode(text))
