"""Lists of names as people write them: which texts of a line are names, and what each of them means.

A line is read whole first, since names have blanks and commas in them ("lung cancer", "carcinoma, hepatocellular").
Only a line that means nothing as a whole is taken apart: at commas and semicolons, then at bars, then at blanks where
its words are names beyond doubt. Nothing is left out: every name stands in the report with what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from warehouse.analyst.claims import has_symbols as type_has_symbols
from warehouse.analyst.identifiers import MOST_IDENTIFIERS, Outcome, Resolved, entity_type, resolve, split
from warehouse.errors import QuestionError
from warehouse.identifier_forms import is_decoy, is_header, parts_of
from warehouse.model import MODEL, DataModel

_BARS = re.compile(r"\s*(?:\|+|/{2,3})\s*")
_NUMBER = re.compile(r"^\d+(?:\.0)?$")
#: A word that a sentence or a name may hold; symbols and accessions have digits, capitals or hyphens.
_PLAIN_WORD = re.compile(r"^[^\W\d_]?[^\W\d_A-Z]+[,.]?$")


@dataclass(frozen=True)
class NamesRead:
    """What the names of a list mean.

    Args:
        report: every name, in the given order.
        notes: sentences on how lines were taken apart.
    """

    report: list[Resolved]
    notes: tuple[str, ...] = ()


def read_names(
    connection: duckdb.DuckDBPyConnection, lines: Sequence[str], label: str = "Gene", model: DataModel = MODEL
) -> NamesRead:
    """Say what every name in some lines means; `identifiers_of` gives the lines of a text.

    Args:
        connection: a build.
        lines: each a name, or several with commas, semicolons, bars or blanks between.
        label: the type of the entities that are meant.
        model: see `resolve`.

    Raises:
        QuestionError: there is no such type, or there are too many names.
    """
    whole = resolve(connection, lines, label, model)
    names = {one.given: _names_in(one.given) for one in whole if one.outcome is Outcome.UNRESOLVED}
    asked = sorted({name for several in names.values() for name in several})
    meanings = dict(zip(asked, resolve(connection, asked, label, model), strict=True))
    read: list[Resolved] = []
    for one in whole:
        several = names.get(one.given, ())
        read.extend([meanings[name] for name in several] or [one])
    if len(read) > MOST_IDENTIFIERS:
        raise QuestionError(f"{len(read):,} names are more than the {MOST_IDENTIFIERS:,} that a list may have.")
    return _with_words(connection, read, label, model)


def _names_in(line: str) -> list[str]:
    """The names between commas, semicolons and tabs; a line of nothing but these is a missing value."""
    return split(line.replace("\t", ";")) or [""]


def _with_words(
    connection: duckdb.DuckDBPyConnection, read: Sequence[Resolved], label: str, model: DataModel
) -> NamesRead:
    """The same names; those that mean nothing, but whose words do, are taken apart."""
    words = {one.given: _words_of(one.given) for one in read if one.outcome is Outcome.UNRESOLVED}
    asked = sorted({word for several in words.values() for word in several})
    meanings = dict(zip(asked, resolve(connection, asked, label, model), strict=True))
    has_symbols = type_has_symbols(entity_type(label, model))
    taken = {name: several for name, several in words.items() if _are_names(name, several, meanings, has_symbols)}
    report: list[Resolved] = []
    for one in read:
        if one.given in taken:
            report.extend(meanings[word] for word in taken[one.given])
        else:
            report.append(_with_hint(one, [meanings[word] for word in words.get(one.given, ())]))
    return NamesRead(report, tuple(_note(name, several) for name, several in list(taken.items())[:3]) + _more(taken))


def _note(name: str, words: Sequence[str]) -> str:
    shown = name if len(name) <= 40 else f"{name[:40]} ..."
    return f"{shown!r} is not a name; it was read as {len(words)} identifiers."


def _more(taken: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return (f"{len(taken) - 3:,} other lines were read so too.",) if len(taken) > 3 else ()


def _words_of(name: str) -> list[str]:
    """The names that bars or blanks may separate; nothing where there are fewer than two."""
    if is_decoy(name) or any(part.is_identifier for part in parts_of(name)):
        return []
    blanks = name.split()
    joined = is_header(name) or (len(blanks) > 1 and any(parts_of(word) for word in blanks))
    words = [word for word in _BARS.split(name) if word] if _BARS.search(name) and not joined else blanks
    return words if len(words) > 1 else []


def _are_names(name: str, words: Sequence[str], meanings: Mapping[str, Resolved], has_symbols: bool) -> bool:
    """Whether the words are names of their own.

    They are where one is an accession, which stands in no name; among symbols also where all mean something, or half
    of them and none is a plain word. A bare number beside other words may be part of a name ("interleukin 2").
    """
    known = [meanings[word] for word in words if meanings[word].outcome is not Outcome.UNRESOLVED]
    numbers = [word for word in words if _NUMBER.match(word)]
    if not known or len(numbers) == len(words):
        return len(known) == len(words) > 0
    if numbers:
        return False
    if (_BARS.search(name) and not is_header(name)) or any(one.kind == "identifier" for one in known):
        return True
    if not has_symbols:
        return False
    plain = [word for word in words if _PLAIN_WORD.match(word)]
    return 2 * len(known) >= len(words) if not plain else _all_symbols(words, plain, meanings)


def _all_symbols(words: Sequence[str], plain: Sequence[str], meanings: Mapping[str, Resolved]) -> bool:
    known = all(meanings[word].outcome is not Outcome.UNRESOLVED for word in words)
    return known and all(meanings[word].kind == "symbol" for word in plain)


def _with_hint(meaning: Resolved, words: Sequence[Resolved]) -> Resolved:
    known = [one.given for one in words if one.id is not None and not _NUMBER.match(one.given)]
    if not known:
        return meaning
    hint = f"; {', '.join(known[:5])} alone would mean something: put commas between names"
    return replace(meaning, how=meaning.how + hint)
