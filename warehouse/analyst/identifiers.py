"""Identifiers of any kind, as people paste them, and what each of them means.

A text is resolved by its strongest claim: an approved symbol or an identifier, then the same in other letters' case,
then a previous symbol or an alias, then a gene's protein (or a protein's gene), and last a symbol that a spreadsheet
has turned into a date. If two entities have an equally strong claim, it means neither and says so; a previous symbol of
one gene that is an alias of another is such a case, since people use either. What is not found is never guessed: near
names are suggestions. A text that joins several identifiers is read whole first, then by its parts, which must agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

import duckdb

from warehouse.analyst.claims import OF_A_DATE, TURNED, WEAKNESS, Claim, claims_of, in_words
from warehouse.analyst.spreadsheet_dates import is_date, is_scientific
from warehouse.errors import QuestionError
from warehouse.identifier_forms import Part, cleaned, is_decoy, is_missing, parts_of
from warehouse.model import MODEL, DataModel, EntityType

#: More texts than this are not a list that a person has made.
MOST_IDENTIFIERS = 200_000
_NUMBER = re.compile(r"^\d+$")
_SEPARATED = re.compile(r'(?:^|[,;])\s*(?:"([^"]*)"\s*(?=[,;]|$)|([^,;]*))')


class Outcome(StrEnum):
    """What became of a text."""

    MATCHED = "matched"
    CONVERTED = "converted"
    AMBIGUOUS = "ambiguous"
    UNRESOLVED = "unresolved"
    MISSING = "missing"


@dataclass(frozen=True)
class Resolved:
    """A text and what it means.

    Args:
        given: the text, without the spaces around it.
        outcome: whether it is an approved name or id (`matched`), became one (`converted`), means several entities
            (`ambiguous`) or none (`unresolved`), or stands for a missing value (`missing`).
        id: the canonical id; None where it is ambiguous, unresolved or missing.
        name: the symbol or name that is shown for it.
        how: in words, by which claim.
        candidates: the names of the entities that an ambiguous text may mean, or of those whose name is near; of a
            date of those that have its symbol as an alias.
        kind: the kind of name by which it was resolved (`symbol`, `identifier`, `alias`, ...).
    """

    given: str
    outcome: Outcome
    id: str | None = None
    name: str | None = None
    how: str = ""
    candidates: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class _Names:
    """The names of a build that matter for some texts: the claims of each, and what entities are called."""

    entity: EntityType
    claims: Mapping[str, list[Claim]]
    shown: Mapping[str, str]

    def called(self, id_: str) -> str:
        return self.shown.get(id_, id_)

    def candidates(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"{self.called(id_)} ({id_})" for id_ in sorted(set(ids)))


def split(text: str) -> list[str]:
    """The names in a text: one a line, or with commas or semicolons between them; blanks belong to a name.

    A line with a tab is a row of a table: its first cell counts. A name with a comma in it is quoted.

    >>> split("TP53, BRCA1\\nlung cancer")
    ['TP53', 'BRCA1', 'lung cancer']
    """
    cells = [line.split("\t", 1)[0] for line in text.splitlines()]
    names = [cleaned(quoted or bare.strip().strip('"')) for cell in cells for quoted, bare in _SEPARATED.findall(cell)]
    return [name for name in names if name]


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
    texts = sorted({text.strip() for text in given})
    parts = {text: parts_of(text) for text in texts if not is_missing(text)}
    asked = sorted({*parts, *(part.text for joined in parts.values() for part in joined)})
    claims = claims_of(connection, asked, entity, model)
    ids = {claim.entity_id for every in claims.values() for claim in every}
    names = _Names(entity, claims, _shown(connection, entity, ids))
    meanings = {text: _meaning(text, parts.get(text, ()), names) for text in texts}
    lost = [text for text, meaning in meanings.items() if meaning.outcome is Outcome.UNRESOLVED]
    for text, near in _near(connection, lost, entity).items():
        meanings[text] = replace(meanings[text], candidates=near)
    return [meanings[text.strip()] for text in given]


def require(connection: duckdb.DuckDBPyConnection, text: str, label: str = "Gene", model: DataModel = MODEL) -> str:
    """The canonical id of the one entity that a text means.

    Raises:
        QuestionError: it means none, or several; the message names what it may have meant.
    """
    [meaning] = resolve(connection, [text], label, model)
    if meaning.id is not None:
        return meaning.id
    how = f"{meaning.how[:1].upper()}{meaning.how[1:]}."
    if meaning.outcome is Outcome.AMBIGUOUS:
        raise QuestionError(f"{text!r} means several entities.", f"{how} Perhaps: {', '.join(meaning.candidates)}.")
    near = f"Perhaps: {', '.join(meaning.candidates)}." if meaning.candidates else how
    raise QuestionError(f"{text!r} is no {label} of this build.", near)


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


def _shown(connection: duckdb.DuckDBPyConnection, entity: EntityType, ids: set[str]) -> dict[str, str]:
    """The symbol of each entity, or its name where the type has no symbols."""
    column = "symbol" if any(one.name == "symbol" for one in entity.properties) else "name"
    return dict(
        connection.execute(
            f'SELECT id, coalesce({column}, id) FROM graph."{entity.table}" WHERE id IN (SELECT unnest($ids))',
            {"ids": sorted(ids)},
        ).fetchall()
    )


def _meaning(text: str, parts: Sequence[Part], names: _Names) -> Resolved:
    """What a text means: as a whole, else by the identifiers that it joins."""
    if is_missing(text):
        prefix, word = names.entity.symbol_prefix, cleaned(text)
        forced = f"; a symbol that is written so needs its prefix: {prefix}:{word}" if prefix and word.isalpha() else ""
        return Resolved(text, Outcome.MISSING, how=f"stands for a missing value{forced}")
    claims = names.claims.get(text, [])
    if claims:
        return _decide(text, claims, names)
    if parts and (meaning := _decide_parts(text, parts, names)) is not None:
        return meaning
    return Resolved(text, Outcome.UNRESOLVED, how=_why_not(text))


def _decide(text: str, claims: Sequence[Claim], names: _Names) -> Resolved:
    best = min(claim.weakness for claim in claims)
    if best >= OF_A_DATE:
        return _decide_date(text, claims, names)
    chosen = _strongest(claims)
    ids = sorted({claim.entity_id for claim in chosen})
    if len(ids) > 1:
        return Resolved(text, Outcome.AMBIGUOUS, how=_all_claims(chosen, names), candidates=names.candidates(ids))
    outcome = Outcome.CONVERTED if chosen[0].how else Outcome.MATCHED
    return Resolved(text, outcome, ids[0], names.called(ids[0]), chosen[0].how, kind=chosen[0].kind)


def _strongest(claims: Sequence[Claim]) -> list[Claim]:
    """The claims of the least weakness; beside previous symbols the best aliases too, since people use either."""
    best = min(claims, key=lambda claim: claim.weakness)
    kinds = ("previous_symbol", "alias") if best.kind == "previous_symbol" else (best.kind,)
    chosen = [claim for claim in claims if claim.weakness == best.weakness]
    peers = [one for one in claims if one.kind in kinds[1:] and one.through is best.through]
    return chosen + [one for one in peers if one.weakness == min(peer.weakness for peer in peers)]


def _all_claims(chosen: Sequence[Claim], names: _Names) -> str:
    """Each kind of claim with the entities that have it: `previous symbol of MT-CO2, alias of PTGS2`."""
    if any(claim.through for claim in chosen):
        return chosen[0].how
    kinds = sorted({claim.kind for claim in chosen}, key=lambda kind: WEAKNESS[kind])
    return ", ".join(
        f"{in_words(kind)} of {_and(names.called(one.entity_id) for one in chosen if one.kind == kind)}"
        for kind in kinds
    )


def _and(words: Iterable[str]) -> str:
    *first, last = sorted(set(words))
    return f"{', '.join(first)} and {last}" if first else last


def _decide_date(text: str, claims: Sequence[Claim], names: _Names) -> Resolved:
    """What a date meant: 9/2 is SEPT2 here and FEB9 there.

    A column of symbols holds symbols that were approved in its time, so that these come before aliases; the genes
    that have the symbol as an alias are named.
    """
    approved = [claim for claim in claims if claim.kind != "alias"] or list(claims)
    best: dict[str, int] = {}
    for claim in approved:
        best[claim.date_of] = min(claim.weakness, best.get(claim.date_of, claim.weakness))
    chosen = [claim for claim in approved if claim.weakness == best[claim.date_of]]
    ids = sorted({claim.entity_id for claim in chosen})
    how = f"{' or '.join(sorted({claim.date_of for claim in chosen}))}{TURNED}"
    if len(ids) > 1:
        return Resolved(text, Outcome.AMBIGUOUS, how=how, candidates=names.candidates(ids))
    others = [claim for claim in claims if claim.entity_id != ids[0]]
    for symbol in sorted({claim.date_of for claim in others}):
        genes = _and(names.called(claim.entity_id) for claim in others if claim.date_of == symbol)
        how += f"; {symbol} is also an alias of {genes}"
    also = names.candidates(claim.entity_id for claim in others)
    return Resolved(text, Outcome.CONVERTED, ids[0], names.called(ids[0]), how, also, kind=chosen[0].kind)


def _decide_parts(text: str, parts: Sequence[Part], names: _Names) -> Resolved | None:
    """What a text means that joins identifiers of one thing; None where none of them is known.

    The most stable identifier that is known stands for the text, if nothing beside it means something else. A symbol
    stands for it only where it is written as it is approved, and no identifier is that of another species.
    """
    meanings = {part: _decide(part.text, known, names) for part in parts if (known := names.claims.get(part.text))}
    if not meanings or any(part.is_foreign for part in parts if part not in meanings):
        return None
    first = next(iter(meanings))
    unknown = [part.text for part in parts if part.is_identifier and part not in meanings]
    meaning = meanings[first]
    exact = meaning.outcome is Outcome.MATCHED or meaning.how.endswith(f" {first.text}")
    agree = len(meanings) == len(parts) and len({one.id for one in meanings.values()}) == 1
    if not (first.is_identifier or (unknown and exact) or agree):
        return None
    against = [
        part.text
        for part in meanings
        if meaning.id is not None and meaning.id not in {claim.entity_id for claim in names.claims[part.text]}
    ]
    if against:
        ids = {claim.entity_id for text_ in (first.text, *against) for claim in _strongest(names.claims[text_])}
        how = f"{first.text} and {_and(against)} are joined in it, but mean different entities"
        return Resolved(text, Outcome.AMBIGUOUS, how=how, candidates=names.candidates(ids))
    if meaning.id is None:
        return replace(meaning, given=text)
    how = ": ".join(filter(None, [f"read as {first.text}", meaning.how]))
    if unknown:
        how += f"; not in this build: {_and(unknown)}"
    return replace(meaning, given=text, outcome=Outcome.CONVERTED, how=how)


def _why_not(text: str) -> str:
    """Why a text means nothing, for the person who gave it."""
    if is_decoy(text):
        return "a decoy or contaminant, as the search engine marked it"
    if is_date(text):
        return "a date, and no symbol of this build that a spreadsheet turns into it"
    if is_scientific(text):
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
