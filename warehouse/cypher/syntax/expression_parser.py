"""Reads expressions: from OR, which binds loosest, down to a single value."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Literal as Choice

from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.lexer import LARGEST_INTEGER, Kind
from warehouse.cypher.syntax.reader import TokenReader

_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
_QUANTIFIERS = ("ALL", "ANY", "NONE", "SINGLE")


class ExpressionParser(TokenReader):
    """The expression part of the parser; patterns and queries inside expressions are left to its heirs."""

    @abstractmethod
    def query(self) -> s.Query:
        """Read a query up to the closing brace."""

    @abstractmethod
    def path_pattern(self) -> s.PathPattern:
        """Read one path pattern."""

    @abstractmethod
    def subquery_body(self) -> s.Query:
        """Read the body of EXISTS or COUNT, where MATCH and RETURN may be left out."""

    @abstractmethod
    def label_expression(self) -> s.LabelExpression:
        """Read what follows the colon of labels."""

    @abstractmethod
    def starts_pattern(self) -> bool:
        """Whether the bracket that comes next opens a pattern, not an expression."""

    # --- operators, loosest first ---

    def expression(self) -> s.Expression:
        """Read an expression."""
        return self._logic("OR", self._exclusive_or)

    def _logic(self, word: Choice["AND", "OR"], operand: Callable[[], s.Expression]) -> s.Expression:
        at = self.token.at
        operands = [operand()]
        while self.take_word(word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else s.Logic(at, word, tuple(operands))

    def _exclusive_or(self) -> s.Expression:
        return self._left_chain(self._conjunction, lambda: "XOR" if self.take_word("XOR") else None)

    def _conjunction(self) -> s.Expression:
        return self._logic("AND", self._negation)

    def _negation(self) -> s.Expression:
        negations = []
        while self.at_word("NOT"):
            negations.append(self.advance().at)
            self.check_chain(len(negations), negations[-1])
        operand = self._comparison()
        for at in reversed(negations):
            operand = s.Unary(at, "NOT", operand)
        return operand

    def _comparison(self) -> s.Expression:
        at = self.token.at
        operand = self._predicate()
        comparisons: list[s.Expression] = []
        while self.at_symbol(*_COMPARISONS):
            operator = self.advance()
            right = self._predicate()
            comparisons.append(s.Binary(operator.at, operator.value, operand, right))
            operand = right
        if not comparisons:
            return operand
        return comparisons[0] if len(comparisons) == 1 else s.Logic(at, "AND", tuple(comparisons))

    def _predicate(self) -> s.Expression:
        """One of the predicates that bind tighter than `=`: IN, STARTS WITH, IS NULL, =~ and their kind."""
        left = self._sum()
        count = 0
        while (operator := self._predicate_operator()) is not None:
            at = self.token.at
            count += 1
            self.check_chain(count, at)
            if operator in ("IS NULL", "IS NOT NULL"):
                left = s.IsNull(at, left, operator == "IS NOT NULL")
            else:
                left = s.Binary(at, operator, left, self._sum())
        return left

    def _predicate_operator(self) -> str | None:
        if self.take_symbol("=~"):
            return "=~"
        for operator in ("STARTS WITH", "ENDS WITH", "CONTAINS", "IN", "IS NULL", "IS NOT NULL"):
            if self.take_word(*operator.split()):
                return operator
        if self.at_words("IS", "TYPED") or self.at_words("IS", "NORMALIZED") or self.at_symbol("::"):
            self.fail("another predicate", "type and normal-form predicates are not supported")
        return None

    def _sum(self) -> s.Expression:
        return self._left_chain(self._product, lambda: self._symbol_of("+", "-", "||"))

    def _product(self) -> s.Expression:
        return self._left_chain(self._power, lambda: self._symbol_of("*", "/", "%"))

    def _power(self) -> s.Expression:
        return self._left_chain(self._signed, lambda: self._symbol_of("^"))

    def _symbol_of(self, *symbols: str) -> str | None:
        return self.advance().value if self.at_symbol(*symbols) else None

    def _left_chain(self, operand: Callable[[], s.Expression], operator: Callable[[], str | None]) -> s.Expression:
        left = operand()
        at, count = self.token.at, 0
        while (name := operator()) is not None:
            count += 1
            self.check_chain(count, at)
            left = s.Binary(at, name, left, operand())
            at = self.token.at
        return left

    def _signed(self) -> s.Expression:
        if self.at_symbol("-"):
            at = self.advance().at
            if self.token.kind is Kind.INTEGER:
                return self._postfix(s.Literal(at, -int(self.advance().value)))
            if self.token.kind is Kind.FLOAT:
                return self._postfix(s.Literal(at, -float(self.advance().value)))
            return s.Unary(at, "-", self._postfix(self._primary()))
        if self.at_symbol("+"):
            return s.Unary(self.advance().at, "+", self._postfix(self._primary()))
        return self._postfix(self._primary())

    def _postfix(self, subject: s.Expression) -> s.Expression:
        count = 0
        while True:
            at = self.token.at
            if self.take_symbol("."):
                subject = s.Property(at, subject, self.expect_name("a property name").value)
            elif self.at_symbol("["):
                subject = self._subscript(subject)
            elif self.take_symbol(":"):
                subject = s.HasLabels(at, subject, self.label_expression())
            else:
                return subject
            count += 1
            self.check_chain(count, at)

    def _subscript(self, subject: s.Expression) -> s.Expression:
        at = self.expect_symbol("[").at
        start = None if self.at_symbol("..") else self.expression()
        if start is not None and self.take_symbol("]"):
            return s.Index(at, subject, start)
        self.expect_symbol("..")
        end = None if self.at_symbol("]") else self.expression()
        self.expect_symbol("]")
        return s.Slice(at, subject, start, end)

    # --- single values ---

    def _primary(self) -> s.Expression:  # noqa: PLR0911
        token = self.token
        match token.kind:
            case Kind.STRING:
                return s.Literal(self.advance().at, token.value)
            case Kind.INTEGER:
                return self._integer()
            case Kind.FLOAT:
                return s.Literal(self.advance().at, float(token.value))
            case Kind.PARAMETER:
                return s.Parameter(self.advance().at, token.value)
            case Kind.NAME:
                return self._word()
            case Kind.QUOTED_NAME:
                return self._name()
            case _:
                return self._bracketed()

    def _integer(self) -> s.Expression:
        token = self.token
        if int(token.value) > LARGEST_INTEGER:
            self.fail("an integer of 64 bits", "write it as a float: 9.2e18")
        return s.Literal(self.advance().at, int(token.value))

    def _bracketed(self) -> s.Expression:
        if self.at_symbol("("):
            if self.starts_pattern():
                return s.PatternPredicate(self.token.at, self.path_pattern())
            self.advance()
            inner = self.expression()
            self.expect_symbol(")")
            return inner
        if self.at_symbol("["):
            return self._list()
        if not self.at_symbol("{"):
            self.fail("an expression")
        return self.map_literal()

    def _word(self) -> s.Expression:  # noqa: PLR0911
        token, after = self.token, self.ahead()
        followed_by_bracket = after.kind is Kind.SYMBOL and after.value == "("
        if token.upper in ("TRUE", "FALSE") and not followed_by_bracket:
            return s.Literal(self.advance().at, token.upper == "TRUE")
        if token.upper == "NULL" and not followed_by_bracket:
            return s.Literal(self.advance().at, None)
        if token.upper in ("NAN", "INF", "INFINITY") and not followed_by_bracket:
            return s.Literal(self.advance().at, float(token.upper))
        if token.upper == "CASE" and (after.kind is not Kind.SYMBOL or after.value in "([{-+"):
            return self._case()
        if token.upper in ("EXISTS", "COUNT", "COLLECT") and after.kind is Kind.SYMBOL and after.value == "{":
            return self._subquery()
        if token.upper in _QUANTIFIERS and followed_by_bracket and self.ahead(3).upper == "IN":
            return self._quantifier()
        if token.upper == "REDUCE" and followed_by_bracket:
            return self._reduce()
        return self._name()

    def _name(self) -> s.Expression:
        """A variable, a map projection, or a function whose name may hold dots."""
        length = 0
        while self.ahead(length + 1).value == "." and self.ahead(length + 2).kind in (Kind.NAME, Kind.QUOTED_NAME):
            length += 2
        opening = self.ahead(length + 1)
        if opening.kind is Kind.SYMBOL and opening.value == "(":
            return self._function_call(length)
        name = self.advance()
        if self.at_symbol("{"):
            return self._map_projection(s.Variable(name.at, name.value))
        return s.Variable(name.at, name.value)

    def _function_call(self, length: int) -> s.Expression:
        at = self.token.at
        name = "".join(self.advance().value for _ in range(length + 1))
        self.expect_symbol("(")
        if self.take_symbol("*"):
            self.expect_symbol(")")
            if name.lower() != "count":
                raise s.refusal(self.text, at, f"{name}(*) is not a function", "only count(*) takes a star")
            return s.Call(at, "count", (), star=True)
        distinct = self.take_word("DISTINCT")
        arguments = [] if self.at_symbol(")") else self.expressions()
        self.expect_symbol(")")
        return s.Call(at, name, tuple(arguments), distinct)

    def expressions(self) -> list[s.Expression]:
        """Read expressions separated by commas."""
        found = [self.expression()]
        while self.take_symbol(","):
            found.append(self.expression())
        return found

    def _case(self) -> s.Expression:
        at = self.advance().at
        subject = None if self.at_word("WHEN") else self.expression()
        branches = []
        while self.take_word("WHEN"):
            condition = self._case_condition(subject)
            self.expect_word("THEN")
            branches.append((condition, self.expression()))
        if not branches:
            self.fail("WHEN")
        otherwise = self.expression() if self.take_word("ELSE") else None
        self.expect_word("END")
        return s.Case(at, subject, tuple(branches), otherwise)

    def _case_condition(self, subject: s.Expression | None) -> s.Expression:
        condition = self.expression()
        if subject is not None and self.at_symbol(","):
            self.fail("THEN", "write one WHEN for each value")
        return condition

    def _subquery(self) -> s.Expression:
        token = self.advance()
        self.expect_symbol("{")
        body = self.query() if token.upper == "COLLECT" else self.subquery_body()
        self.expect_symbol("}")
        kind: Choice["EXISTS", "COUNT", "COLLECT"]
        kind = "EXISTS" if token.upper == "EXISTS" else "COUNT" if token.upper == "COUNT" else "COLLECT"
        return s.Subquery(token.at, kind, body)

    def _quantifier(self) -> s.Expression:
        token = self.advance()
        self.expect_symbol("(")
        name = self.expect_name("a variable").value
        self.expect_word("IN")
        source = self.expression()
        self.expect_word("WHERE")
        where = self.expression()
        self.expect_symbol(")")
        kinds: dict[str, Choice["all", "any", "none", "single"]]
        kinds = {"ALL": "all", "ANY": "any", "NONE": "none", "SINGLE": "single"}
        return s.Quantifier(token.at, kinds[token.upper], name, source, where)

    def _reduce(self) -> s.Expression:
        at = self.advance().at
        self.expect_symbol("(")
        accumulator = self.expect_name("a variable").value
        self.expect_symbol("=")
        start = self.expression()
        self.expect_symbol(",")
        name = self.expect_name("a variable").value
        self.expect_word("IN")
        source = self.expression()
        self.expect_symbol("|")
        step = self.expression()
        self.expect_symbol(")")
        return s.Reduce(at, accumulator, start, name, source, step)

    def _list(self) -> s.Expression:
        if self.ahead().kind in (Kind.NAME, Kind.QUOTED_NAME) and self.ahead(2).upper == "IN":
            return self._list_comprehension()
        if self._at_pattern_comprehension():
            return self._pattern_comprehension()
        at = self.expect_symbol("[").at
        items = [] if self.at_symbol("]") else self.expressions()
        self.expect_symbol("]")
        return s.ListLiteral(at, tuple(items))

    def _list_comprehension(self) -> s.Expression:
        at = self.advance().at
        name = self.advance().value
        self.expect_word("IN")
        source = self.expression()
        where = self.expression() if self.take_word("WHERE") else None
        result = self.expression() if self.take_symbol("|") else None
        self.expect_symbol("]")
        return s.ListComprehension(at, name, source, where, result)

    def _at_pattern_comprehension(self) -> bool:
        named = self.ahead(1).kind in (Kind.NAME, Kind.QUOTED_NAME) and self.ahead(2).value == "="
        before = self.position
        self.position += 3 if named else 1
        found = self.at_symbol("(") and (self.starts_pattern() or named)
        self.position = before
        return found

    def _pattern_comprehension(self) -> s.Expression:
        at = self.advance().at
        name = None
        if self.at_name():
            name = self.advance().value
            self.expect_symbol("=")
        pattern = self.path_pattern()
        where = self.expression() if self.take_word("WHERE") else None
        self.expect_symbol("|")
        result = self.expression()
        self.expect_symbol("]")
        named = s.PathPattern(pattern.at, pattern.elements, name, pattern.selector, pattern.function)
        return s.PatternComprehension(at, named, where, result)

    def map_literal(self) -> s.MapLiteral:
        """Read `{key: value, ...}`."""
        at = self.expect_symbol("{").at
        items: list[tuple[str, s.Expression]] = []
        while not self.at_symbol("}"):
            if items:
                self.expect_symbol(",")
            key = self.expect_name("a key").value
            self.expect_symbol(":")
            items.append((key, self.expression()))
        self.expect_symbol("}")
        return s.MapLiteral(at, tuple(dict(items).items()))

    def _map_projection(self, subject: s.Variable) -> s.Expression:
        at = self.expect_symbol("{").at
        items: list[tuple[str, s.Expression | None]] = []
        while not self.at_symbol("}"):
            if items:
                self.expect_symbol(",")
            items.append(self._projected(subject))
        self.expect_symbol("}")
        return s.MapProjection(at, subject, tuple(items))

    def _projected(self, subject: s.Variable) -> tuple[str, s.Expression | None]:
        at = self.token.at
        if self.take_symbol("."):
            if self.take_symbol("*"):
                return "*", None
            key = self.expect_name("a property name").value
            return key, s.Property(at, subject, key)
        name = self.expect_name("a key, .property or .*").value
        if self.take_symbol(":"):
            return name, self.expression()
        return name, s.Variable(at, name)
