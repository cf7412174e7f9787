"""The claims of a text: every way in which it may mean an entity, by the names of a build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import duckdb

from warehouse.analyst.spreadsheet_dates import symbols_of_date
from warehouse.barcodes import references_of
from warehouse.identifier_forms import cleaned, form_of
from warehouse.model import DataModel, EntityType

_NUMBER = re.compile(r"^\d+$")

#: Types that stand for each other in lists, with the relationship type that leads from the first to the second.
_STANDS_FOR = ("Gene", "ENCODES", "Protein")

#: Claims of symbols that a spreadsheet has turned into a date are weaker than all others.
OF_A_DATE = 40
#: How a claim of a date ends.
TURNED = ", which a spreadsheet turned into a date"
#: How weak a claim is by the kind of name; one more where upper and lower case differ.
WEAKNESS = {"symbol": 0, "identifier": 0, "name": 2, "previous_symbol": 4, "alias": 6}
_THROUGH = 20
_OF_SYMBOLS = frozenset({"symbol", "previous_symbol", "alias"})


def has_symbols(entity: EntityType) -> bool:
    """Whether people name such an entity by a symbol: its own, or a protein by its gene's."""
    return entity.symbol_prefix is not None or entity.label in _STANDS_FOR


@dataclass(frozen=True)
class _Spelling:
    """A folded text that is looked up for a given one.

    Args:
        folded: in lower case.
        written: as it is written, without prefix; a name that is written the same is a better one.
        note: what was left out.
        is_symbol: whether only symbols, previous symbols and aliases count.
        date_of: the symbol that became the given date.
    """

    folded: str
    written: str
    note: str = ""
    is_symbol: bool = False
    date_of: str = ""


@dataclass(frozen=True)
class Claim:
    """One way in which a text may mean an entity.

    Args:
        weakness: the smaller the better; that of dates begins with `OF_A_DATE`.
        entity_id: the entity.
        kind: the kind of name: `symbol`, `identifier`, `name`, `previous_symbol`, `alias`.
        how: in words; empty where the text is the approved name itself.
        through: whether it names what stands for the entity (a gene's protein).
        date_of: the symbol that became the given date.
    """

    weakness: int
    entity_id: str
    kind: str
    how: str
    through: bool = False
    date_of: str = ""


def _spellings(text: str, entity: EntityType, bridge: EntityType | None) -> Iterator[_Spelling]:
    """The folded texts under which a given one may be recorded."""
    form, bare = form_of(text), cleaned(text)
    if form.prefix is None and _NUMBER.match(form.local):
        if entity.number_prefix is not None:
            yield _Spelling(f"{entity.number_prefix}:{form.local}", bare, form.note)
        return
    for folded in dict.fromkeys([text.lower(), bare.lower()]):
        yield _Spelling(folded, bare)
    prefixes = {*entity.references, *(bridge.references if bridge else ())}
    symbols = {one.symbol_prefix for one in (entity, bridge) if one is not None}
    if form.prefix is not None and form.prefix in symbols:
        yield _Spelling(form.local, bare.rpartition(":")[2].strip(), is_symbol=True)
    elif form.prefix is None or form.prefix in prefixes:
        for prefix in sorted(prefixes if form.prefix is None else {form.prefix}):
            yield _Spelling(f"{prefix}:{form.local}", bare, form.note)
    if form.prefix is None or form.prefix in prefixes:
        yield from _of_barcode(form.local, prefixes)
    for symbol in symbols_of_date(bare):
        yield _Spelling(symbol.lower(), bare, date_of=symbol)


def _of_barcode(text: str, prefixes: Iterable[str]) -> Iterator[_Spelling]:
    """The patient or sample that a TCGA barcode of any level names, where it is written otherwise."""
    for prefix, named in references_of(text).items():
        if prefix in prefixes and named.lower() != text:
            yield _Spelling(f"{prefix}:{named.lower()}", text, f"from barcode {text.upper()}")


def claims_of(
    connection: duckdb.DuckDBPyConnection, texts: Sequence[str], entity: EntityType, model: DataModel
) -> dict[str, list[Claim]]:
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
    claims: dict[str, list[Claim]] = {}
    for position, number, label, entity_id, synonym, kind in rows:
        text, spelling = texts[position], spelled[number][1]
        if spelling.is_symbol and kind not in _OF_SYMBOLS:
            continue
        claim = _claim(text, spelling, entity_id, synonym, kind)
        if label == entity.label:
            claims.setdefault(text, []).append(claim)
        elif kind != "name" and bridge is not None:
            described = [f"the {bridge.label.lower()} {entity_id}", "" if kind == "identifier" else synonym]
            how = ", ".join(filter(None, [*described, spelling.note]))
            claims.setdefault(text, []).extend(
                replace(claim, weakness=claim.weakness + _THROUGH, entity_id=partner, how=how, through=True)
                for partner in partners.get(entity_id, ())
            )
    return claims


def _claim(text: str, spelling: _Spelling, entity_id: str, synonym: str, kind: str) -> Claim:
    if spelling.date_of:
        how = f"{spelling.date_of}{TURNED}"
        return Claim(OF_A_DATE + WEAKNESS[kind], entity_id, kind, how, date_of=spelling.date_of)
    if kind == "identifier":
        own = synonym == entity_id
        how = "" if own and text.lower() == synonym.lower() else f"is {synonym}"
        return Claim(0 if own else 1, entity_id, kind, ", ".join(filter(None, [how, spelling.note])))
    same = synonym in {text, spelling.written}
    how = "" if same and kind in {"symbol", "name"} else f"{in_words(kind)} {synonym}"
    return Claim(WEAKNESS[kind] + (not same), entity_id, kind, how)


def in_words(kind: str) -> str:
    """A kind of name in words."""
    return kind.replace("_", " ")


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
