"""Cuts the text of a query into tokens, and pairs its brackets.

The whole text is cut before anything is parsed: a bracket that is never closed, a string that never ends and nesting
that is too deep are told here, each with its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from warehouse.cypher.syntax.tree import refusal

MAXIMUM_CHARACTERS = 100_000
MAXIMUM_NESTING = 40
LARGEST_INTEGER = 2**63 - 1


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    QUOTED_NAME = "quoted name"
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    PARAMETER = "parameter"
    SYMBOL = "symbol"
    END = "end of the query"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `value` is what it means (a string without its quotes), `at` and `end` where it stands."""

    kind: Kind
    value: str
    at: int
    end: int
    upper: str = ""


_TOKEN = re.compile(
    r"""
      (?P<space>\s+|//[^\n\r]*|/\*.*?\*/)
    | (?P<float>(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
    | (?P<integer>0x[0-9a-fA-F]+|0o[0-7]+|\d+)
    | (?P<parameter>\$(?:`[^`]+`|\w+))
    | (?P<name>[^\W\d]\w*)
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<symbol><>|<=|>=|=~|\.\.|\|\||::|[-+*/%^=<>()\[\]{},.:;|&!])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", "'": "'", '"': '"', "`": "`"}
_CLOSES = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a query and, for the index of every opening bracket, the index of its closing one."""

    text: str
    tokens: tuple[Token, ...]
    closing: dict[int, int]


def tokenize(text: str) -> Tokens:
    """Cut `text` into tokens.

    Raises:
        QuestionError: for text that is too long, nested too deeply, or holds a character that Cypher does not have.
    """
    if len(text) > MAXIMUM_CHARACTERS:
        raise refusal(
            text,
            MAXIMUM_CHARACTERS,
            f"the query has {len(text)} characters; at most {MAXIMUM_CHARACTERS} are read",
            "pass long lists as a parameter: WHERE n.id IN $ids",
        )
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or (found.lastgroup == "symbol" and text.startswith("/*", at)):
            raise _unreadable(text, at)
        if found.lastgroup != "space":
            tokens.append(_token(text, found))
        at = found.end()
    tokens.append(Token(Kind.END, "", len(text), len(text)))
    return Tokens(text, tuple(tokens), _pair(text, tokens))


def _token(text: str, found: re.Match[str]) -> Token:  # noqa: PLR0911
    at, end, raw = found.start(), found.end(), found.group()
    match found.lastgroup:
        case "name":
            return Token(Kind.NAME, raw, at, end, raw.upper())
        case "quoted":
            return Token(Kind.QUOTED_NAME, _quoted_name(text, at, raw[1:-1].replace("``", "`")), at, end)
        case "parameter":
            return Token(Kind.PARAMETER, raw[1:].strip("`"), at, end)
        case "string":
            return Token(Kind.STRING, _unescape(text, at, raw[1:-1]), at, end)
        case "integer":
            _refuse_adjoining(text, end)
            return Token(Kind.INTEGER, _integer(text, at, raw), at, end)
        case "float":
            _refuse_adjoining(text, end)
            return Token(Kind.FLOAT, _float(text, at, raw), at, end)
        case _:
            return Token(Kind.SYMBOL, raw, at, end, raw)


def _quoted_name(text: str, at: int, name: str) -> str:
    if not name or "\0" in name or "\\u" in name:
        raise refusal(text, at, "a name in back-quotes must not be empty or hold NUL or \\u escapes")
    return name


def _refuse_adjoining(text: str, end: int) -> None:
    if end < len(text) and (text[end].isalnum() or text[end] == "_"):
        raise refusal(text, end, f"a number is followed at once by {text[end]!r}", "put a space between them")


def _integer(text: str, at: int, raw: str) -> str:
    if len(raw) > 1 and raw[0] == "0" and raw.isdigit():
        raise refusal(text, at, f"the number {raw} begins with a zero", "octal numbers are written 0o17")
    if len(raw) > 64 or int(raw, 0) > LARGEST_INTEGER + 1:
        raise refusal(text, at, "the integer is too large for 64 bits", "write it as a float: 1.0e20")
    return str(int(raw, 0))


def _float(text: str, at: int, raw: str) -> str:
    if float(raw) == float("inf"):
        raise refusal(text, at, "the float is too large", "the largest is about 1.8e308")
    return raw


def _unescape(text: str, at: int, body: str) -> str:
    if "\0" in body:
        raise refusal(text, at, "a string must not hold the character NUL", "pass it as a parameter")
    if "\\" not in body:
        return body

    def replace(found: re.Match[str]) -> str:
        code = found.group(1)
        if code[0] in "uU" and len(code) > 1:
            return _character(text, at, code)
        if code not in _ESCAPES:
            raise refusal(
                text, at + 1 + found.start(), f"\\{code} is no escape sequence", "write \\\\ for one backslash"
            )
        return _ESCAPES[code]

    return _ESCAPE.sub(replace, body)


def _character(text: str, at: int, code: str) -> str:
    """The character of a \\u escape; those with which Neo4j would end the string itself are refused."""
    point = int(code[1:], 16)
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF or chr(point) in "'\"`\\\0\n\r":
        raise refusal(text, at, f"the escape \\{code} is not allowed in a string", "write the character, or use \\' ")
    return chr(point)


def _unreadable(text: str, at: int) -> Exception:
    character = text[at]
    if character in "'\"`":
        return refusal(text, at, f"the {character} is never closed", f"close it with {character}")
    if text.startswith("/*", at):
        return refusal(text, at, "the comment is not closed", "close it with */")
    if character == "$":
        return refusal(text, at, "a $ must be followed by the name of a parameter", "for instance $id")
    return refusal(text, at, f"the character {character!r} does not belong to Cypher")


def _pair(text: str, tokens: list[Token]) -> dict[int, int]:
    closing: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind is not Kind.SYMBOL:
            continue
        if token.value in "([{":
            waiting.append(index)
            if len(waiting) > MAXIMUM_NESTING:
                raise refusal(
                    text,
                    token.at,
                    f"brackets are nested more than {MAXIMUM_NESTING} deep",
                    "split the query with WITH, or pass the value as a parameter",
                )
        elif token.value in _CLOSES:
            if not waiting or tokens[waiting[-1]].value != _CLOSES[token.value]:
                raise refusal(text, token.at, f"{token.value!r} closes no open bracket")
            closing[waiting.pop()] = index
    if waiting:
        opened = tokens[waiting[-1]]
        raise refusal(text, opened.at, f"the bracket {opened.value!r} is never closed")
    return closing
