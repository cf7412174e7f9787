"""The schemas of a build, made from the data model.

| schema | holds |
|---|---|
| `stated` | what sources say, one table for each type of the model, with file and row |
| `record` | the book-keeping: sources, files, quarantine, merges, synonyms, disputes, matrices, fingerprints |
| `identity` | for each entity type: which reference means which node |
| `graph` | the resolved nodes and relationships, as the Cypher engine wants them |
| `resolved` | the resolved rows of the tables that are no graph |
| `matrix` | one table for each matrix: its values by the numbers of row and feature |
| `main` | the views that analysts may rely on |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from warehouse.errors import BuildError
from warehouse.home import Build
from warehouse.model import DataModel, EntityType, RelationshipType, StatedType
from warehouse.model.schema import Property

SCHEMAS = ("stated", "record", "identity", "graph", "resolved", "matrix")

#: The version of the layout; a file with another one is rebuilt, not guessed at.
LAYOUT_VERSION = 3

#: The number of bits by which the ordinal of a type is shifted in internal ids.
ORDINAL_SHIFT = 40

#: The terms of files that are not those of their source; the first builds of layout 3 have no such table.
FILE_LICENCES = """CREATE TABLE IF NOT EXISTS record.file_licences (
    _file INTEGER, licence VARCHAR, redistributable BOOLEAN)"""

_RECORD_TABLES = (
    """CREATE TABLE record.layout (version INTEGER)""",
    """CREATE TABLE record.sources (
        source VARCHAR PRIMARY KEY, title VARCHAR, homepage VARCHAR, licence VARCHAR, redistributable BOOLEAN,
        rank INTEGER)""",
    """CREATE TABLE record.files (
        _file INTEGER PRIMARY KEY, source VARCHAR, release VARCHAR, part VARCHAR, name VARCHAR, sha256 VARCHAR,
        size_bytes BIGINT, url VARCHAR, rank INTEGER, precedence INTEGER)""",
    FILE_LICENCES,
    """CREATE TABLE record.documents (_file INTEGER, entity_type VARCHAR, media_type VARCHAR)""",
    """CREATE TABLE record.quarantine (
        _file INTEGER, _row BIGINT, stage VARCHAR, type VARCHAR, reason VARCHAR, key VARCHAR, detail VARCHAR,
        raw VARCHAR, scope VARCHAR, "column" VARCHAR, value VARCHAR)""",
    """CREATE TABLE record.merges (
        entity_type VARCHAR, merged_id VARCHAR, canonical_id VARCHAR, cause VARCHAR, _file INTEGER, _row BIGINT,
        active BOOLEAN)""",
    """CREATE TABLE record.synonyms (
        entity_id VARCHAR, entity_type VARCHAR, synonym VARCHAR, kind VARCHAR, sources VARCHAR[],
        folded VARCHAR)""",
    """CREATE TABLE record.disputes (
        entity_type VARCHAR, entity_id VARCHAR, property VARCHAR, value VARCHAR, shown BOOLEAN, _file INTEGER,
        _row BIGINT)""",
    """CREATE TABLE record.matrices (
        matrix VARCHAR, kind VARCHAR, cohort_id VARCHAR, unit VARCHAR, row_type VARCHAR, feature_type VARCHAR,
        feature_prefix VARCHAR, layers VARCHAR[], sparse BOOLEAN, row_count BIGINT, feature_count BIGINT,
        value_count BIGINT, complete BOOLEAN, _file INTEGER)""",
    """CREATE TABLE record.matrix_rows (matrix VARCHAR, row_code INTEGER, row_id VARCHAR, _row INTEGER)""",
    """CREATE TABLE record.matrix_features (matrix VARCHAR, feature_code INTEGER, feature VARCHAR, _row INTEGER)""",
    """CREATE TABLE record.matrix_samples (
        matrix VARCHAR, row_code INTEGER, row_id VARCHAR, patient_id VARCHAR, sample_id VARCHAR, sample_type VARCHAR,
        tissue_type VARCHAR, tumour_descriptor VARCHAR, place INTEGER, represents_patient BOOLEAN)""",
    """CREATE TABLE record.features (feature_prefix VARCHAR, feature VARCHAR, gene_id VARCHAR, reason VARCHAR)""",
    """CREATE TABLE record.feature_meanings (
        matrix VARCHAR, feature_code INTEGER, feature VARCHAR, entity_id VARCHAR, used_id VARCHAR, reason VARCHAR,
        kept VARCHAR)""",
    """CREATE TABLE record.fingerprints (table_name VARCHAR PRIMARY KEY, row_count BIGINT, content_hash VARCHAR)""",
)


def quoted(identifier: str) -> str:
    """An identifier of the model or of a source as SQL text.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of the model or of a source as an SQL literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def ordinals(model: DataModel) -> dict[str, int]:
    """The number of each entity and relationship type, by table name; the high bits of internal ids.

    Types of predictions come last, so that a build has the same numbers with and without them.
    """
    types: list[EntityType | RelationshipType] = [*model.entities.values(), *model.relationships.values()]
    ordered = sorted(types, key=lambda declared: declared.predicted)
    return {declared.table: index for index, declared in enumerate(ordered)}


def stated_columns(declared: StatedType) -> list[tuple[str, str]]:
    """Names and DuckDB types of the columns in which statements of a type are kept."""
    ends = [("subject", "VARCHAR"), ("object", "VARCHAR")] if isinstance(declared, RelationshipType) else []
    return [*ends, *_typed(declared.columns), ("_file", "INTEGER"), ("_row", "BIGINT")]


def resolved_columns(declared: StatedType) -> list[tuple[str, str]]:
    """Names and DuckDB types of the columns of a resolved table, the internal ones first."""
    internal: list[tuple[str, str]] = []
    if isinstance(declared, EntityType):
        internal = [("_nid", "BIGINT")]
    elif isinstance(declared, RelationshipType):
        internal = [("_rid", "BIGINT"), ("_s", "BIGINT"), ("_o", "BIGINT")]
    return [*internal, *_typed(declared.shown)]


def resolved_table(declared: StatedType) -> str:
    """The qualified name of a resolved table."""
    schema = "graph" if isinstance(declared, EntityType | RelationshipType) else "resolved"
    return f"{schema}.{quoted(declared.table)}"


@contextmanager
def at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Do many small writes as one transaction; each for itself would be written through to the disk."""
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def require_layout(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a build of another layout, older or newer.

    Raises:
        BuildError: the layout is not that of this version; the message says what to do.
    """
    version = int(connection.execute("SELECT version FROM record.layout").fetchall()[0][0])
    if version == LAYOUT_VERSION:
        return
    if version < LAYOUT_VERSION:
        hint = "Rebuild: run `targetgraph build` for all sources. Downloads that are kept are used again."
    else:
        hint = "A newer version of TargetGraph made it: upgrade, or rebuild with this version."
    raise BuildError(
        f"The build has layout {version}; this version of TargetGraph reads and writes layout {LAYOUT_VERSION}.", hint
    )


def create(connection: duckdb.DuckDBPyConnection, model: DataModel) -> None:
    """Create every schema and table of an empty build."""
    statements = [f"CREATE SCHEMA {schema}" for schema in SCHEMAS]
    statements += [*_RECORD_TABLES, f"INSERT INTO record.layout VALUES ({LAYOUT_VERSION})"]
    for declared in model:
        statements.append(_create_table(f"stated.{quoted(declared.table)}", stated_columns(declared)))
        statements.append(_create_table(resolved_table(declared), resolved_columns(declared)))
    references = [("reference", "VARCHAR"), ("_nid", "BIGINT"), ("id", "VARCHAR")]
    statements += [_create_table(f"identity.{quoted(one.table)}", references) for one in model.entities.values()]
    with at_once(connection):
        for statement in statements:
            connection.execute(statement)


def create_later_tables(connection: duckdb.DuckDBPyConnection, model: DataModel) -> None:
    """Create the tables beside the graph that the model has gained since a build of this layout was made."""
    for declared in model.tables.values():
        for name, columns in (
            (f"stated.{quoted(declared.table)}", stated_columns(declared)),
            (resolved_table(declared), resolved_columns(declared)),
        ):
            connection.execute(_create_table(name, columns).replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))


def open_aside(build: Build) -> duckdb.DuckDBPyConnection:
    """Open a build for reading by code of ours, whatever else this process has open, and with files to write to.

    Raises:
        BuildError: it cannot be opened.
    """
    # A database that is attached is apart from the one of the same file that questions are asked of and that is locked.
    connection = duckdb.connect()
    try:
        connection.execute(f"ATTACH {literal(str(build.database))} AS aside (READ_ONLY)")
    except duckdb.Error as error:
        connection.close()
        raise BuildError(f"Build {build.id} cannot be opened: {str(error).splitlines()[0]}") from error
    connection.execute("USE aside")
    return connection


def _create_table(name: str, columns: list[tuple[str, str]]) -> str:
    return f"CREATE TABLE {name} ({', '.join(f'{quoted(column)} {type_}' for column, type_ in columns)})"


def _typed(properties: tuple[Property, ...]) -> list[tuple[str, str]]:
    return [(column.name, str(column.type)) for column in properties]
