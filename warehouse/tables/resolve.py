"""From statements to the resolved tables: entities first, then what refers to them.

Only what a change touches is made again: types with new statements, and types whose ends changed their meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from warehouse.model.schema import Combine, DataModel, EntityType, Property, RelationshipType, TableType
from warehouse.progress import SILENT, Progress
from warehouse.statements import Reason, Scope
from warehouse.tables import derived, identity
from warehouse.tables.combine import combine
from warehouse.tables.features import resolve_features
from warehouse.tables.schema import ORDINAL_SHIFT, literal, ordinals, quoted, resolved_table


class Resolver:
    """Resolves the statements of one build.

    Args:
        connection: the build.
        model: the declarations.
        undone_merges: pairs of merged and canonical id that a user has undone.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        model: DataModel,
        undone_merges: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._connection = connection
        self._model = model
        self._ordinals = ordinals(model)
        self._load_undone(list(undone_merges))

    def resolve(self, touched: Collection[str] | None = None, progress: Progress = SILENT) -> set[str]:
        """Make the resolved tables.

        Args:
            touched: tables with changed statements; None = everything.
            progress: told of each type.

        Returns:
            The tables that were made again.
        """
        self._rank_files()
        changed: set[str] = set()
        meanings: set[str] = set()
        everything = touched is None
        silent = self._silent()
        redecided = self._redecided()
        wanted = [d for d in self._model if everything or d.table in (touched or ()) or d.table in redecided]
        wanted = [declared for declared in wanted if declared.table not in silent]
        with progress.task("resolve", total=len(wanted) or None) as task:
            for entity in (declared for declared in wanted if isinstance(declared, EntityType)):
                meanings |= {entity.label} if self._resolve_entity(entity) else set()
                changed.add(entity.table)
                task.advance(1)
            changed |= derived.make_entities(self._connection, self._ordinals)
            for declared in self._model:
                if isinstance(declared, EntityType) or declared.table in silent:
                    continue
                if declared in wanted or _refers(declared, meanings):
                    self._resolve_referring(declared)
                    changed.add(declared.table)
                    task.advance(1)
        if everything or "Gene" in meanings or changed:
            resolve_features(self._connection)
        return changed | derived.make_relationships(self._connection, self._model, self._ordinals)

    def _resolve_entity(self, entity: EntityType) -> bool:
        """Make one node table, its synonyms and references; say whether any reference changed its meaning."""
        if entity.table in derived.ENTITY_TABLES:
            return False
        identity.find_merges(self._connection, entity)
        columns = entity.properties
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE staged AS
            SELECT {identity.canonical(entity, "m")} AS id, {_listed("s", columns)} {_order("s")} AS _order, s._file,
                s._row, f.source AS _source
            FROM stated.{quoted(entity.table)} AS s JOIN record.files AS f USING (_file)
            {identity.merge_join(entity)}"""
        )
        rows = combine(self._connection, "staged", ("id",), columns)
        base = self._ordinals[entity.table] << ORDINAL_SHIFT
        self._connection.execute(
            f"""CREATE OR REPLACE TABLE graph.{quoted(entity.table)} AS
            SELECT {base} + row_number() OVER () - 1 AS _nid, * FROM (FROM ({rows}) ORDER BY id)"""
        )
        self._record_disputes(entity.label, ("id",), columns)
        identity.list_synonyms(self._connection, entity)
        return identity.map_references(self._connection, entity)

    def _resolve_referring(self, declared: RelationshipType | TableType) -> None:
        if isinstance(declared, TableType):
            self._resolve_table(declared)
        elif not declared.derived:
            self._resolve_relationship(declared)

    def _resolve_relationship(self, declared: RelationshipType) -> None:
        start, end = "s._nid", "o._nid"
        if declared.symmetric:
            start, end = "if(s.id <= o.id, s._nid, o._nid)", "if(s.id <= o.id, o._nid, s._nid)"
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE staged AS
            SELECT {start} AS _s, {end} AS _o, {_listed("x", declared.columns)} {_order("x")} AS _order,
                f.source AS _source, x._file, x._row,
                CASE WHEN s.reference IS NULL OR o.reference IS NULL THEN {literal(Reason.UNKNOWN_REFERENCE.code)}
                    WHEN s._nid IS NULL OR o._nid IS NULL THEN {literal(Reason.AMBIGUOUS_REFERENCE.code)}
                    WHEN NOT ({self._allowed_ends(declared)}) THEN {literal(Reason.WRONG_ENDS.code)} END AS _reason,
                CASE WHEN s._nid IS NULL THEN x.subject WHEN o._nid IS NULL THEN x.object
                    WHEN _reason IS NOT NULL THEN x.subject END AS _unresolved,
                CASE WHEN _reason IS NOT NULL THEN x.subject || ' {declared.name} ' || x.object END AS _detail
            FROM stated.{quoted(declared.table)} AS x JOIN record.files AS f USING (_file)
            LEFT JOIN {self._references(subject for subject, _ in declared.ends)} AS s ON s.reference = x.subject
            LEFT JOIN {self._references(object_ for _, object_ in declared.ends)} AS o ON o.reference = x.object"""
        )
        self._set_aside(declared.name, "_unresolved, _detail")
        key = ("_s", "_o", *declared.key)
        columns = [column for column in declared.columns if column.name not in declared.key]
        rows = combine(self._connection, "staged", key, columns)
        base = self._ordinals[declared.table] << ORDINAL_SHIFT
        shown = ", ".join(quoted(column.name) for column in declared.shown)
        self._connection.execute(
            f"""CREATE OR REPLACE TABLE graph.{quoted(declared.table)} AS
            SELECT {base} + row_number() OVER () - 1 AS _rid, _s, _o, {shown}
            FROM (FROM ({rows}) ORDER BY {", ".join(quoted(name) for name in key)})"""
        )

    def _resolve_table(self, declared: TableType) -> None:
        names = {column: f"r{index}" for index, column in enumerate(declared.references)}
        joins = " ".join(
            f"LEFT JOIN {self._references([label])} AS {name} ON {name}.reference = x.{quoted(column)}"
            for (column, label), name in zip(declared.references.items(), names.values(), strict=True)
        )
        values = ", ".join(
            f"{names[c.name]}.id AS {quoted(c.name)}" if c.name in names else f"x.{quoted(c.name)}"
            for c in declared.columns
        )
        unknown = " OR ".join(f"{name}.reference IS NULL" for name in names.values()) or "false"
        ambiguous = " OR ".join(f"{name}.id IS NULL" for name in names.values()) or "false"
        stated = " || ' ' || ".join(f"coalesce(x.{quoted(column)}::VARCHAR, '')" for column in declared.key)
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE staged AS
            SELECT {values}, {_order("x")} AS _order, f.source AS _source, x._file, x._row,
                {stated} AS _stated,
                CASE WHEN {unknown} THEN {literal(Reason.UNKNOWN_REFERENCE.code)}
                    WHEN {ambiguous} THEN {literal(Reason.AMBIGUOUS_REFERENCE.code)} END AS _reason
            FROM stated.{quoted(declared.table)} AS x JOIN record.files AS f USING (_file) {joins}"""
        )
        self._set_aside(declared.name, "_stated, _stated")
        columns = [column for column in declared.columns if column.name not in declared.key]
        rows = combine(self._connection, "staged", declared.key, columns)
        shown = ", ".join(quoted(column.name) for column in declared.shown)
        order = ", ".join(quoted(name) for name in declared.key)
        self._connection.execute(
            f"""CREATE OR REPLACE TABLE resolved.{quoted(declared.table)} AS
            SELECT {shown} FROM ({rows}) ORDER BY {order}"""
        )
        self._record_disputes(declared.name, declared.key, columns)

    def _set_aside(self, type_name: str, key_and_detail: str) -> None:
        """Move the staged statements that have a reason to quarantine."""
        self._connection.execute("DELETE FROM record.quarantine WHERE stage = 'resolve' AND type = ?", [type_name])
        moved = self._connection.execute(
            f"""INSERT INTO record.quarantine (_file, _row, stage, type, reason, key, detail, scope)
            SELECT _file, _row, 'resolve', ?, _reason, {key_and_detail}, {literal(Scope.STATEMENT.code)}
            FROM staged WHERE _reason IS NOT NULL""",
            [type_name],
        ).fetchall()[0][0]
        if moved:
            self._connection.execute("DELETE FROM staged WHERE _reason IS NOT NULL")

    def _record_disputes(self, type_name: str, key: tuple[str, ...], columns: Iterable[Property]) -> None:
        """Record the values on which statements about one thing differ; `combine` has just found the repeated keys."""
        self._connection.execute("DELETE FROM record.disputes WHERE entity_type = ?", [type_name])
        keys = ", ".join(quoted(name) for name in key)
        prefix = "".join(f"{quoted(name)} || '.' || " for name in key[1:])
        for column in columns:
            if column.combine is not Combine.PRIORITY:
                continue
            value = quoted(column.name)
            self._connection.execute(
                f"""INSERT INTO record.disputes
                SELECT {literal(type_name)}, {quoted(key[0])}, {prefix}{literal(column.name)}, {value}::VARCHAR,
                    {value} = first({value}) OVER (PARTITION BY {keys} ORDER BY _order), _file, _row
                FROM staged SEMI JOIN repeated USING ({keys}) WHERE {value} IS NOT NULL
                QUALIFY min({value}) OVER (PARTITION BY {keys}) <> max({value}) OVER (PARTITION BY {keys})"""
            )

    def _references(self, labels: Iterable[str]) -> str:
        tables = [quoted(self._model.entities[label].table) for label in dict.fromkeys(labels)]
        return "(" + " UNION ALL ".join(f"SELECT reference, _nid, id FROM identity.{table}" for table in tables) + ")"

    def _allowed_ends(self, declared: RelationshipType) -> str:
        if len({subject for subject, _ in declared.ends}) * len({o for _, o in declared.ends}) == len(declared.ends):
            return "true"
        pairs = ", ".join(f"({self._ordinal(subject)}, {self._ordinal(object_)})" for subject, object_ in declared.ends)
        return f"(s._nid >> {ORDINAL_SHIFT}, o._nid >> {ORDINAL_SHIFT}) IN ({pairs})"

    def _ordinal(self, label: str) -> int:
        return self._ordinals[self._model.entities[label].table]

    def _rank_files(self) -> None:
        """Give every file its precedence: rank of the source, rank of the part, then newer releases, then names."""
        self._connection.execute(
            """UPDATE record.files SET precedence = ranked.precedence FROM (
                SELECT _file, row_number() OVER (ORDER BY s.rank, s.source, f.rank, release DESC, part, name, sha256)
                    AS precedence
                FROM record.files AS f JOIN record.sources AS s USING (source)) AS ranked
            WHERE record.files._file = ranked._file"""
        )

    def _silent(self) -> set[str]:
        """The tables of which nothing is stated and nothing is shown: most types of a small build."""
        spoken = " UNION ALL ".join(
            f"""SELECT {literal(declared.table)}, EXISTS (FROM stated.{quoted(declared.table)})
                OR EXISTS (FROM {resolved_table(declared)})"""
            for declared in self._model
            if declared.table not in derived.ENTITY_TABLES
        )
        return {table for table, said in self._connection.execute(spoken).fetchall() if not said}

    def _redecided(self) -> set[str]:
        """The tables of types of which a merge was undone, or taken back, since they were last resolved."""
        labels = self._connection.execute(
            """SELECT DISTINCT entity_type FROM record.merges
            WHERE active = ((merged_id, canonical_id) IN (SELECT (merged_id, canonical_id) FROM undone_merges))"""
        ).fetchall()
        return {self._model.entities[label].table for (label,) in labels}

    def _load_undone(self, undone: list[tuple[str, str]]) -> None:
        self._connection.execute("CREATE OR REPLACE TEMP TABLE undone_merges (merged_id VARCHAR, canonical_id VARCHAR)")
        for pair in undone:
            self._connection.execute("INSERT INTO undone_merges VALUES (?, ?)", list(pair))


def _order(alias: str) -> str:
    """The priority of a statement, the smaller the higher: first that of its file, then the row in it."""
    return f"(f.precedence::BIGINT << {ORDINAL_SHIFT}) + {alias}._row"


def _listed(alias: str, columns: Iterable[Property]) -> str:
    return "".join(f"{alias}.{quoted(column.name)}, " for column in columns)


def _refers(declared: RelationshipType | TableType, labels: set[str]) -> bool:
    if isinstance(declared, RelationshipType):
        return not declared.derived and bool(declared.labels & labels)
    return bool(set(declared.references.values()) & labels)
