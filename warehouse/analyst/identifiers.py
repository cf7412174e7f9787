"""Identifiers of any kind, as people paste them, and what each of them means.

A text is resolved by its strongest claim: an approved symbol or an identifier, then the same in other letters' case,
then a previous symbol, then an alias, then a gene's protein (or a protein's gene), and last a symbol that a spreadsheet
has turned into a date. If two entities have an equally strong claim, it means neither and says so. What is not found
is never guessed: near names are suggestions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

import duckdb

from warehouse.errors import QuestionError
from warehouse.model import MODEL, DataModel, EntityType

#: More texts than this are not a list that a person has made.
MOST_IDENTIFIERS = 200_000
_SEPARATORS = re.compile(r"[\s,;|]+")
_VERSION = re.compile(r"^(ens[a-z]*\d{11}|[nx][mpr]_\d+)\.\d+$")
_NUMBER = re.compile(r"^\d+$")

#: What a bare number means: the field's habit, not a guess.
_NUMBERS_ARE = {"Gene": "ncbigene", "SmallMolecule": "chebi", "Publication": "pubmed"}

#: Types that stand for each other in lists, with the relationship type that leads from the first to the second.
_STANDS_FOR = ("Gene", "ENCODES", "Protein")

#: Month → the beginnings of symbols that spreadsheets take for it.
_MONTHS = {
    "jan": (), "feb": ("FEB",), "mar": ("MARCH", "MARC"), "apr": ("APR",), "may": (), "jun": (), "jul": (),
    "aug": (), "sep": ("SEPT", "SEP"), "oct": ("OCT",), "nov": ("NOV",), "dec": ("DEC",),
}  # fmt: skip
_DAY_MONTH = re.compile(r"^(\d{1,2})[-/. ]([a-z]{3})[a-z]*\.?(?:[-/. ]\d{2,4})?$")
_MONTH_DAY = re.compile(r"^([a-z]{3})[a-z]*\.?[-/. ](\d{1,2})(?:[-/., ]+\d{2,4})?$")
_ISO_DATE = re.compile(r"^\d{4}-(\d{2})-(\d{2})(?:[ t]00:00(?::00)?)?$")
_NUMERIC_DATE = re.compile(r"^(\d{1,2})([/.])(\d{1,2})\2\d{2,4}$")
#: `2310009E13` became this in a spreadsheet.
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?e\+\d+$")


class Outcome(StrEnum):
    """What became of a text."""

    MATCHED = "matched"
    CONVERTED = "converted"
    AMBIGUOUS = "ambiguous"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class Resolved:
    """A text and what it means.

    Args:
        given: the text, without the spaces around it.
        outcome: whether it is an approved name or id (`matched`), became one (`converted`), means several entities
            (`ambiguous`) or none (`unresolved`).
        id: the canonical id; None where it is ambiguous or unresolved.
        name: the symbol or name that is shown for it.
        how: in words, by which claim.
        candidates: the names of the entities that an ambiguous text may mean, or of those whose name is near.
    """

    given: str
    outcome: Outcome
    id: str | None = None
    name: str | None = None
    how: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Claim:
    """One way in which a text may mean an entity: the smaller its weakness the better."""

    weakness: int
    entity_id: str
    how: str


@dataclass(frozen=True)
class _Spelling:
    """A folded text that is looked up for a given one."""

    folded: str
    is_date: bool = False
    shown: str = ""


def split(text: str) -> list[str]:
    """The identifiers in a pasted text: one a line, or with commas, semicolons, bars or spaces between them.

    A line with a tab is a row of a table: its first cell counts. Dates with spaces ("2 Sep") are kept whole.

    >>> split("TP53, BRCA1\\nP04637")
    ['TP53', 'BRCA1', 'P04637']
    """
    found: list[str] = []
    for line in text.replace("\ufeff", "").splitlines():
        cell = line.split("\t", 1)[0].strip().strip('"')
        if _dates(cell.lower()):
            found.append(cell)
        else:
            found.extend(part.strip("\"'") for part in _SEPARATORS.split(cell))
    return [one for one in found if one]


def resolve(
    connection: duckdb.DuckDBPyConnection, given: Sequence[str], label: str = "Gene", model: DataModel = MODEL
) -> list[Resolved]:
    """Say what each text means, in the given order.

    Args:
        connection: a build.
        given: symbols, synonyms, accessions, CURIEs, names.
        label: the type of the entities that are meant.
        model: gives the prefixes under which a bare accession is tried.

    Raises:
        QuestionError: there is no such type, or there are too many texts.
    """
    entity = entity_type(label, model)
    if len(given) > MOST_IDENTIFIERS:
        raise QuestionError(
            f"{len(given):,} identifiers are more than the {MOST_IDENTIFIERS:,} that a list may have.",
            "Give a column of identifiers, not a whole table.",
        )
    texts = sorted({one.strip() for one in given})
    claims = _claims(connection, texts, entity, model)
    names = _names(connection, entity, {claim.entity_id for found in claims.values() for claim in found})
    meanings = {text: _decide(text, claims.get(text, []), names) for text in texts}
    lost = [text for text, meaning in meanings.items() if meaning.outcome is Outcome.UNRESOLVED]
    for text, near in _near(connection, lost, entity).items():
        meanings[text] = replace(meanings[text], candidates=near)
    return [meanings[one.strip()] for one in given]


def require(connection: duckdb.DuckDBPyConnection, text: str, label: str = "Gene", model: DataModel = MODEL) -> str:
    """The canonical id of the one entity that a text means.

    Raises:
        QuestionError: it means none, or several; the message names what it may have meant.
    """
    [found] = resolve(connection, [text], label, model)
    if found.id is None:
        near = (
            f"Perhaps: {', '.join(found.candidates)}."
            if found.candidates
            else f"{found.how[:1].upper()}{found.how[1:]}."
        )
        problem = "means several entities" if found.outcome is Outcome.AMBIGUOUS else f"is no {label} of this build"
        raise QuestionError(f"{text!r} {problem}.", near)
    return found.id


def entity_type(label: str, model: DataModel = MODEL) -> EntityType:
    """The entity type of a label or of the name of a table.

    Raises:
        TargetGraphError: there is no such type.
        QuestionError: it is no type of entities.
    """
    declared = model.named(label)
    if not isinstance(declared, EntityType):
        raise QuestionError(f"{label} is no type of entities.", f"Entities are: {', '.join(model.entities)}.")
    return declared


def _spellings(text: str, entity: EntityType, bridge: EntityType | None) -> Iterator[_Spelling]:
    """The folded texts under which a given one may be recorded."""
    folded = text.lower()
    bare = _VERSION.sub(r"\1", folded)
    if _NUMBER.match(bare):
        if entity.label in _NUMBERS_ARE:
            yield _Spelling(f"{_NUMBERS_ARE[entity.label]}:{bare}")
        return
    yield _Spelling(bare)
    for prefix in sorted({*entity.references, *(bridge.references if bridge else ())}):
        yield _Spelling(f"{prefix}:{bare.removeprefix(prefix + ':')}")
    for symbol in _dates(folded):
        yield _Spelling(symbol.lower(), is_date=True, shown=symbol)


def _dates(folded: str) -> list[str]:
    """The symbols that a spreadsheet may have turned into this date."""
    return [f"{beginning}{day}" for month, day in _months_and_days(folded) for beginning in _MONTHS.get(month, ())]


def _months_and_days(folded: str) -> list[tuple[str, int]]:
    """The month and day that a date may mean: countries write them in either order."""
    months = list(_MONTHS)
    if found := _DAY_MONTH.match(folded):
        return [(found[2], int(found[1]))]
    if found := _MONTH_DAY.match(folded):
        return [(found[1], int(found[2]))]
    if found := _ISO_DATE.match(folded):
        return [(months[(int(found[1]) - 1) % 12], int(found[2]))]
    if found := _NUMERIC_DATE.match(folded):
        first, second = int(found[1]), int(found[3])
        return [(months[m - 1], day) for m, day in sorted({(first, second), (second, first)}) if 1 <= m <= 12]
    return []


def _claims(
    connection: duckdb.DuckDBPyConnection, texts: Sequence[str], entity: EntityType, model: DataModel
) -> dict[str, list[_Claim]]:
    """What every text may mean."""
    bridge = _bridge(entity, model)
    spelled = [(i, s) for i, text in enumerate(texts) for s in _spellings(text, entity, bridge)]
    if not spelled:
        return {}
    rows = connection.execute(
        """SELECT g.position, g.spelling, s.entity_type, s.entity_id, s.synonym, s.kind
        FROM (SELECT unnest($positions) AS position, unnest($spellings) AS spelling, unnest($folded) AS folded) AS g
        JOIN record.synonyms AS s ON s.folded = g.folded WHERE s.entity_type IN (SELECT unnest($labels))
        ORDER BY ALL""",
        {
            "positions": [position for position, _spelling in spelled],
            "spellings": list(range(len(spelled))),
            "folded": [spelling.folded for _position, spelling in spelled],
            "labels": [entity.label, *([bridge.label] if bridge else [])],
        },
    ).fetchall()
    partners = _partners(connection, entity, bridge, {row[3] for row in rows if row[2] != entity.label})
    claims: dict[str, list[_Claim]] = {}
    for position, spelling, label, entity_id, synonym, kind in rows:
        text, how = texts[position], spelled[spelling][1]
        claim = _claim(text, how, entity_id, synonym, kind)
        if label == entity.label:
            claims.setdefault(text, []).append(claim)
        elif kind != "name" and bridge is not None:
            through = f"the {bridge.label.lower()} {entity_id}" + ("" if kind == "identifier" else f", {synonym}")
            claims.setdefault(text, []).extend(
                _Claim(claim.weakness + 20, partner, through) for partner in partners.get(entity_id, ())
            )
    return claims


def _claim(text: str, spelling: _Spelling, entity_id: str, synonym: str, kind: str) -> _Claim:
    same = synonym == text
    if spelling.is_date:
        return _Claim(_OF_A_DATE + _WEAKNESS[kind], entity_id, f"{spelling.shown}{_TURNED}")
    if kind == "identifier":
        own = synonym == entity_id
        return _Claim(0 if own else 1, entity_id, "" if own and text.lower() == synonym.lower() else f"is {synonym}")
    words = {"symbol": "symbol", "name": "name"}.get(kind, kind.replace("_", " "))
    how = "" if same and kind in {"symbol", "name"} else f"{words} {synonym}"
    return _Claim(_WEAKNESS[kind] + (not same), entity_id, how)


#: Claims of symbols that a spreadsheet has turned into a date are weaker than all others.
_OF_A_DATE = 40
_TURNED = ", which a spreadsheet turned into a date"
_WEAKNESS = {"symbol": 0, "identifier": 0, "name": 2, "previous_symbol": 4, "alias": 6}


def _bridge(entity: EntityType, model: DataModel) -> EntityType | None:
    first, _name, second = _STANDS_FOR
    partner = {first: second, second: first}.get(entity.label)
    return None if partner is None else model.entities[partner]


def _partners(
    connection: duckdb.DuckDBPyConnection, entity: EntityType, bridge: EntityType | None, ids: Iterable[str]
) -> dict[str, list[str]]:
    """The entities of the wanted type for entities of the type that stands for it."""
    wanted = sorted(ids)
    if bridge is None or not wanted:
        return {}
    near, far = ("object", "subject") if entity.label == _STANDS_FOR[0] else ("subject", "object")
    rows = connection.execute(
        f"SELECT DISTINCT {near}, {far} FROM main.{_STANDS_FOR[1].lower()} WHERE {near} IN (SELECT unnest($ids)) "
        "ORDER BY ALL",
        {"ids": wanted},
    ).fetchall()
    return {id_: [row[1] for row in group] for id_, group in groupby(rows, key=lambda row: row[0])}


def _names(connection: duckdb.DuckDBPyConnection, entity: EntityType, ids: set[str]) -> dict[str, str]:
    """The symbol of each entity, or its name where the type has no symbols."""
    column = "symbol" if any(one.name == "symbol" for one in entity.properties) else "name"
    return dict(
        connection.execute(
            f'SELECT id, coalesce({column}, id) FROM graph."{entity.table}" WHERE id IN (SELECT unnest($ids))',
            {"ids": sorted(ids)},
        ).fetchall()
    )


def _decide(text: str, claims: list[_Claim], names: dict[str, str]) -> Resolved:
    if not claims:
        return Resolved(text, Outcome.UNRESOLVED, how=_why_not(text.lower()))
    best = min(claim.weakness for claim in claims)
    chosen = [claim for claim in claims if claim.weakness == best] if best < _OF_A_DATE else _readings(claims)
    ids = sorted({claim.entity_id for claim in chosen})
    if len(ids) > 1:
        shown = tuple(f"{names.get(one, one)} ({one})" for one in ids)
        return Resolved(text, Outcome.AMBIGUOUS, how=_all_readings(chosen), candidates=shown)
    outcome = Outcome.CONVERTED if chosen[0].how else Outcome.MATCHED
    return Resolved(text, outcome, ids[0], names.get(ids[0]), chosen[0].how)


def _readings(claims: list[_Claim]) -> list[_Claim]:
    """The best claims of each symbol that a date may have been: 9/2 is SEPT2 here and FEB9 there."""
    best: dict[str, int] = {}
    for claim in claims:
        best[claim.how] = min(claim.weakness, best.get(claim.how, claim.weakness))
    return [claim for claim in claims if claim.weakness == best[claim.how]]


def _all_readings(chosen: list[_Claim]) -> str:
    symbols = sorted({claim.how.removesuffix(_TURNED) for claim in chosen if claim.how.endswith(_TURNED)})
    return f"{' or '.join(symbols)}{_TURNED}" if symbols else chosen[0].how


def _why_not(folded: str) -> str:
    """Why a text means nothing, for the person who gave it."""
    if _months_and_days(folded):
        return "a date, and no symbol of this build that a spreadsheet turns into it"
    if _SCIENTIFIC.match(folded):
        return "a number into which a spreadsheet has turned an identifier; which one cannot be told any more"
    return "no name, synonym or identifier of this build"


#: The exact distance is costly: it is measured where the cheap one, for which an exchange of two letters counts twice,
#: is small.
_NEAR = """
WITH given AS (
    SELECT text, lower(text) AS folded, 1 + (length(text) > 7)::INTEGER AS errors
    FROM (SELECT unnest($texts) AS text)
), near AS (
    SELECT g.text, s.synonym, damerau_levenshtein(s.folded, g.folded) AS distance
    FROM given AS g JOIN record.synonyms AS s
        ON s.entity_type = $label AND s.kind = $kind AND left(s.folded, 1) = left(g.folded, 1)
        AND abs(length(s.folded) - length(g.folded)) <= g.errors
    WHERE CASE WHEN levenshtein(s.folded, g.folded) <= 2 * g.errors
        THEN damerau_levenshtein(s.folded, g.folded) <= g.errors ELSE false END
)
SELECT text, synonym FROM near
QUALIFY row_number() OVER (PARTITION BY text ORDER BY distance, synonym) <= 3
ORDER BY text, distance, synonym
"""


def _near(
    connection: duckdb.DuckDBPyConnection, texts: Sequence[str], entity: EntityType
) -> dict[str, tuple[str, ...]]:
    """For texts that mean nothing, names with the same first letter that differ by one letter, or two in long ones."""
    typed = [text for text in texts if 3 <= len(text) <= 60 and not _NUMBER.match(text)][:500]
    if not typed:
        return {}
    kind = "symbol" if entity.symbol_prefix is not None else "name"
    rows = connection.execute(_NEAR, {"texts": typed, "label": entity.label, "kind": kind}).fetchall()
    return {text: tuple(row[1] for row in group) for text, group in groupby(rows, key=lambda row: row[0])}
