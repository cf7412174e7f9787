"""Reads patterns: nodes, relationships, groups, label expressions and the ways to select paths."""

from __future__ import annotations

from typing import Literal as Choice

from warehouse.cypher.syntax import tree as s
from warehouse.cypher.syntax.expression_parser import ExpressionParser
from warehouse.cypher.syntax.lexer import Kind

_NO_SELECTION = "write shortestPath((a)-[*..6]-(b)), allShortestPaths(...), ANY SHORTEST or ALL SHORTEST"


class PatternParser(ExpressionParser):
    """The pattern part of the parser."""

    def starts_pattern(self) -> bool:
        """Whether the bracket that comes next is a node that a relationship follows."""
        end = self.closing[self.position]
        after = [self.tokens[min(end + step, len(self.tokens) - 1)].value for step in (1, 2)]
        if after[0] == "<":
            after = [self.tokens[min(end + step, len(self.tokens) - 1)].value for step in (2, 3)]
        is_arrow = after[0] == "-" and after[1] in ("[", "-")
        return is_arrow and self._holds_node_pattern(end)

    def _holds_node_pattern(self, end: int) -> bool:
        """Whether the brackets up to `end` hold what a node may hold: a name, labels, a map of properties."""
        step = self.position + 1
        if self.tokens[step].kind in (Kind.NAME, Kind.QUOTED_NAME):
            step += 1
        return step == end or self.tokens[step].value in (":", "{", "$") or self.tokens[step].upper in ("WHERE", "IS")

    def patterns(self) -> tuple[s.PathPattern, ...]:
        """Read patterns separated by commas."""
        found = [self._named_pattern()]
        while self.take_symbol(","):
            found.append(self._named_pattern())
        return tuple(found)

    def _named_pattern(self) -> s.PathPattern:
        at, name = self.token.at, None
        if self.at_name() and self.ahead().value == "=":
            name = self.advance().value
            self.advance()
        selector = self._selector()
        if selector is None and self.at_word("SHORTESTPATH", "ALLSHORTESTPATHS"):
            return self._shortest_function(at, name)
        pattern = self.path_pattern()
        return s.PathPattern(at, pattern.elements, name, selector)

    def _selector(self) -> Choice["any", "all"] | None:
        """Read ANY SHORTEST, SHORTEST 1, ALL SHORTEST; other ways to select paths are refused."""
        if self.take_word("ALL", "SHORTEST"):
            found: Choice["any", "all"] = "all"
        elif self.take_word("ANY", "SHORTEST"):
            found = "any"
        elif self.at_word("SHORTEST") and self.ahead().kind is Kind.INTEGER:
            self.advance()
            if self.token.value != "1" or self.ahead().upper in ("GROUP", "GROUPS"):
                self.fail("SHORTEST 1", _NO_SELECTION)
            self.advance()
            found = "any"
        elif self.at_word("ANY", "ALL") and not self.at_symbol("("):
            self.fail("a pattern", _NO_SELECTION)
        else:
            return None
        if self.at_word("PATH", "PATHS"):
            self.advance()
        return found

    def _shortest_function(self, at: int, name: str | None) -> s.PathPattern:
        selector: Choice["any", "all"] = "any" if self.advance().upper == "SHORTESTPATH" else "all"
        self.expect_symbol("(")
        pattern = self.path_pattern()
        self.expect_symbol(")")
        middle = pattern.elements[1:-1]
        if len(middle) != 1 or not isinstance(middle[0], s.RelationshipPattern):
            raise s.refusal(self.text, at, "shortestPath takes one relationship between two nodes", _NO_SELECTION)
        return s.PathPattern(at, pattern.elements, name, selector, function=True)

    def path_pattern(self) -> s.PathPattern:
        """Read a path: a node or group, then relationships and nodes in turn."""
        at = self.token.at
        elements: list[s.NodePattern | s.RelationshipPattern | s.Group] = []
        if self._at_group():
            elements.append(s.NodePattern(at))
        else:
            elements.append(self._node())
        while True:
            if self.at_symbol("-", "<"):
                elements.append(self._relationship())
                elements.append(self._node())
            elif self._at_group():
                elements.append(self._group())
                elements.append(self._node() if self._at_node() else s.NodePattern(self.token.at))
            else:
                return s.PathPattern(at, tuple(elements))

    def _at_node(self) -> bool:
        return self.at_symbol("(") and not self._at_group()

    def _at_group(self) -> bool:
        """Whether a bracket holds a whole path of its own: `((a)-->(b)){1,3}`."""
        return self.at_symbol("(") and self.ahead().value == "(" and self.ahead().kind is Kind.SYMBOL

    def _group(self) -> s.Group:
        at = self.expect_symbol("(").at
        pattern = self.path_pattern()
        where = self.expression() if self.take_word("WHERE") else None
        self.expect_symbol(")")
        repetition = self._quantifier_suffix()
        if repetition is None:
            self.fail("a quantifier such as {1,3}", "a path in brackets of its own must be quantified")
        return s.Group(at, pattern, where, repetition)

    def _node(self) -> s.NodePattern:
        at = self.expect_symbol("(").at
        name = self._element_name()
        labels = self.label_expression() if self.take_symbol(":") or self._takes_is() else None
        properties = self._properties()
        where = self.expression() if self.take_word("WHERE") else None
        self.expect_symbol(")")
        return s.NodePattern(at, name, labels, properties, where)

    def _takes_is(self) -> bool:
        return self.ahead().kind in (Kind.NAME, Kind.QUOTED_NAME, Kind.SYMBOL) and self.take_word("IS")

    def _element_name(self) -> str | None:
        if self.at_word("WHERE", "IS") and self.ahead().value not in (")", "]", ":", "{", "*"):
            return None
        return self.advance().value if self.at_name() else None

    def _properties(self) -> s.Properties | None:
        if self.at_symbol("{"):
            return self.map_literal()
        if self.token.kind is Kind.PARAMETER:
            self.fail("a map of properties", "write the keys: {id: $properties.id}")
        return None

    def _relationship(self) -> s.RelationshipPattern:
        at = self.token.at
        to_left = self.take_symbol("<")
        self.expect_symbol("-")
        name, types, properties, where, repetition = None, None, None, None, None
        if self.take_symbol("["):
            name = self._element_name()
            types = self.label_expression() if self.take_symbol(":") or self._takes_is() else None
            types_end = self.token.at
            repetition = self._star()
            if repetition is not None and not _is_plain(types):
                raise s.refusal(
                    self.text, types_end, "types beside * are names joined by |",
                    "put the repetition behind the brackets: -[:!A]-{1,3}",
                )  # fmt: skip
            properties = self._properties()
            where = self.expression() if self.take_word("WHERE") else None
            self.expect_symbol("]")
        self.expect_symbol("-")
        to_right = self.take_symbol(">")
        suffix_at = self.token.at
        suffix = self._quantifier_suffix()
        if suffix is not None and repetition is not None:
            raise s.refusal(self.text, suffix_at, "a relationship is repeated twice", "use either * or a quantifier")
        direction: Choice["out", "in", "both"] = "both" if to_left == to_right else "in" if to_left else "out"
        return s.RelationshipPattern(at, direction, name, types, properties, where, suffix or repetition)

    def _star(self) -> s.Repetition | None:
        """Read `*`, `*2`, `*1..3`, `*..3`, `*1..`."""
        if not self.take_symbol("*"):
            return None
        low = self._bound()
        if self.take_symbol(".."):
            return s.Repetition(1 if low is None else low, self._bound(), True)
        return s.Repetition(1, None, True) if low is None else s.Repetition(low, low, True)

    def _bound(self) -> int | None:
        return int(self.advance().value) if self.token.kind is Kind.INTEGER else None

    def _quantifier_suffix(self) -> s.Repetition | None:
        """Read `+`, `*`, `{2}`, `{1,3}`, `{,3}`, `{1,}` after a relationship or group."""
        if self.take_symbol("+"):
            return s.Repetition(1, None, False)
        if self.take_symbol("*"):
            return s.Repetition(0, None, False)
        if not self.at_symbol("{"):
            return None
        at = self.advance().at
        low = self._bound()
        if self.take_symbol(","):
            high = self._bound()
            low = 0 if low is None else low
        else:
            high = low
        self.expect_symbol("}")
        if low is None or high == 0 or (high is not None and low > high):
            raise s.refusal(self.text, at, "a quantifier needs a highest number above zero, not below the lowest")
        return s.Repetition(low, high, False)

    # --- label expressions ---

    def label_expression(self) -> s.LabelExpression:
        """Read label names joined by `&`, `|`, `!`, `%`, brackets, or the older `:A:B` and `:A|:B`."""
        at = self.token.at
        found = [self._label_conjunction()]
        while self.take_symbol("|"):
            self.take_symbol(":")
            found.append(self._label_conjunction())
            self.check_chain(len(found), at)
        return found[0] if len(found) == 1 else s.LabelLogic(at, "|", tuple(found))

    def _label_conjunction(self) -> s.LabelExpression:
        at = self.token.at
        found = [self._label_term()]
        while self.at_symbol("&", ":"):
            self.advance()
            found.append(self._label_term())
            self.check_chain(len(found), at)
        return found[0] if len(found) == 1 else s.LabelLogic(at, "&", tuple(found))

    def _label_term(self) -> s.LabelExpression:
        at, negations = self.token.at, 0
        while self.take_symbol("!"):
            negations += 1
            self.check_chain(negations, at)
        if self.take_symbol("%"):
            term: s.LabelExpression = s.LabelAny(at)
        elif self.take_symbol("("):
            term = self.label_expression()
            self.expect_symbol(")")
        else:
            term = s.LabelName(at, self.expect_name("a label").value)
        return s.LabelNot(at, term) if negations % 2 else term


def _is_plain(types: s.LabelExpression | None) -> bool:
    """Whether types are names joined by `|`, the only ones that Neo4j takes beside `*`."""
    if isinstance(types, s.LabelLogic):
        return types.operator == "|" and all(isinstance(one, s.LabelName) for one in types.operands)
    return types is None or isinstance(types, s.LabelName)
