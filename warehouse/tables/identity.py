"""Who is who: merges of identifiers, synonyms, and which reference means which node.

A reference is resolved by the strongest claim that exists for it: an entity's own id, then an id merged into it, then
an approved symbol or a cross-reference, then a previous symbol, then an alias. If two entities have an equally strong
claim, the reference is ambiguous and means neither.
"""

from __future__ import annotations

import duckdb

from warehouse.model.schema import EntityType, Property, SynonymKind
from warehouse.statements import Reason, Scope
from warehouse.tables.schema import literal, quoted

_BY_SYMBOL = {SynonymKind.SYMBOL: 1, SynonymKind.PREVIOUS_SYMBOL: 50, SynonymKind.ALIAS: 100}


def find_merges(connection: duckdb.DuckDBPyConnection, entity: EntityType) -> None:
    """Record which ids of lower-ranked prefixes equal which ids of better ones, as sources state it.

    Either side may state it: the row of the lower id, or, where that row is silent, the row of the better one. An id
    that is said to equal two better ids is merged with neither and goes to quarantine. The merges that a user has
    undone (`undone_merges`, a temporary table) are recorded as not active. Merges are followed to the end in the
    temporary table `active_merges`: of three ids that are one thing, all mean the best.
    """
    connection.execute("DELETE FROM record.merges WHERE entity_type = ?", [entity.label])
    connection.execute("DELETE FROM record.quarantine WHERE stage = 'merge' AND type = ?", [entity.label])
    identifiers = _of_kind(entity, SynonymKind.IDENTIFIER)
    if len(entity.prefixes) > 1 and identifiers:
        _claim_merges(connection, entity, identifiers[0].name)
        _record_merges(connection, entity)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE active_merges AS
        WITH RECURSIVE step AS (
            SELECT merged_id, canonical_id FROM record.merges
            WHERE active AND entity_type = {literal(entity.label)}),
        followed AS (
            FROM step
            UNION ALL
            SELECT f.merged_id, s.canonical_id FROM followed AS f JOIN step AS s ON s.merged_id = f.canonical_id)
        SELECT merged_id, canonical_id FROM followed ANTI JOIN step AS s ON s.merged_id = followed.canonical_id"""
    )


def _claim_merges(connection: duckdb.DuckDBPyConnection, entity: EntityType, identifiers: str) -> None:
    """Make the temporary table `claims`: for each id the ids of the best prefix that are said to equal it."""
    table = f"stated.{quoted(entity.table)}"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE claims AS
        WITH named AS (
            SELECT id, {_prefix_rank("id", entity)} AS id_rank, other, {_prefix_rank("other", entity)} AS other_rank,
                _file, _row
            FROM (SELECT id, unnest({quoted(identifiers)}) AS other, _file, _row FROM {table})),
        own AS (
            SELECT id AS merged_id, other AS canonical_id, other_rank AS rank, _file, _row FROM named
            WHERE other_rank < id_rank),
        others AS (
            SELECT other, id, id_rank, _file, _row FROM named SEMI JOIN {table} AS x ON x.id = named.other
            WHERE id_rank < other_rank)
        SELECT merged_id, canonical_id, _file, _row
        FROM (FROM own UNION ALL FROM others ANTI JOIN own ON own.merged_id = others.other)
        QUALIFY rank = min(rank) OVER (PARTITION BY merged_id)"""
    )


def _record_merges(connection: duckdb.DuckDBPyConnection, entity: EntityType) -> None:
    connection.execute(
        """INSERT INTO record.merges
        SELECT ?, merged_id, min(canonical_id), 'stated as the same by ' || f.source,
            arg_min(_file, (precedence, _row)), arg_min(_row, (precedence, _row)),
            NOT (merged_id, min(canonical_id)) IN (SELECT (merged_id, canonical_id) FROM undone_merges)
        FROM (SELECT *, count(DISTINCT canonical_id) OVER (PARTITION BY merged_id) AS choices FROM claims) AS c
        JOIN record.files AS f USING (_file)
        WHERE choices = 1
        GROUP BY merged_id, f.source
        QUALIFY row_number() OVER (PARTITION BY merged_id ORDER BY min(precedence)) = 1""",
        [entity.label],
    )
    connection.execute(
        """INSERT INTO record.quarantine (_file, _row, stage, type, reason, key, detail, scope)
        SELECT _file, _row, 'merge', ?, ?, merged_id, merged_id || ' = ' || canonical_id, ?
        FROM claims WHERE merged_id IN
            (SELECT merged_id FROM claims GROUP BY merged_id HAVING count(DISTINCT canonical_id) > 1)""",
        [entity.label, Reason.AMBIGUOUS_MERGE.code, Scope.STATEMENT.code],
    )


def list_synonyms(connection: duckdb.DuckDBPyConnection, entity: EntityType) -> None:
    """Record every name by which sources call the entities of a type.

    A symbol that is stated but not shown, since a better source has another, is kept as a previous symbol. A name that
    is only the accession of the id is none: the identifier is listed anyway, and there may be half a million of them.
    """
    connection.execute("DELETE FROM record.synonyms WHERE entity_type = ?", [entity.label])
    parts = [_stated_names(entity, column) for column in entity.properties if column.synonym is not None]
    parts.append(f"SELECT {canonical(entity, 'm')}, s.id, 'identifier', s._file {_stated_rows(entity)}")
    connection.execute(
        f"""INSERT INTO record.synonyms
        SELECT id, {literal(entity.label)}, synonym, kind, list_sort(list(DISTINCT source)), lower(synonym)
        FROM ({" UNION ALL ".join(parts)}) AS named JOIN record.files USING (_file)
        WHERE synonym IS NOT NULL AND NOT (kind = 'name' AND id = split_part(id, ':', 1) || ':' || synonym)
        GROUP BY id, synonym, kind ORDER BY kind = 'identifier', lower(synonym), id, kind"""
    )


def map_references(connection: duckdb.DuckDBPyConnection, entity: EntityType) -> bool:
    """Make the table `identity.<entity>`: reference → node; an ambiguous reference has no node. After `find_merges`.

    Returns:
        Whether any reference changed its meaning since the table was last made.
    """
    table = f"identity.{quoted(entity.table)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE old_references AS FROM {table}")
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS {_references(entity)}")
    difference = "SELECT count(*) FROM (FROM {} EXCEPT FROM {})"
    changes = [
        connection.execute(difference.format(*pair)).fetchall()[0][0]
        for pair in ((table, "old_references"), ("old_references", table))
    ]
    return any(changes)


def canonical(entity: EntityType, alias: str) -> str:
    """The SQL of the canonical id of a stated row, given a left join with `active_merges` under that alias."""
    return f"coalesce({alias}.canonical_id, s.id)" if len(entity.prefixes) > 1 else "s.id"


def merge_join(entity: EntityType) -> str:
    """The SQL that joins the active merges of a type to its stated rows `s`, as `m`."""
    if len(entity.prefixes) < 2:
        return ""
    return "LEFT JOIN active_merges AS m ON m.merged_id = s.id"


def _references(entity: EntityType) -> str:
    nodes = f"graph.{quoted(entity.table)}"
    claims = [f"SELECT id AS reference, _nid, id, 0 AS weakness FROM {nodes}"]
    if len(entity.prefixes) > 1:
        claims.append(
            f"SELECT merged_id, _nid, n.id, 0 FROM active_merges AS m JOIN {nodes} AS n ON n.id = m.canonical_id"
        )
    if entity.symbol_prefix is not None or entity.identifier_prefixes:
        claims.append(_named_references(entity, nodes))
    if len(claims) == 1:
        return f"SELECT id AS reference, _nid, id FROM {nodes}"
    return f"""
        WITH claims AS ({" UNION ALL ".join(claims)}),
        best AS (SELECT reference, min(weakness) AS weakness FROM claims GROUP BY reference)
        SELECT reference, CASE WHEN count(DISTINCT _nid) = 1 THEN min(_nid) END AS _nid,
            CASE WHEN count(DISTINCT _nid) = 1 THEN min(id) END AS id
        FROM claims SEMI JOIN best USING (reference, weakness) GROUP BY reference"""


def _named_references(entity: EntityType, nodes: str) -> str:
    """References by symbol and by cross-reference, with the weakness of each claim.

    Two entities may have one approved symbol when only one of them is keyed by the best prefix: that one's claim is
    stronger.
    """
    weakness = " ".join(f"WHEN {literal(kind)} THEN {value}" for kind, value in _BY_SYMBOL.items())
    prefix = literal(f"{entity.symbol_prefix}:")
    by_symbol = f"""SELECT {prefix} || synonym, _nid, id,
            CASE kind {weakness} END + CASE kind WHEN 'symbol' THEN {_prefix_rank("n.id", entity)} ELSE 0 END
        FROM record.synonyms AS y JOIN {nodes} AS n ON n.id = y.entity_id
        WHERE entity_type = {literal(entity.label)} AND kind IN ('symbol', 'previous_symbol', 'alias')"""
    prefixes = ", ".join(literal(p) for p in (*entity.prefixes, *entity.identifier_prefixes))
    by_identifier = f"""SELECT synonym, _nid, id, 1 FROM record.synonyms AS y JOIN {nodes} AS n ON n.id = y.entity_id
        WHERE entity_type = {literal(entity.label)} AND kind = 'identifier'
            AND split_part(synonym, ':', 1) IN ({prefixes})"""
    return by_identifier if entity.symbol_prefix is None else f"{by_symbol} UNION ALL {by_identifier}"


def _stated_names(entity: EntityType, column: Property) -> str:
    name = quoted(column.name)
    value = f"unnest(s.{name})" if column.type.endswith("[]") else f"s.{name}"
    kind = literal(str(column.synonym))
    shown = ""
    if column.synonym is SynonymKind.SYMBOL:
        kind = f"CASE WHEN s.{name} = n.{name} THEN 'symbol' ELSE 'previous_symbol' END"
        shown = f"JOIN graph.{quoted(entity.table)} AS n ON n.id = {canonical(entity, 'm')}"
    return f"""SELECT {canonical(entity, "m")} AS id, {value} AS synonym, {kind} AS kind, s._file
        {_stated_rows(entity)} {shown}"""


def _stated_rows(entity: EntityType) -> str:
    return f"FROM stated.{quoted(entity.table)} AS s {merge_join(entity)}"


def _of_kind(entity: EntityType, kind: SynonymKind) -> list[Property]:
    return [column for column in entity.properties if column.synonym is kind]


def _prefix_rank(column: str, entity: EntityType) -> str:
    cases = " ".join(f"WHEN {literal(prefix)} THEN {rank}" for rank, prefix in enumerate(entity.prefixes))
    return f"CASE split_part({column}, ':', 1) {cases} ELSE 99 END"
