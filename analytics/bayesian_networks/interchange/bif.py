"""BIF 0.15, the interchange format of discrete Bayesian networks: read and write.

Reads what the repositories of published networks hold: `network`, `variable`, `probability` with rows by the parents'
states, `table` or `default`; comments, quoted names and properties. A table with parents lists the child's states
slowest, as the format says (Cozman, The Interchange Format for Bayesian Networks, 1998).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.interchange.discrete import DiscreteNetwork, verify_tables
from analytics.bayesian_networks.interchange.text import read_text, write_text
from warehouse.errors import AnalysisError

_COMMENT = re.compile(r'("[^"\n]*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TOKEN = re.compile(r'"[^"\n]*"|[{}()\[\];|]|[^\s,{}()\[\];|"]+')
_PLAIN_NAME = re.compile(r"[\w.+-]+")


def read_bif(path: Path) -> DiscreteNetwork:
    """Read a network from a `.bif` or `.bif.gz` file.

    Raises:
        AnalysisError: the file is not BIF, or its network is not one; with file, line and variable.
    """
    text = read_text(path)
    try:
        network = parse_bif(text)
        verify_tables(network)
        network.structure()
    except AnalysisError as error:
        raise AnalysisError(f"{path}: {error.message}", error.hint) from error
    return network


def write_bif(network: DiscreteNetwork, path: Path) -> None:
    """Write a network; probabilities keep every digit.

    Raises:
        AnalysisError: a name holds a double quote or a line break, or the file cannot be written.
    """
    write_text(path, "".join(_written(network)))


def parse_bif(text: str) -> DiscreteNetwork:
    """Read a network from BIF text.

    Raises:
        AnalysisError: what was met and what was expected, with the line.

    Example:
        >>> rain = "variable r { type discrete [ 2 ] { no, yes }; } probability ( r ) { table 0.8, 0.2; }"
        >>> parse_bif(rain).tables[0].tolist()
        [0.8, 0.2]
    """
    return _Parser(_COMMENT.sub(_without_comment, text)).network()


def _without_comment(found: re.Match[str]) -> str:
    return found[1] or "\n" * found[0].count("\n")


@dataclass
class _Parser:
    """One pass over the tokens."""

    text: str
    tokens: list[str] = field(init=False)
    at: int = 0
    name: str = "unknown"
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tables: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tokens = _TOKEN.findall(self.text)

    def network(self) -> DiscreteNetwork:
        """Read everything."""
        pending: list[int] = []
        while self.at < len(self.tokens):
            word = self._next()
            if word == "network":
                self._network_block()
            elif word == "variable":
                self._variable_block()
            elif word == "probability":
                # Variables may be declared after their probabilities.
                pending.append(self.at)
                self._skip_to("}")
            else:
                self._fail(f"expected network, variable or probability, found {word}", self.at - 1)
        for self.at in pending:
            self._probability_block()
        if not self.states:
            raise AnalysisError("there is no variable.", "A BIF file declares each as: variable NAME { ... }")
        missing = [name for name in self.states if name not in self.tables]
        if missing:
            raise AnalysisError(f"no probability is given for {', '.join(missing)}.")
        return self._assembled()

    def _assembled(self) -> DiscreteNetwork:
        return DiscreteNetwork(
            self.name,
            tuple(self.states),
            tuple(self.states.values()),
            tuple(tuple(self.numbers[parent] for parent in self.parents[name]) for name in self.states),
            tuple(self.tables[name] for name in self.states),
        )

    def _network_block(self) -> None:
        if self._peek() != "{":
            self.name = _unquoted(self._next())
        self._expect("{")
        self._skip_to("}")

    def _variable_block(self) -> None:
        place = self.at
        name = _unquoted(self._next())
        if name in self.states:
            self._fail(f"variable {name} is declared twice", place)
        self._expect("{")
        while (word := self._next()) != "}":
            if word == "type":
                self.numbers[name] = len(self.states)
                self.states[name] = self._states(name)
            else:
                self._skip_to(";")
        if name not in self.states:
            self._fail(f"variable {name} has no type", place)

    def _states(self, name: str) -> tuple[str, ...]:
        self._expect("discrete")
        self._expect("[")
        place = self.at
        said = self._next()
        self._expect("]")
        self._expect("{")
        states = tuple(_unquoted(word) for word in self._until("}"))
        self._expect(";")
        if said != str(len(states)) or not states:
            self._fail(f"variable {name} says {said} states and names {len(states)}", place)
        if len(set(states)) < len(states):
            self._fail(f"variable {name} names a state twice", place)
        return states

    def _probability_block(self) -> None:
        self._expect("(")
        place = self.at
        given = [_unquoted(word) if word != "|" else word for word in self._until(")")]
        child, parents = given[0] if given else "", tuple(given[2:])
        if not given or (len(given) > 1 and given[1] != "|"):
            self._fail("expected ( CHILD | PARENT, ... )", place)
        for name in (child, *parents):
            if name not in self.states:
                self._fail(f"the probability of {child} names {name}, which is no variable", place)
        if child in self.tables:
            self._fail(f"the probability of {child} is given twice", place)
        if len({child, *parents}) <= len(parents):
            self._fail(f"the probability of {child} names a variable twice", place)
        self._expect("{")
        self.parents[child] = parents
        self.tables[child] = self._table(child, parents)

    def _table(self, child: str, parents: tuple[str, ...]) -> NDArray[np.float64]:
        codes = [{state: code for code, state in enumerate(self.states[parent])} for parent in parents]
        shape = (*(len(code) for code in codes), len(self.states[child]))
        table = np.full(shape, np.nan)
        default = None
        while (word := self._next()) != "}":
            place = self.at - 1
            if word == "(":
                row = self._row(codes, parents)
                table[row] = self._probabilities(shape[-1], child)
            elif word == "table":
                given = self._probabilities(int(np.prod(shape)), child)
                table = np.moveaxis(given.reshape(shape[-1], *shape[:-1]), 0, -1).copy()
            elif word == "default":
                default = self._probabilities(shape[-1], child)
            elif word == "property":
                self._skip_to(";")
            else:
                self._fail(f"expected a row, table or default of {child}, found {word}", place)
        return self._filled(table, default, child, parents)

    def _filled(
        self, table: NDArray[np.float64], default: NDArray[np.float64] | None, child: str, parents: tuple[str, ...]
    ) -> NDArray[np.float64]:
        empty = np.isnan(table).any(axis=-1)
        if not empty.any():
            return table
        if default is None:
            first = np.argwhere(empty)[0]
            row = ", ".join(self.states[parent][code] for parent, code in zip(parents, first, strict=True))
            self._fail(f"the probability of {child} has no row for ({row})", self.at - 1)
        table[empty] = default
        return table

    def _row(self, codes: list[dict[str, int]], parents: tuple[str, ...]) -> tuple[int, ...]:
        place = self.at
        states = self._until(")")
        if len(states) != len(parents):
            self._fail(f"the row names {len(states)} states for {len(parents)} parents", place)
        row = []
        for state, code, parent in zip(states, codes, parents, strict=True):
            number = code.get(state)
            if number is None:
                number = code.get(_unquoted(state))
            if number is None:
                self._fail(f"{parent} has no state {state}", place)
            row.append(number)
        return tuple(row)

    def _probabilities(self, count: int, child: str) -> NDArray[np.float64]:
        place = self.at
        words = self._until(";")
        if len(words) != count:
            self._fail(f"expected {count} probabilities of {child}, found {len(words)}", place)
        try:
            return np.array([float(word) for word in words])
        except ValueError:
            self._fail(f"a probability of {child} is not a number: {' '.join(words[:5])}", place)

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        if self.at >= len(self.tokens):
            self._fail("the file ends inside a block", len(self.tokens) - 1)
        self.at += 1
        return self.tokens[self.at - 1]

    def _expect(self, word: str) -> None:
        found = self._next()
        if found != word:
            self._fail(f"expected {word}, found {found}", self.at - 1)

    def _until(self, end: str) -> list[str]:
        start = self.at
        try:
            self.at = self.tokens.index(end, start) + 1
        except ValueError:
            self._fail(f"the file ends without {end}", start)
        return self.tokens[start : self.at - 1]

    def _skip_to(self, end: str) -> None:
        self._until(end)

    def _fail(self, message: str, token: int) -> NoReturn:
        raise AnalysisError(f"line {self._line(token)}: {message}.")

    def _line(self, token: int) -> int:
        for number, found in enumerate(_TOKEN.finditer(self.text)):
            if number == token:
                return self.text.count("\n", 0, found.start()) + 1
        return self.text.count("\n") + 1


def _unquoted(word: str) -> str:
    return word[1:-1] if word.startswith('"') else word


def _written(network: DiscreteNetwork) -> Iterator[str]:
    names = [_quoted(name) for name in network.variables]
    yield f"network {_quoted(network.name)} {{\n}}\n"
    quoted_states = [[_quoted(state) for state in states] for states in network.states]
    for name, states in zip(names, quoted_states, strict=True):
        yield f"variable {name} {{\n  type discrete [ {len(states)} ] {{ {', '.join(states)} }};\n}}\n"
    for child, (parents, table) in enumerate(zip(network.parents, network.tables, strict=True)):
        given = f" | {', '.join(names[parent] for parent in parents)}" if parents else ""
        yield f"probability ( {names[child]}{given} ) {{\n"
        yield from _rows(table, [quoted_states[parent] for parent in parents])
        yield "}\n"


def _rows(table: NDArray[np.float64], parent_states: list[list[str]]) -> Iterator[str]:
    rows = table.reshape(-1, table.shape[-1]).tolist()
    for row, given in zip(rows, product(*parent_states), strict=True):
        start = f"({', '.join(given)})" if given else "table"
        yield f"  {start} {', '.join(map(repr, row))};\n"


def _quoted(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name):
        return name
    if '"' in name or "\n" in name:
        raise AnalysisError(f"BIF cannot hold the name {name!r}.", "Rename it without double quotes and line breaks.")
    return f'"{name}"'
