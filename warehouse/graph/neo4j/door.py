"""The door for questions: what is let in, and in which words it is sent to the server.

A question passes three doors: the warehouse's own parser, whose grammar has no word that writes; the functions and
procedures that it may call; and the plan that the server makes of it, in which nothing may write, read a file, reach
the network or administer. It then runs in a session that only reads.

The text is sent token by token, without comments and with plain strings: Neo4j replaces `\\u0027` before it reads a
text, so that a string or comment could end where our parser does not see it. The node of the mark is kept out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from warehouse.cypher.catalogue import Catalogue
from warehouse.cypher.compiler.procedures import COLUMNS, yielded_name
from warehouse.cypher.compiler.query import compile_text, parameter_type
from warehouse.cypher.evaluation.function_table import AGGREGATES, FUNCTIONS
from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.lexer import Kind, Token, tokenize
from warehouse.cypher.syntax.parser import parse
from warehouse.cypher.syntax.walk import walk
from warehouse.errors import QuestionError
from warehouse.graph.neo4j.mark import LABEL

#: Read the graph and nothing else.
PROCEDURES = frozenset({"db.index.fulltext.querynodes", "db.index.fulltext.queryrelationships"})

_WRITING = ("Create", "Merge", "Delete", "Set", "Remove", "Foreach", "Drop", "Alter", "Grant", "Deny", "Revoke")
_REACHING = ("LoadCSV", "Administration", "Transaction", "Show", "Terminate", "Do", "Database", "User", "Command")


@dataclass(frozen=True)
class Admitted:
    """A question as it is sent.

    Args:
        text: what the server gets.
        parameters: what is bound beside the user's parameters.
        columns: the names of the columns as they are written; None = the server tells (`RETURN *`).
        warnings: names that the model does not have.
        refusal: why the compiler of the warehouse would not answer it; told where the server does not either.
    """

    text: str
    parameters: Mapping[str, list[str] | str] = field(default_factory=dict)
    columns: tuple[str, ...] | None = None
    warnings: tuple[str, ...] = ()
    refusal: QuestionError | None = None


def admit(text: str, parameters: Mapping[str, Any], catalogue: Catalogue) -> Admitted:
    """Let a question in, or not.

    Raises:
        QuestionError: it is no reading question, or calls what it may not.
    """
    query = parse(text)
    for one in walk(query):
        if isinstance(one, s.Call) and one.name.lower() not in FUNCTIONS.keys() | AGGREGATES:
            raise s.refusal(text, one.at, f"there is no function {one.name}", "docs/cypher-functions.md lists them")
        if isinstance(one, s.CallProcedure) and one.name not in COLUMNS and one.name.lower() not in PROCEDURES:
            raise s.refusal(text, one.at, f"the procedure {one.name} is not open to questions", _known_procedures())
    warnings, refusal = _compiled(text, parameters, catalogue)
    writer = _Writer(text)
    for one in walk(query):
        if isinstance(one, s.PathPattern):
            writer.keep_mark_out(one)
        elif isinstance(one, s.CallProcedure) and one.name in COLUMNS:
            writer.list_from_catalogue(one, alone=len(query.parts) == 1 and one is query.parts[0].lone_call)
    sent = writer.written()
    listed = {f"_{column}": sorted(names) for column, names in _names(catalogue).items() if column in writer.listed}
    return Admitted(sent, {**listed, **writer.texts}, _columns(query), warnings, refusal)


def require_harmless(plan: Mapping[str, Any] | None, query_type: str | None) -> None:
    """Refuse what the server's plan says that the question would do.

    Raises:
        QuestionError: it would write, read a file, reach the network or administer.
    """
    if query_type != "r" or plan is None:
        raise QuestionError("The server would not answer this by reading alone.", "Questions only read the graph.")
    operators = [plan]
    while operators:
        operator = operators.pop()
        operators += operator.get("children", ())
        kind = str(operator["operatorType"]).partition("@")[0]
        if kind == "ProcedureCall":
            called = str(operator.get("args", {}).get("Details", "")).partition("(")[0].strip().lower()
            if called not in PROCEDURES:
                raise QuestionError(f"The procedure {called} is not open to questions.", _known_procedures())
        elif kind.startswith(_REACHING) or any(word in kind for word in _WRITING):
            raise QuestionError(f"The server would do this by {kind}, which is not open to questions.")


def _compiled(
    text: str, parameters: Mapping[str, Any], catalogue: Catalogue
) -> tuple[tuple[str, ...], QuestionError | None]:
    known = {name: parameter_type(name, value) for name, value in parameters.items()}
    try:
        return compile_text(text, catalogue, known).warnings, None
    except QuestionError as error:
        return (), error


def _names(catalogue: Catalogue) -> dict[str, frozenset[str]]:
    return {
        "label": catalogue.labels,
        "relationshipType": catalogue.type_names,
        "propertyKey": catalogue.property_names,
    }


def _columns(query: s.Query) -> tuple[str, ...] | None:
    last = query.parts[0].clauses[-1]
    if not isinstance(last, s.Return) or last.projection.star:
        return None
    return tuple(item.name for item in last.projection.items)


def _known_procedures() -> str:
    return "Open are: db.labels, db.relationshipTypes, db.propertyKeys, db.index.fulltext.queryNodes."


class _Writer:
    """Writes a text anew from its tokens, with insertions."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokenize(text).tokens
        self._place = {token.at: index for index, token in enumerate(self._tokens)}
        self._before: dict[int, str] = {}
        self._after: dict[int, str] = {}
        self._instead: dict[int, str] = {}
        self.listed: set[str] = set()
        self.texts: dict[str, str] = {}

    def keep_mark_out(self, pattern: s.PathPattern) -> None:
        """Let the first node of a path not be the mark, where no relationship of the path does so already."""
        if any(_is_mandatory(element) for element in pattern.elements[1::2]):
            return
        node = pattern.elements[0]
        assert isinstance(node, s.NodePattern)
        if not _may_be_mark(node):
            return
        place = self._place[node.at]
        if self._tokens[place + 1].value == "(" and self._tokens[place + 1].kind is Kind.SYMBOL:
            # A group that begins a path has a node before it that is not written.
            self._before[place] = f"(:!{LABEL})"
            return
        place += node.name is not None
        if node.labels is None:
            self._after[place] = f":!{LABEL} "
        else:
            self._after[place + 1] = f"!{LABEL}&("
            self._before[self._end_of_labels(place + 2)] = ")"

    def list_from_catalogue(self, call: s.CallProcedure, *, alone: bool) -> None:
        """Replace `CALL db.labels() YIELD label AS l` by `UNWIND $_label AS l`, with a RETURN where it stands alone."""
        # From the catalogue, as DuckDB does: the server also lists what no node has.
        column = COLUMNS[call.name]
        name = yielded_name(self._text, call, alone=alone)
        first = place = self._place[call.at]
        while self._tokens[place + 1].value == "." or self._tokens[place].value == "." or place == first:
            place += 1
        if self._tokens[place + 1].value == "(":
            place += 2
        if call.yields is not None:
            place += 2 + 2 * (self._tokens[place + 3].upper == "AS")
        for index in range(first, place + 1):
            self._instead[index] = ""
        quoted = f"`{name.replace('`', '``')}`"
        self._instead[first] = f"UNWIND $_{column} AS {quoted}" + (f" RETURN {quoted}" if alone else "")
        if self._tokens[first - 1].upper == "OPTIONAL":
            self._instead[first - 1] = ""
        if call.where is not None:
            # UNWIND has no WHERE of its own.
            self._instead[place + 1] = "WITH * WHERE"
        self.listed.add(column)

    def written(self) -> str:
        """The text."""
        parts = []
        for index, token in enumerate(self._tokens):
            if token.kind is not Kind.END:
                parts += [self._before.get(index, ""), self._spelt(index, token), self._after.get(index, "")]
        return "".join(parts)

    def _spelt(self, index: int, token: Token) -> str:
        gap = " " if index and self._tokens[index - 1].end < token.at else ""
        if index in self._instead:
            return gap + self._instead[index]
        written = self._text[token.at : token.end]
        if token.kind is Kind.STRING:
            if "\\" in token.value:
                # However a server reads backslashes, it does not read them in a parameter.
                name = f"_text{len(self.texts)}"
                self.texts[name] = token.value
                return f"{gap}${name}"
            written = "'" + token.value.replace("'", "\\'") + "'"
        elif "\\" in written:
            raise s.refusal(self._text, token.at, "a name must not hold a backslash")
        return gap + written

    def _end_of_labels(self, place: int) -> int:
        """The place behind a label expression that begins at a place."""
        depth = 0
        while True:
            token = self._tokens[place]
            if token.kind is Kind.SYMBOL and token.value in "({":
                if token.value == "{":
                    return place
                depth += 1
            elif token.kind is Kind.SYMBOL and token.value == ")":
                if not depth:
                    return place
                depth -= 1
            elif not depth and token.upper == "WHERE" and self._tokens[place - 1].value not in {"&", "|", "!", ":"}:
                return place
            place += 1


def _is_mandatory(element: object) -> bool:
    """Whether at least one relationship is walked."""
    repetition = element.repetition if isinstance(element, s.RelationshipPattern | s.Group) else None
    return repetition is None or repetition.low > 0


def _may_be_mark(node: s.NodePattern) -> bool:
    """Whether a node that is written so may be that of the mark, whose properties all begin with `_`."""
    if isinstance(node.properties, s.MapLiteral) and any(
        not key.startswith("_") for key, _value in node.properties.items
    ):
        return False
    return node.labels is None or _fits_mark(node.labels)


def _fits_mark(labels: s.LabelExpression) -> bool:
    match labels:
        case s.LabelName():
            return labels.name == LABEL
        case s.LabelNot():
            return not _fits_mark(labels.operand)
        case s.LabelLogic():
            return (all if labels.operator == "&" else any)(map(_fits_mark, labels.operands))
        case _:
            return True
