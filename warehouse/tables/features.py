"""The gene of every feature of the matrices, in whatever form a publisher names it.

A feature is looked up as it stands first, as a symbol or a CURIE. What is not known so may be an identifier with a
version (`ENSG00000141510.17`) or join several identifiers (`TP53|7157`, `?|100130426`, `ENSG..|TP53`): the most stable
one that is known stands for the feature, and if another of them means another gene, the reason says so.
"""

from __future__ import annotations

import duckdb

from warehouse.identifier_forms import Part, form_of, is_missing, parts_of
from warehouse.statements import Reason

_SYMBOL = "hgnc.symbol"
#: The prefixes of bare accessions, by how they begin.
_ACCESSIONS = {"ens": "ensembl", "nm_": "refseq", "nr_": "refseq", "xm_": "refseq", "xr_": "refseq", "ng_": "refseq"}
#: A feature whose identifiers mean different genes; it has the gene of the most stable one.
DISAGREEING = "disagreeing_references"


def resolve_features(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `record.features`: for every feature the gene that it means, or why none."""
    connection.execute("DELETE FROM record.features")
    connection.execute(
        f"""INSERT INTO record.features
        SELECT feature_prefix, feature, g.id, CASE WHEN g.reference IS NULL THEN '{Reason.UNKNOWN_REFERENCE.code}'
            WHEN g.id IS NULL THEN '{Reason.AMBIGUOUS_REFERENCE.code}' END
        FROM (
            SELECT DISTINCT m.feature_prefix, f.feature FROM record.matrix_features AS f
            JOIN record.matrices AS m USING (matrix) WHERE m.feature_type = 'Gene'
        ) AS x LEFT JOIN identity.gene AS g ON g.reference = concat_ws(':', nullif(feature_prefix, ''), feature)
        ORDER BY ALL"""
    )
    _set_aside_missing(connection)
    _read_forms(connection)


def references_of(name: str) -> tuple[str, ...]:
    """The references to genes that the name of a feature holds beside itself, the most stable first.

    >>> references_of("TP53|7157")
    ('ncbigene:7157', 'hgnc.symbol:TP53')
    >>> references_of("ENSG00000141510.17")
    ('ensembl:ENSG00000141510',)
    >>> references_of("TP53")
    ()
    """
    parts = parts_of(name)
    if any(part.is_foreign for part in parts):
        return ()
    if not parts:
        reference = _identifier(name)
        return () if reference is None else (reference,)
    return tuple(_reference(part) for part in parts)


def _reference(part: Part) -> str:
    if part.text.isdigit():
        return f"ncbigene:{part.text}"
    return _identifier(part.text) or f"{_SYMBOL}:{part.text}"


def _identifier(text: str) -> str | None:
    """The CURIE of an accession, without its version; None where the text is none."""
    form = form_of(text)
    prefix = form.prefix or _ACCESSIONS.get(form.local[:3])
    known = prefix is not None and (form.prefix is not None or any(letter.isdigit() for letter in form.local))
    return f"{prefix}:{form.local.upper()}" if known else None


def _name(prefix: str, feature: str) -> str | None:
    """What a feature is called without the prefix of symbols; None where it is the CURIE of something else."""
    if prefix == _SYMBOL:
        return feature
    bare = feature.removeprefix(f"{_SYMBOL}:")
    return bare if bare != feature else None


def _set_aside_missing(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the gene from features that stand for a missing value: there are genes called NA once."""
    rows = connection.execute("SELECT DISTINCT feature_prefix, feature FROM record.features ORDER BY ALL").fetchall()
    missing = [row for row in rows if (name := _name(*row)) is not None and is_missing(name)]
    connection.execute(
        f"""UPDATE record.features SET gene_id = NULL, reason = '{Reason.MISSING_VALUE.code}'
        WHERE (feature_prefix, feature) IN (SELECT unnest($prefixes), unnest($features))""",
        {"prefixes": [row[0] for row in missing], "features": [row[1] for row in missing]},
    )


def _read_forms(connection: duckdb.DuckDBPyConnection) -> None:
    """Find the genes of features that are unknown as they stand."""
    rows = connection.execute(
        "SELECT feature_prefix, feature FROM record.features WHERE reason = ? ORDER BY ALL",
        [Reason.UNKNOWN_REFERENCE.code],
    ).fetchall()
    asked = [
        (prefix, feature, references)
        for prefix, feature in rows
        if (name := _name(prefix, feature)) is not None and (references := references_of(name))
    ]
    if not asked:
        return
    flat = sorted({reference for _prefix, _feature, references in asked for reference in references})
    genes: dict[str, str | None] = dict(
        connection.execute(
            "SELECT reference, id FROM identity.gene WHERE reference IN (SELECT unnest($flat))", {"flat": flat}
        ).fetchall()
    )
    found = [(prefix, feature, *_gene(references, genes)) for prefix, feature, references in asked]
    connection.execute(
        """UPDATE record.features AS f SET gene_id = x.gene_id, reason = x.reason FROM
        (SELECT unnest($prefixes) AS feature_prefix, unnest($features) AS feature,
            unnest($genes::VARCHAR[]) AS gene_id, unnest($reasons::VARCHAR[]) AS reason) AS x
        WHERE f.feature_prefix = x.feature_prefix AND f.feature = x.feature""",
        dict(zip(("prefixes", "features", "genes", "reasons"), map(list, zip(*found, strict=True)), strict=True)),
    )


def _gene(references: tuple[str, ...], genes: dict[str, str | None]) -> tuple[str | None, str | None]:
    """The gene that some references mean together, and why none, or what is wrong with it."""
    known = [reference for reference in references if reference in genes]
    ids = list(dict.fromkeys(genes[reference] for reference in known if genes[reference] is not None))
    if all(map(_is_symbol, references)) and len(known) < len(references):
        return None, Reason.UNKNOWN_REFERENCE.code
    if not ids:
        reason = Reason.AMBIGUOUS_REFERENCE if known else Reason.UNKNOWN_REFERENCE
        return None, reason.code
    if len(ids) == 1:
        return ids[0], None
    by_identifier = not _is_symbol(known[0])
    return (ids[0], DISAGREEING) if by_identifier else (None, Reason.AMBIGUOUS_REFERENCE.code)


def _is_symbol(reference: str) -> bool:
    return reference.startswith(f"{_SYMBOL}:")
