"""A list of identifiers as a biologist pastes it: of every kind, some old, some mangled, some mistyped."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse

#: Of 500: approved symbols, previous ones, aliases, accessions of three kinds, dates of a spreadsheet, typing errors.
_SHARES = {
    "symbol": 0.24,
    "lower case": 0.06,
    "previous symbol": 0.16,
    "alias": 0.10,
    "uniprot": 0.14,
    "ensembl": 0.10,
    "entrez": 0.10,
    "date": 0.02,
    "typing error": 0.08,
}
_DATES = ("2-Sep", "9-Sep", "1-Mar", "Mar-07", "2023-03-08", "4-Sep", "1-Dec", "Sep-11", "5-Mar", "6-Sep")
_KINDS = {"symbol": "symbol", "lower case": "symbol", "previous symbol": "previous_symbol", "alias": "alias"}
_PREFIXES = {"uniprot": "uniprot", "ensembl": "ensembl", "entrez": "ncbigene"}


def mixed(home: Path, count: int, seed: int = 7) -> list[tuple[str, str]]:
    """Identifiers of human genes, shuffled, each with its kind; the same for the same build and seed."""
    from warehouse.warehouse import Warehouse

    chooser = random.Random(seed)
    with Warehouse.open(home) as warehouse:
        pools = {kind: names_of_genes(warehouse, value) for kind, value in _KINDS.items()}
        pools |= {kind: _accessions(warehouse, value) for kind, value in _PREFIXES.items()}
    pools["lower case"] = [one.lower() for one in pools["lower case"]]
    pools["typing error"] = [mistyped(one, chooser) for one in chooser.sample(pools["symbol"], 200)]
    pools["date"] = list(_DATES)
    given = [
        (text, kind)
        for kind, share in _SHARES.items()
        for text in chooser.sample(pools[kind], min(round(count * share), len(pools[kind])))
    ]
    chooser.shuffle(given)
    return given


def names(warehouse: Warehouse, type_name: str, kind: str) -> list[str]:
    """What entities of a type are called in one way (`symbol`, `alias`, `identifier`, ...), sorted; at most 100,000."""
    text = """SELECT DISTINCT synonym FROM synonyms WHERE entity_type = $type AND kind = $kind AND length(synonym) >= 3
        ORDER BY synonym LIMIT 100000"""
    return _all(warehouse, text, type=type_name, kind=kind)


def names_of_genes(warehouse: Warehouse, kind: str) -> list[str]:
    """What genes that encode proteins are called in one word."""
    text = """SELECT DISTINCT synonym FROM synonyms JOIN gene ON gene.id = entity_id
        WHERE kind = $kind AND gene_type = 'protein-coding' AND length(synonym) BETWEEN 3 AND 12
            AND NOT contains(synonym, ' ') ORDER BY synonym"""
    return _all(warehouse, text, kind=kind)


def _accessions(warehouse: Warehouse, prefix: str) -> list[str]:
    """Accessions of genes that encode proteins, or of their proteins, without the prefix."""
    table, column = ("encodes", "object") if prefix == "uniprot" else ("synonyms", "synonym")
    gene = "subject" if prefix == "uniprot" else "entity_id"
    text = f"""SELECT DISTINCT split_part({column}, ':', 2) FROM {table} JOIN gene ON gene.id = {gene}
        WHERE starts_with({column}, $prefix || ':') AND gene_type = 'protein-coding' ORDER BY 1"""
    return _all(warehouse, text, prefix=prefix)


def _all(warehouse: Warehouse, text: str, **parameters: str) -> list[str]:
    from warehouse.answer import Limits

    return [row[0] for row in warehouse.sql(text, parameters, limits=Limits(60, 1_000_000, 4000)).rows()]


def mistyped(symbol: str, chooser: random.Random) -> str:
    """Two neighbouring letters change places; where they are the same letter, one is doubled."""
    place = chooser.randrange(len(symbol) - 1)
    swapped = symbol[:place] + symbol[place + 1] + symbol[place] + symbol[place + 2 :]
    return swapped if swapped != symbol else symbol[: place + 1] + symbol[place:]
