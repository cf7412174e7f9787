"""From the files of runs to nodes and relationships of a build: references become the entities that it has.

A reference is resolved as those of sources are, so a member that has since been merged with another is found. One that
the build does not have is listed in `vanished_members`, with the prediction that it was in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import duckdb

from warehouse.home import Build
from warehouse.model.schema import DataModel, EntityType, RelationshipType
from warehouse.results.files import read_record, results_folder
from warehouse.results.record import RunRecord
from warehouse.results.tables import declared_views
from warehouse.tables.schema import ORDINAL_SHIFT, literal, ordinals, quoted, resolved_columns
from warehouse.tables.views import ARTEFACTS, VANISHED, nothing

_RUN_TABLE = "analysis_run"


class Predictions:
    """Makes the tables of predicted types in a database to which the build and the files of its runs are attached.

    Args:
        connection: the database, with the schemas `graph` and `own`.
        build: the build and its runs.
        model: the declarations, predicted types among them.
        under: the name under which the build is attached; each run is attached under its own.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, build: Build, model: DataModel, under: str) -> None:
        self._connection = connection
        self._build = build
        self._model = model
        self._under = under
        self._ordinals = ordinals(model)
        self._records = [read_record(results_folder(build), run) for run in build.runs]
        self._entities = [one for one in model.entities.values() if one.predicted]
        self._relationships = [one for one in model.relationships.values() if one.predicted]

    def make(self) -> None:
        """Make the nodes, the relationships, the list of what has vanished and the names that are searched."""
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in VANISHED)
        self._connection.execute(f"CREATE TABLE own.vanished ({columns})")
        self._list_artefacts()
        for entity in self._entities:
            self._make_entities(entity)
        for relationship in self._relationships:
            self._make_relationships(relationship)
        self._connection.execute(
            f"""UPDATE graph.{_RUN_TABLE} SET vanished =
                (SELECT count(*) FROM own.vanished AS v WHERE v.run = {_RUN_TABLE}.name)"""
        )
        self._list_synonyms()

    def table_views(self) -> dict[str, str]:
        """The views over the further tables of the runs: each spans all active runs of an analysis.

        What is declared is there without a run, and null in a run of an earlier version that lacks it. What a run has
        and is not declared any more comes after it.
        """
        parts = {name: [nothing(columns)] for name, columns in declared_views().items()}
        for record in self._records:
            for table in record.tables:
                query = f"SELECT {literal(record.run)} AS run, * FROM {quoted(record.run)}.tables.{quoted(table)}"
                parts.setdefault(f"{record.analysis}_{table}", []).append(query)
        return {name: " UNION ALL BY NAME ".join(queries) for name, queries in parts.items()}

    def _list_artefacts(self) -> None:
        """The files that the runs handed back."""
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in ARTEFACTS)
        self._connection.execute(f"CREATE TABLE own.artefacts ({columns})")
        rows = [
            [record.run, one.name, one.media_type, one.size_bytes, one.sha256]
            for record in self._records
            for one in record.artefacts
        ]
        if rows:
            self._connection.executemany("INSERT INTO own.artefacts VALUES (?, ?, ?, ?, ?)", rows)

    def _make_entities(self, entity: EntityType) -> None:
        given = self._given(entity, entity.label)
        shown = ", ".join(quoted(column.name) for column in entity.shown)
        base = self._ordinals[entity.table] << ORDINAL_SHIFT
        self._create(entity)
        if entity.table == _RUN_TABLE:
            self._insert_runs(entity)
            given = "FROM given_runs"
        self._connection.execute(
            f"""INSERT INTO graph.{quoted(entity.table)} BY NAME
            SELECT {base} + row_number() OVER () - 1 AS _nid, {shown} FROM (FROM ({given}) ORDER BY id)"""
        )

    def _insert_runs(self, entity: EntityType) -> None:
        """Make the temporary table `given_runs`: the accounts of the runs as nodes."""
        self._connection.execute(
            f"CREATE TEMP TABLE given_runs AS SELECT * EXCLUDE (_nid) FROM graph.{quoted(entity.table)}"
        )
        content = self._build.receipt()["content_hash"]
        for record in self._records:
            values = _run_node(record, content)
            names, marks = ", ".join(map(quoted, values)), ", ".join("?" * len(values))
            self._connection.execute(f"INSERT INTO given_runs ({names}) VALUES ({marks})", list(values.values()))

    def _make_relationships(self, declared: RelationshipType) -> None:
        self._create(declared)
        table, shown = quoted(declared.table), [column.name for column in declared.shown]
        start, end = "s._nid", "o._nid"
        if declared.symmetric:
            start, end = "if(s.id <= o.id, s._nid, o._nid)", "if(s.id <= o.id, o._nid, s._nid)"
        key = ", ".join(quoted(name) for name in ("_s", "_o", *declared.key))
        self._connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE staged AS
            SELECT x.*, {start} AS _s, {end} AS _o,
                CASE WHEN s._nid IS NULL AND o._nid IS NULL THEN 'subject and object are not in this build'
                    WHEN s._nid IS NULL THEN 'the subject is not in this build'
                    WHEN o._nid IS NULL THEN 'the object is not in this build'
                    WHEN row_number() OVER (PARTITION BY {key} ORDER BY rank, subject, object) > 1
                    THEN 'identifiers were merged: another prediction of the run is between the same two' END AS reason
            FROM ({self._given(declared, declared.name)}) AS x
            LEFT JOIN ({self._references(s for s, _ in declared.ends)}) AS s
                ON s.type = x.subject_type AND s.reference = x.subject
            LEFT JOIN ({self._references(o for _, o in declared.ends)}) AS o
                ON o.type = x.object_type AND o.reference = x.object"""
        )
        self._connection.execute(
            f"""INSERT INTO own.vanished SELECT run, {literal(declared.name)}, subject, object, reason FROM staged
            WHERE reason IS NOT NULL ORDER BY ALL"""
        )
        base = self._ordinals[declared.table] << ORDINAL_SHIFT
        self._connection.execute(
            f"""INSERT INTO graph.{table}
            SELECT {base} + row_number() OVER () - 1, _s, _o, {", ".join(map(quoted, shown))}
            FROM (FROM staged WHERE reason IS NULL ORDER BY {key})"""
        )

    def _create(self, declared: EntityType | RelationshipType) -> None:
        columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in resolved_columns(declared))
        self._connection.execute(f"CREATE TABLE graph.{quoted(declared.table)} ({columns})")

    def _given(self, declared: EntityType | RelationshipType, name: str) -> str:
        """What all runs say of a type; the first part, without rows, gives the columns and their types."""
        columns = [(column.name, str(column.type)) for column in declared.shown]
        if isinstance(declared, RelationshipType):
            columns += [(end, "VARCHAR") for end in ("subject", "subject_type", "object", "object_type")]
        parts = [f"SELECT {', '.join(f'NULL::{kind} AS {quoted(column)}' for column, kind in columns)} WHERE false"]
        for record in self._records:
            if name in record.counts:
                parts.append(f"FROM {quoted(record.run)}.predicted.{quoted(declared.table)}")
        return " UNION ALL BY NAME ".join(parts)

    def _references(self, labels: Iterable[str]) -> str:
        parts = []
        for label in dict.fromkeys(labels):
            entity = self._model.entities[label]
            source = f"{self._under}.identity.{quoted(entity.table)}"
            columns = "reference, _nid, id"
            if entity.predicted:
                source, columns = f"graph.{quoted(entity.table)}", "id AS reference, _nid, id"
            parts.append(f"SELECT {literal(label)} AS type, {columns} FROM {source}")
        return " UNION ALL ".join(parts)

    def _list_synonyms(self) -> None:
        """The names of runs and subnetworks, for the search."""
        parts = []
        for entity in self._entities:
            label, source = literal(entity.label), f"graph.{quoted(entity.table)}"
            names = [("id", "identifier")] + [
                (column.name, str(column.synonym)) for column in entity.properties if column.synonym is not None
            ]
            parts += [
                f"SELECT id, {label}, {quoted(name)} AS synonym, {literal(kind)} AS kind, sources FROM {source}"
                for name, kind in names
            ]
        self._connection.execute(
            f"""CREATE TABLE own.synonyms AS
            SELECT *, lower(synonym) AS folded FROM ({" UNION ALL ".join(parts)})
                AS named(entity_id, entity_type, synonym, kind, sources)
            WHERE synonym IS NOT NULL ORDER BY kind = 'identifier', folded, entity_id"""
        )


def _run_node(record: RunRecord, content_hash: str) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.run,
        "analysis": record.analysis,
        "title": record.title,
        "parameters": json.dumps(record.parameters, ensure_ascii=False, sort_keys=True),
        "seed": record.seed,
        "code_version": record.code_version,
        "build": record.build,
        "build_content_hash": record.build_content_hash,
        "older_build": record.build_content_hash != content_hash,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "metrics": json.dumps(record.metrics, ensure_ascii=False, sort_keys=True),
        "notes": list(record.notes) or None,
        "sources": [record.analysis],
    }
