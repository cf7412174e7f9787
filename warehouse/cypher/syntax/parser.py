"""Reads whole queries: the clauses of the reading part of Cypher, and a clear refusal of everything that writes.

parse("MATCH (g:Gene {id: $id}) RETURN g.symbol")
"""

from __future__ import annotations

from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.lexer import Kind, tokenize
from warehouse.cypher.syntax.pattern_parser import PatternParser

_WRITES = ("CREATE", "MERGE", "SET", "DELETE", "DETACH", "NODETACH", "REMOVE", "FOREACH", "INSERT")
_ADMINISTRATION = (
    "SHOW", "DROP", "ALTER", "GRANT", "DENY", "REVOKE", "START", "STOP", "RENAME", "DEALLOCATE", "REALLOCATE",
    "TERMINATE", "ENABLE", "DRYRUN",
)  # fmt: skip
_CLAUSES = ("MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL", "UNION", "WHERE", "ORDER", "SKIP", "LIMIT")


def parse(text: str) -> s.Query:
    """Read a query.

    Raises:
        QuestionError: with the line and column of what could not be read, or of what is refused.
    """
    parser = QueryParser(tokenize(text))
    query = parser.query()
    parser.take_symbol(";")
    if parser.token.kind is not Kind.END:
        parser.refuse_rest()
    return query


class QueryParser(PatternParser):
    """The clause part of the parser."""

    def refuse_rest(self) -> None:
        """Refuse what stands after the end of a query."""
        if self.tokens[self.position - 1].value == ";":
            raise s.refusal(self.text, self.token.at, "a question is one statement", "ask the second one by itself")
        self._refuse_clause()
        self.fail("the end of the query or another clause")

    def query(self) -> s.Query:
        """Read single queries joined by UNION."""
        at = self.token.at
        parts = [self._single()]
        kinds: set[bool] = set()
        while self.at_word("UNION"):
            place = self.advance().at
            kinds.add(self.take_word("ALL"))
            self.take_word("DISTINCT")
            if len(kinds) > 1:
                raise s.refusal(self.text, place, "UNION and UNION ALL are mixed", "put one of them into CALL { }")
            parts.append(self._single())
        for part in parts if len(parts) > 1 else []:
            if not isinstance(part.clauses[-1], s.Return):
                raise s.refusal(self.text, part.at, "every part of a UNION must end with RETURN")
        return s.Query(at, tuple(parts), True in kinds)

    def _single(self) -> s.SingleQuery:
        at = self.token.at
        clauses: list[s.Clause] = []
        while self.at_word("MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL"):
            clauses.append(self._clause())
            if isinstance(clauses[-1], s.Return):
                break
            if len(clauses) > 100:
                raise s.refusal(self.text, self.token.at, "more than 100 clauses", "split the question")
        if not clauses or not isinstance(clauses[-1], s.Return):
            self._refuse_clause()
        if not clauses:
            self.fail("a clause such as MATCH or RETURN")
        return s.SingleQuery(at, tuple(clauses))

    def _refuse_clause(self) -> None:
        """Refuse what writes, administers or reads files, each in its own words."""
        token = self.token
        if self.at_word(*_WRITES):
            raise s.refusal(
                self.text, token.at, f"{token.upper} would change the graph; questions only read",
                "the warehouse changes by building it anew; stored lists have functions of their own",
            )  # fmt: skip
        if self.at_word("LOAD"):
            raise s.refusal(
                self.text, token.at, "LOAD CSV would read a file; a question reads only the graph",
                "pass the rows as a parameter: UNWIND $rows AS row",
            )  # fmt: skip
        if self.at_word(*_ADMINISTRATION):
            raise s.refusal(
                self.text, token.at, f"{token.upper} administers a server; a question reads only the graph",
                "the declared model is listed by the catalogue",
            )  # fmt: skip
        if self.at_word("USE", "EXPLAIN", "PROFILE", "CYPHER", "USING", "FINISH"):
            raise s.refusal(
                self.text, token.at, f"{token.upper} is not supported", "leave it out; the plan is shown by explain"
            )

    def _clause(self) -> s.Clause:
        if self.at_words("OPTIONAL", "CALL"):
            self.advance()
            return self._call(optional=True)
        if self.at_word("MATCH", "OPTIONAL"):
            return self._match()
        if self.at_word("UNWIND"):
            return self._unwind()
        if self.at_word("CALL"):
            return self._call(optional=False)
        if self.at_word("WITH"):
            at = self.advance().at
            projection = self._projection()
            return s.With(at, projection, self.expression() if self.take_word("WHERE") else None)
        at = self.expect_word("RETURN").at
        return s.Return(at, self._projection())

    def _match(self) -> s.Match:
        at = self.token.at
        optional = self.take_word("OPTIONAL")
        self.expect_word("MATCH")
        patterns = self.patterns()
        if self.at_word("USING"):
            self.fail("WHERE or another clause", "planner hints are not needed; leave USING out")
        where = self.expression() if self.take_word("WHERE") else None
        return s.Match(at, optional, patterns, where)

    def _unwind(self) -> s.Unwind:
        at = self.advance().at
        source = self.expression()
        self.expect_word("AS")
        return s.Unwind(at, source, self.expect_name("a variable").value)

    # --- projections ---

    def _projection(self) -> s.Projection:
        distinct = self.take_word("DISTINCT")
        at = self.token.at
        star = self.take_symbol("*")
        items: list[s.Item] = []
        if not star or self.take_symbol(","):
            items.append(self._item())
            while self.take_symbol(","):
                items.append(self._item())
        order = self._order()
        skip = self.expression() if self.take_word("SKIP") or self.take_word("OFFSET") else None
        limit = self.expression() if self.take_word("LIMIT") else None
        return s.Projection(at, distinct, star, tuple(items), order, skip, limit)

    def _item(self) -> s.Item:
        at = self.token.at
        expression = self.expression()
        written = self.text[at : self.tokens[self.position - 1].end]
        if self.take_word("AS"):
            return s.Item(at, expression, self.expect_name("a name").value, True)
        return s.Item(at, expression, written, False)

    def _order(self) -> tuple[s.SortKey, ...]:
        if not self.take_word("ORDER", "BY"):
            return ()
        keys = [self._sort_key()]
        while self.take_symbol(","):
            keys.append(self._sort_key())
        return tuple(keys)

    def _sort_key(self) -> s.SortKey:
        at = self.token.at
        expression = self.expression()
        descending = self.at_word("DESC", "DESCENDING")
        if self.at_word("ASC", "ASCENDING", "DESC", "DESCENDING"):
            self.advance()
        return s.SortKey(at, expression, descending)

    # --- subqueries and procedures ---

    def subquery_body(self) -> s.Query:
        """Read the body of EXISTS or COUNT: a query, or just patterns with a WHERE."""
        if self.at_word("MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL") and self.ahead().value != "=":
            return self.query()
        self._refuse_clause()
        at = self.token.at
        patterns = self.patterns()
        where = self.expression() if self.take_word("WHERE") else None
        return s.Query(at, (s.SingleQuery(at, (s.Match(at, False, patterns, where),)),))

    def _call(self, optional: bool) -> s.Clause:
        at = self.expect_word("CALL").at
        if self.at_symbol("{", "("):
            return self._call_subquery(at, optional)
        name = self.expect_name("a procedure or {").value
        while self.take_symbol("."):
            name += "." + self.expect_name("a name").value
        arguments: tuple[s.Expression, ...] | None = None
        if self.take_symbol("("):
            arguments = () if self.at_symbol(")") else tuple(self.expressions())
            self.expect_symbol(")")
        if not self.take_word("YIELD"):
            return s.CallProcedure(at, name, arguments, None)
        yields = self._yields()
        where = self.expression() if yields and self.take_word("WHERE") else None
        return s.CallProcedure(at, name, arguments, yields, where)

    def _yields(self) -> tuple[tuple[str, str], ...]:
        if self.take_symbol("*"):
            return ()
        found = []
        while True:
            column = self.expect_name("a column").value
            found.append((column, self.expect_name("a name").value if self.take_word("AS") else column))
            if not self.take_symbol(","):
                return tuple(found)

    def _call_subquery(self, at: int, optional: bool) -> s.CallSubquery:
        imports = self._imports() if self.at_symbol("(") else None
        self.expect_symbol("{")
        query = self.query()
        if not self.at_symbol("}"):
            self.refuse_rest()
        self.expect_symbol("}")
        if self.at_words("IN", "TRANSACTIONS") or self.at_words("IN", "CONCURRENT"):
            self.fail("another clause", "a question only reads; leave IN TRANSACTIONS out")
        return s.CallSubquery(at, imports, query, optional)

    def _imports(self) -> tuple[str, ...]:
        self.expect_symbol("(")
        found: list[str] = []
        if self.take_symbol("*"):
            found.append("*")
        while not self.at_symbol(")"):
            if found:
                self.expect_symbol(",")
            found.append(self.expect_name("a variable").value)
        self.expect_symbol(")")
        return tuple(found)
