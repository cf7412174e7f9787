"""Steps through the tokens of a query: what the parsers share."""

from __future__ import annotations

from typing import NoReturn

from warehouse.cypher.syntax.lexer import Kind, Token, Tokens
from warehouse.cypher.syntax.tree import refusal

MAXIMUM_CHAIN = 200


class TokenReader:
    """A position in a list of tokens, with the questions and steps that every parser needs."""

    def __init__(self, tokens: Tokens) -> None:
        self.text = tokens.text
        self.tokens = tokens.tokens
        self.closing = tokens.closing
        self.position = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.position]

    def ahead(self, count: int = 1) -> Token:
        """The token `count` after the next one, or the end."""
        return self.tokens[min(self.position + count, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Take the next token."""
        token = self.tokens[self.position]
        if token.kind is not Kind.END:
            self.position += 1
        return token

    def at_symbol(self, *symbols: str) -> bool:
        """Whether one of these symbols comes next."""
        token = self.token
        return token.kind is Kind.SYMBOL and token.value in symbols

    def at_word(self, *words: str) -> bool:
        """Whether one of these words (in capitals) comes next; a name in back-quotes is never a word."""
        token = self.token
        return token.kind is Kind.NAME and token.upper in words

    def at_words(self, *words: str) -> bool:
        """Whether these words come next, one after another."""
        return all(
            self.ahead(index).kind is Kind.NAME and self.ahead(index).upper == word for index, word in enumerate(words)
        )

    def at_name(self) -> bool:
        """Whether a name comes next."""
        return self.token.kind in (Kind.NAME, Kind.QUOTED_NAME)

    def take_symbol(self, symbol: str) -> bool:
        """Take the symbol when it comes next."""
        if self.at_symbol(symbol):
            self.position += 1
            return True
        return False

    def take_word(self, *words: str) -> bool:
        """Take these words when all of them come next."""
        if self.at_words(*words):
            self.position += len(words)
            return True
        return False

    def expect_symbol(self, symbol: str) -> Token:
        """Take the symbol, or refuse."""
        if not self.at_symbol(symbol):
            self.fail(f"{symbol!r}")
        return self.advance()

    def expect_word(self, word: str) -> Token:
        """Take the word, or refuse."""
        if not self.at_word(word):
            self.fail(word)
        return self.advance()

    def expect_name(self, what: str) -> Token:
        """Take a name, or refuse; `what` says of what."""
        if not self.at_name():
            self.fail(what)
        return self.advance()

    def fail(self, expected: str, hint: str | None = None) -> NoReturn:
        """Refuse the next token: what was met and what was expected."""
        token = self.token
        met = "the end of the query" if token.kind is Kind.END else repr(self.text[token.at : token.end][:40])
        raise refusal(self.text, token.at, f"met {met}, expected {expected}", hint)

    def check_chain(self, count: int, at: int) -> None:
        """Refuse a chain of operators that would become a tree too deep to walk."""
        if count > MAXIMUM_CHAIN:
            raise refusal(
                self.text, at, f"more than {MAXIMUM_CHAIN} operators in a row", "use a list: x IN [..], or a parameter"
            )
