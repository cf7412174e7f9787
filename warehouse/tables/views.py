"""The tables and views that analysts may rely on, in schema `main`.

They are made from the data model at the end of a build; `PUBLIC` lists those that stand beside the typed ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from warehouse.errors import BuildError
from warehouse.model import FULL_MODEL
from warehouse.model.schema import DataModel, EntityType, RelationshipType, StatedType, TableType
from warehouse.results.tables import declared_views
from warehouse.tables import matrix_features, matrix_samples, matrix_views
from warehouse.tables.schema import at_once, literal, quoted

#: The views that do not come from one type of the model, with what they hold.
PUBLIC = {
    "entities": "Every entity: id, type, name.",
    "relationships": "Every relationship: ends, predicate, sources, pubmed_ids, evidence, other properties as JSON.",
    "assertions": "Everything anyone said: one statement a row, with source, release, file and row.",
    "synonyms": "Every name of every entity, with its kind and the sources that use it.",
    "merges": "Identifiers that were merged, with cause, source, file and row.",
    "conflicts": "Values on which statements about one thing differ, with who stated each and which is shown.",
    "quarantine": "Rows, statements and values that were set aside, with reason, file, row, column and text.",
    "releases": "The files this build was made from: source, release, checksum, size, address, licence.",
    "documents": "The files that are documents of entities: media type, checksum, size, source, release.",
    "sources": "The sources: title, licence, homepage, rank.",
    "matrices": "The matrices: kind, cohort, unit, what rows and features are, layers, size, source.",
    "matrix_rows": "The rows of each matrix, whatever they are: patients, samples, cells.",
    "matrix_features": "The features of each matrix, and the entity that each means there.",
    "matrix_samples": "The patients or samples of each matrix: tissue type, and which stands for its patient.",
    "features": "The gene that each feature of the matrices means.",
    "runs": "The active runs of analyses: parameters, seed, code, build, metrics.",
    "artefacts": "The files that active runs handed back: name, media type, size, checksum.",
    "vanished_members": "Predictions whose members this build does not have.",
}

_PROVENANCE = "f.source, f.release, f.name AS file"

_RECORD_VIEWS = {
    "synonyms": "SELECT * EXCLUDE (folded) FROM record.synonyms",
    "merges": f"""SELECT entity_type, merged_id, canonical_id, cause, active, {_PROVENANCE}, m._row AS "row"
        FROM record.merges AS m JOIN record.files AS f USING (_file)""",
    "conflicts": f"""SELECT entity_type, entity_id, property, value, shown, {_PROVENANCE}, d._row AS "row"
        FROM record.disputes AS d JOIN record.files AS f USING (_file)""",
    "quarantine": f"""SELECT {_PROVENANCE}, q._row AS "row", stage, scope, type, q."column", reason, key,
            value, detail, raw
        FROM record.quarantine AS q JOIN record.files AS f USING (_file)""",
    "releases": """SELECT f.source, f.release, f.part, f.name AS file, f.sha256, f.size_bytes, f.url,
            coalesce(l.licence, s.licence) AS licence,
            coalesce(l.redistributable, s.redistributable) AS redistributable
        FROM record.files AS f JOIN record.sources AS s USING (source)
        LEFT JOIN record.file_licences AS l USING (_file)""",
    "sources": "FROM record.sources",
    "matrices": f"""SELECT matrix, kind, cohort_id, unit, row_type, feature_type, layers, sparse, row_count,
            feature_count, value_count, {_PROVENANCE}
        FROM record.matrices AS m JOIN record.files AS f USING (_file)""",
    "matrix_samples": f"""SELECT {matrix_samples.COLUMNS}
        FROM record.matrix_samples JOIN record.matrices USING (matrix)""",
    "matrix_rows": """SELECT matrix, row_type, row_id, r._row AS "row"
        FROM record.matrix_rows AS r JOIN record.matrices USING (matrix)""",
    "matrix_features": matrix_features.MATRIX_FEATURES,
    "features": "FROM record.features",
}

_RUNS = """SELECT name AS run, analysis, title, parameters::JSON AS parameters, seed, code_version, build, older_build,
    started_at, ended_at, metrics::JSON AS metrics, notes, vanished FROM graph.analysis_run"""

#: The columns of `artefacts`.
ARTEFACTS = (
    ("run", "VARCHAR"),
    ("name", "VARCHAR"),
    ("media_type", "VARCHAR"),
    ("size_bytes", "BIGINT"),
    ("sha256", "VARCHAR"),
)

#: The columns of `vanished_members`.
VANISHED = (
    ("run", "VARCHAR"),
    ("type", "VARCHAR"),
    ("subject", "VARCHAR"),
    ("object", "VARCHAR"),
    ("reason", "VARCHAR"),
)


def create(connection: duckdb.DuckDBPyConnection, model: DataModel) -> None:
    """Make every public view anew."""
    views = _views(connection, model)
    with at_once(connection):
        for name, body in views.items():
            connection.execute(f"CREATE OR REPLACE VIEW main.{quoted(name)} AS {body}")


def predicted(model: DataModel, under: str) -> dict[str, str]:
    """The views of predicted types, and those that span all types, over the views of a build attached as `under`."""
    entities = [one for one in model.entities.values() if one.predicted]
    relationships = [one for one in model.relationships.values() if one.predicted]
    views = {e.table: _entity(e) for e in entities} | {r.table: _relationship(r, model) for r in relationships}
    views["entities"] = _union([f"FROM {under}.main.entities", *map(_named, entities)])
    views["relationships"] = _union([f"FROM {under}.main.relationships", *map(_uniform, relationships)])
    return views | {"runs": _RUNS, "artefacts": "FROM own.artefacts", "vanished_members": "FROM own.vanished"}


def _no_predictions() -> dict[str, str]:
    """The views of predicted types in a build, which has none."""
    views = {}
    for declared in FULL_MODEL:
        if not isinstance(declared, TableType) and declared.predicted:
            ends = ("subject", "object") if isinstance(declared, RelationshipType) else ()
            columns = [(end, "VARCHAR") for end in ends] + [(one.name, str(one.type)) for one in declared.shown]
            views[declared.table] = nothing(columns)
    views["runs"] = _RUNS.replace("graph.analysis_run", "main.analysis_run")
    views |= {name: nothing(columns) for name, columns in declared_views().items()}
    return views | {"artefacts": nothing(ARTEFACTS), "vanished_members": nothing(VANISHED)}


def nothing(columns: Iterable[tuple[str, str]]) -> str:
    """A query without rows that has these columns and types."""
    return f"SELECT {', '.join(f'NULL::{kind} AS {quoted(name)}' for name, kind in columns)} WHERE false"


def _views(connection: duckdb.DuckDBPyConnection, model: DataModel) -> dict[str, str]:
    entities = model.entities.values()
    relationships = model.relationships.values()
    views = _RECORD_VIEWS | _no_predictions()
    views |= {e.table: _entity(e) for e in entities}
    views["entities"] = _union(_named(e) for e in entities)
    views |= {r.table: _relationship(r, model) for r in relationships}
    views["relationships"] = _union(_uniform(r) for r in relationships)
    views["assertions"] = _union(_assertions(declared) for declared in model if not _is_derived(declared))
    views["documents"] = _documents(connection, model)
    views |= {t.name: f"FROM resolved.{quoted(t.name)}" for t in model.tables.values()}
    return views | _apart(views, matrix_views.views(connection, model))


def _apart(views: Mapping[str, str], matrices: dict[str, str]) -> dict[str, str]:
    """The views of matrices, none of which takes the place of another view."""
    taken = sorted(views.keys() & matrices.keys())
    if taken:
        raise BuildError(f"A matrix has the name of a view: {', '.join(taken)}.", "Give the matrix another name.")
    return matrices


def _entity(declared: EntityType) -> str:
    return f"SELECT * EXCLUDE (_nid) FROM graph.{quoted(declared.table)}"


def _named(declared: EntityType) -> str:
    return f"SELECT id, {literal(declared.label)} AS type, name FROM graph.{quoted(declared.table)}"


def _relationship(declared: RelationshipType, model: DataModel) -> str:
    columns = ", ".join(f"r.{quoted(column.name)}" for column in declared.shown)
    subjects = _nodes({subject for subject, _ in declared.ends}, model)
    objects = _nodes({object_ for _, object_ in declared.ends}, model)
    return f"""SELECT s.id AS subject, o.id AS object, {columns} FROM graph.{quoted(declared.table)} AS r
        JOIN {subjects} AS s ON s._nid = r._s JOIN {objects} AS o ON o._nid = r._o"""


def _nodes(labels: set[str], model: DataModel) -> str:
    tables = sorted(model.entities[label].table for label in labels)
    return "(" + _union(f"SELECT _nid, id FROM graph.{quoted(table)}" for table in tables) + ")"


def _uniform(declared: RelationshipType) -> str:
    shown_apart = {"pubmed_ids", "evidence"}
    own = ", ".join(f"{quoted(p.name)} := {quoted(p.name)}" for p in declared.columns if p.name not in shown_apart)
    return f"""SELECT subject, {literal(declared.name)} AS predicate, object, sources, pubmed_ids, evidence,
        to_json(struct_pack({own})) AS properties FROM main.{quoted(declared.table)}"""


def _assertions(declared: StatedType) -> str:
    """One row for each statement; entities and table rows have no object, their values stand in `properties`."""
    if isinstance(declared, RelationshipType):
        who = f"x.subject, {literal(declared.name)} AS predicate, x.object"
        columns = declared.columns
    else:
        key = "id" if isinstance(declared, EntityType) else declared.key[0]
        kind = declared.label if isinstance(declared, EntityType) else declared.name
        who = f"x.{quoted(key)} AS subject, {literal(kind)} AS predicate, NULL::VARCHAR AS object"
        columns = tuple(column for column in declared.columns if column.name != key)
    packed = ", ".join(f"{quoted(column.name)} := x.{quoted(column.name)}" for column in columns)
    properties = f"to_json(struct_pack({packed}))" if packed else "NULL::JSON"
    return f"""SELECT {who}, {properties} AS properties, {_PROVENANCE}, x._row AS "row"
        FROM stated.{quoted(declared.table)} AS x JOIN record.files AS f USING (_file)"""


def _documents(connection: duckdb.DuckDBPyConnection, model: DataModel) -> str:
    """The documents, each with the entities that its file states of the type that it is a document of."""
    rows = connection.execute("SELECT DISTINCT entity_type FROM record.documents ORDER BY 1").fetchall()
    stated = [
        f"""SELECT DISTINCT d._file, i.id FROM record.documents AS d JOIN stated.{quoted(table)} AS x USING (_file)
        JOIN identity.{quoted(table)} AS i ON i.reference = x.id WHERE d.entity_type = {literal(label)}"""
        for label, table in ((label, model.entities[label].table) for (label,) in rows if label is not None)
    ]
    entities = _union(stated or ["SELECT NULL::INTEGER AS _file, NULL::VARCHAR AS id WHERE false"])
    return f"""SELECT e.id AS entity_id, d.entity_type, {_PROVENANCE}, f.sha256, f.size_bytes, d.media_type
        FROM record.documents AS d JOIN record.files AS f USING (_file) LEFT JOIN ({entities}) AS e USING (_file)"""


def _is_derived(declared: StatedType) -> bool:
    return isinstance(declared, RelationshipType) and declared.derived


def _union(parts: Iterable[str]) -> str:
    return " UNION ALL ".join(parts)
