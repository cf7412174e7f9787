"""The syntax tree of the reading part of Cypher: frozen values, each with the place in the text where it begins.

`at` is an offset into the query's text; `refusal` turns it into the line and column that a person sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal as Choice
from typing import TypeAlias

from warehouse.errors import QuestionError

ConstantValue: TypeAlias = bool | int | float | str | None


def refusal(text: str, at: int, message: str, hint: str | None = None) -> QuestionError:
    """An error about the place `at` of a query, with its line and column counted from one."""
    before = text[:at]
    line = before.count("\n") + 1
    return QuestionError(message, hint, line=line, column=at - (before.rfind("\n") + 1) + 1)


@dataclass(frozen=True, slots=True)
class Syntax:
    """Anything that was written: knows where it begins."""

    at: int = field(compare=False)


# --- expressions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal(Syntax):
    """A constant that stands in the query: `1`, `'text'`, `true`, `null`."""

    value: ConstantValue


@dataclass(frozen=True, slots=True)
class Parameter(Syntax):
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable(Syntax):
    """A name that a clause or a comprehension introduced."""

    name: str


@dataclass(frozen=True, slots=True)
class Property(Syntax):
    """`subject.key`."""

    subject: Expression
    key: str


@dataclass(frozen=True, slots=True)
class Index(Syntax):
    """`subject[index]`."""

    subject: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Slice(Syntax):
    """`subject[start..end]`."""

    subject: Expression
    start: Expression | None
    end: Expression | None


@dataclass(frozen=True, slots=True)
class ListLiteral(Syntax):
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class MapLiteral(Syntax):
    """`{key: value}`."""

    items: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class MapProjection(Syntax):
    """`n {.name, .*, other: 1}`: an item is a key with its expression, or `None` for `.*`."""

    subject: Variable
    items: tuple[tuple[str, Expression | None], ...]


@dataclass(frozen=True, slots=True)
class Unary(Syntax):
    """`NOT x`, `-x`, `+x`."""

    operator: Choice["NOT", "-", "+"]
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Syntax):
    """An operator between two expressions, its name in capitals: `+`, `STARTS WITH`, `IN`, `=`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Logic(Syntax):
    """`AND` or `OR` over two or more operands; kept flat so that a long chain is not a deep tree."""

    operator: Choice["AND", "OR"]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class IsNull(Syntax):
    """`x IS NULL`, `x IS NOT NULL`."""

    operand: Expression
    negated: bool


@dataclass(frozen=True, slots=True)
class HasLabels(Syntax):
    """`n:Gene|Protein` as a predicate; for a relationship the names are types."""

    operand: Expression
    labels: LabelExpression


@dataclass(frozen=True, slots=True)
class Case(Syntax):
    """`CASE subject WHEN .. THEN .. ELSE .. END`; without a subject every WHEN is a predicate."""

    subject: Expression | None
    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


@dataclass(frozen=True, slots=True)
class Call(Syntax):
    """A function call, aggregating or not; `count(*)` has `star`."""

    name: str
    arguments: tuple[Expression, ...]
    distinct: bool = False
    star: bool = False


@dataclass(frozen=True, slots=True)
class ListComprehension(Syntax):
    """`[x IN list WHERE predicate | result]`."""

    variable: str
    source: Expression
    where: Expression | None
    result: Expression | None


@dataclass(frozen=True, slots=True)
class Quantifier(Syntax):
    """`all(x IN list WHERE predicate)`, and `any`, `none`, `single`."""

    kind: Choice["all", "any", "none", "single"]
    variable: str
    source: Expression
    where: Expression


@dataclass(frozen=True, slots=True)
class Reduce(Syntax):
    """`reduce(total = start, x IN list | step)`."""

    accumulator: str
    start: Expression
    variable: str
    source: Expression
    step: Expression


@dataclass(frozen=True, slots=True)
class PatternPredicate(Syntax):
    """A pattern as a predicate: `(a)-[:T]->(b)`."""

    pattern: PathPattern


@dataclass(frozen=True, slots=True)
class PatternComprehension(Syntax):
    """`[(a)-->(b) WHERE predicate | result]`."""

    pattern: PathPattern
    where: Expression | None
    result: Expression


@dataclass(frozen=True, slots=True)
class Subquery(Syntax):
    """`EXISTS { }`, `COUNT { }`, `COLLECT { }`."""

    kind: Choice["EXISTS", "COUNT", "COLLECT"]
    query: Query


Expression: TypeAlias = (
    Literal
    | Parameter
    | Variable
    | Property
    | Index
    | Slice
    | ListLiteral
    | MapLiteral
    | MapProjection
    | Unary
    | Binary
    | Logic
    | IsNull
    | HasLabels
    | Case
    | Call
    | ListComprehension
    | Quantifier
    | Reduce
    | PatternPredicate
    | PatternComprehension
    | Subquery
)

# --- patterns --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LabelName(Syntax):
    """One label or relationship type."""

    name: str


@dataclass(frozen=True, slots=True)
class LabelAny(Syntax):
    """`%`: any label at all."""


@dataclass(frozen=True, slots=True)
class LabelNot(Syntax):
    """`!A`."""

    operand: LabelExpression


@dataclass(frozen=True, slots=True)
class LabelLogic(Syntax):
    """`A&B` or `A|B`."""

    operator: Choice["&", "|"]
    operands: tuple[LabelExpression, ...]


LabelExpression: TypeAlias = LabelName | LabelAny | LabelNot | LabelLogic
Properties: TypeAlias = MapLiteral | Parameter


@dataclass(frozen=True, slots=True)
class NodePattern(Syntax):
    """`(name:Labels {key: value} WHERE predicate)`."""

    name: str | None = None
    labels: LabelExpression | None = None
    properties: Properties | None = None
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often: at least `low`, at most `high` times (`None`: no bound); `star` is the older spelling `*1..3`."""

    low: int
    high: int | None
    star: bool


@dataclass(frozen=True, slots=True)
class RelationshipPattern(Syntax):
    """`-[name:TYPES *1..3 {key: value} WHERE predicate]->`."""

    direction: Choice["out", "in", "both"]
    name: str | None = None
    types: LabelExpression | None = None
    properties: Properties | None = None
    where: Expression | None = None
    repetition: Repetition | None = None


@dataclass(frozen=True, slots=True)
class Group(Syntax):
    """A quantified group: `((a)-[r]->(b) WHERE predicate){1,3}`; as an element it stands like a relationship."""

    pattern: PathPattern
    where: Expression | None
    repetition: Repetition


@dataclass(frozen=True, slots=True)
class PathPattern(Syntax):
    """Nodes and, between them, relationships or groups: `elements` begins and ends with a node.

    `selector` is `any` (one shortest path), `all` (all shortest paths) or `None` (every path);
    `function` tells that it was written `shortestPath(...)`, which forbids that both ends are one node.
    """

    elements: tuple[NodePattern | RelationshipPattern | Group, ...]
    name: str | None = None
    selector: Choice["any", "all"] | None = None
    function: bool = False


# --- clauses ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match(Syntax):
    """`[OPTIONAL] MATCH patterns [WHERE predicate]`."""

    optional: bool
    patterns: tuple[PathPattern, ...]
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Unwind(Syntax):
    """`UNWIND list AS name`."""

    source: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Item(Syntax):
    """One thing that WITH or RETURN projects: `expression AS name`; `named` tells whether AS was written."""

    expression: Expression
    name: str
    named: bool


@dataclass(frozen=True, slots=True)
class SortKey(Syntax):
    """`expression [DESC]`."""

    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Projection(Syntax):
    """The body of WITH and RETURN."""

    distinct: bool
    star: bool
    items: tuple[Item, ...]
    order: tuple[SortKey, ...]
    skip: Expression | None
    limit: Expression | None


@dataclass(frozen=True, slots=True)
class With(Syntax):
    """`WITH projection [WHERE predicate]`."""

    projection: Projection
    where: Expression | None


@dataclass(frozen=True, slots=True)
class Return(Syntax):
    """`RETURN projection`."""

    projection: Projection


@dataclass(frozen=True, slots=True)
class CallSubquery(Syntax):
    """`CALL (imports) { query }`; `imports` is `None` for the older form without brackets, `("*",)` for all."""

    imports: tuple[str, ...] | None
    query: Query
    optional: bool


@dataclass(frozen=True, slots=True)
class CallProcedure(Syntax):
    """`CALL name(arguments) YIELD column AS name WHERE condition`.

    `arguments` are `None` where no parentheses are written, which only a query that is nothing but the call may leave
    out; `yields` are `None` where nothing is yielded by name, and empty for `YIELD *`.
    """

    name: str
    arguments: tuple[Expression, ...] | None
    yields: tuple[tuple[str, str], ...] | None
    where: Expression | None = None


Clause: TypeAlias = Match | Unwind | With | Return | CallSubquery | CallProcedure


@dataclass(frozen=True, slots=True)
class SingleQuery(Syntax):
    """Clauses in the order in which they are written."""

    clauses: tuple[Clause, ...]

    @property
    def lone_call(self) -> CallProcedure | None:
        """The call of a procedure that is all there is; what it gives needs no RETURN."""
        only = self.clauses[0]
        return only if len(self.clauses) == 1 and isinstance(only, CallProcedure) else None


@dataclass(frozen=True, slots=True)
class Query(Syntax):
    """One query, or several joined by UNION; `keep_all` is UNION ALL."""

    parts: tuple[SingleQuery, ...]
    keep_all: bool = False
