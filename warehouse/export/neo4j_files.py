"""The graph as files for `neo4j-admin database import full`: written by DuckDB, checked before a row is written.

Each type has a file of rows and one with the header. A node's number in the files is internal and is not stored; its
CURIE is the property `id`. Lists are joined by a character that no value holds; a null is an empty field, an empty text
or list a quoted one. The files are plain: packed, they took twice the time to write and the import gained nothing (2.5
million relationships: 30 against 33 s of one core in all).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import BuildError, TargetGraphError
from warehouse.export.selection import Selection
from warehouse.export.tables import Written, copy
from warehouse.model import ValueType
from warehouse.model.schema import EntityType, Property, RelationshipType
from warehouse.progress import Progress
from warehouse.tables.schema import quoted

_Declared = EntityType | RelationshipType

#: Characters that may join the values of a list, the first that no value holds.
_LIST_DELIMITERS = ("\x1f", "\x1e", "\x1d", "\x1c", "¦", "‖", "␟", "⁞")

_TYPES = {
    ValueType.STRING: "string",
    ValueType.INTEGER: "long",
    ValueType.FLOAT: "double",
    ValueType.BOOLEAN: "boolean",
    ValueType.DATE: "date",
    ValueType.STRINGS: "string[]",
}


@dataclass(frozen=True)
class ImportFile:
    """The files of one type.

    Args:
        name: the label or the relationship type.
        header: the file with the header.
        rows: the file with the rows.
        count: how many rows.
        multiline: whether a value spans lines.
    """

    name: str
    header: Path
    rows: Path
    count: int
    multiline: bool


@dataclass(frozen=True)
class ImportFiles:
    """Everything that the admin tool needs.

    Args:
        nodes: one for each label that has nodes.
        relationships: one for each relationship type that has relationships.
        list_delimiter: what joins the values of a list.
    """

    nodes: tuple[ImportFile, ...]
    relationships: tuple[ImportFile, ...]
    list_delimiter: str

    @property
    def paths(self) -> list[Path]:
        """All files."""
        return [path for one in (*self.nodes, *self.relationships) for path in (one.header, one.rows)]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by label and relationship type."""
        return {one.name: one.count for one in (*self.nodes, *self.relationships)}

    def arguments(
        self, database: str = "neo4j", *, threads: int | None = None, beside: Path | None = None
    ) -> list[str]:
        """The arguments of the admin tool.

        Args:
            database: the name of the database that is made.
            threads: threads of the import; None = all cores.
            beside: name the files as seen from this folder; None = in full.
        """
        lines = [str(_seen(one.rows, beside)) for one in (*self.nodes, *self.relationships) if one.multiline]
        options = [
            *("database", "import", "full", database, "--overwrite-destination=true", "--id-type=integer"),
            f"--array-delimiter=U+{ord(self.list_delimiter):04X}",
        ]
        if threads is not None:
            options.append(f"--threads={threads}")
        if lines:
            options += [f"--multiline-fields={','.join(lines)}", "--multiline-fields-format=v2"]
        options += [f"--nodes={one.name}={_seen(one.header, beside)},{_seen(one.rows, beside)}" for one in self.nodes]
        return options + [
            f"--relationships={one.name}={_seen(one.header, beside)},{_seen(one.rows, beside)}"
            for one in self.relationships
        ]


def _seen(path: Path, beside: Path | None) -> Path:
    return path if beside is None else path.relative_to(beside)


def write(selection: Selection, folder: Path, progress: Progress) -> ImportFiles:
    """Write the files.

    Raises:
        BuildError: a relationship names a node that is not there, or stands there twice; nothing is written.
        TargetGraphError: a file cannot be written, or a value cannot be said in this format.
    """
    declared: list[_Declared] = [*selection.entity_types, *selection.relationship_types]
    texts = [_look(selection, one) for one in declared]
    delimiter = _delimiter(texts)
    for relationship in selection.relationship_types:
        _verify(selection, relationship)
    made: list[ImportFile] = []
    with progress.task("files for Neo4j", total=len(declared), unit="types") as task:
        for one, text in zip(declared, texts, strict=True):
            task.describe(one.table)
            made.append(_write_type(selection, one, folder, delimiter, multiline=text.multiline))
            task.advance(1)
    nodes = len(selection.entity_types)
    return ImportFiles(tuple(made[:nodes]), tuple(made[nodes:]), delimiter)


def write_export(selection: Selection, folder: Path, progress: Progress) -> Written:
    """Write the files and, as `import.sh`, the command that imports them."""
    files = write(selection, folder, progress)
    script = folder / "import.sh"
    try:
        script.write_text(_script(files, folder), encoding="utf-8")
        script.chmod(0o755)
    except OSError as error:
        raise TargetGraphError(f"{script} cannot be written: {error.strerror}") from error
    return Written([*files.paths, script], files.counts, {"list_delimiter": f"U+{ord(files.list_delimiter):04X}"})


def _script(files: ImportFiles, folder: Path) -> str:
    arguments = " \\\n  ".join(shlex.quote(one) for one in files.arguments(beside=folder))
    return (
        "#!/bin/sh\n# Replaces the database `neo4j` of the server in NEO4J_HOME, which must be stopped.\n"
        'cd "$(dirname "$0")" || exit 1\n'
        f'exec "${{NEO4J_HOME:?}}/bin/neo4j-admin" {arguments}\n'
    )


@dataclass(frozen=True)
class _Texts:
    """What the texts of a type hold: line breaks, and which of the characters that could join lists."""

    multiline: bool
    delimiters: frozenset[str]


def _look(selection: Selection, declared: _Declared) -> _Texts:
    lists = [quoted(column.name) for column in declared.shown if _is_list(column)]
    plain = [quoted(column.name) for column in declared.shown if column.type is ValueType.STRING]
    parts = [f"array_to_string({name}, '')" for name in lists]
    joined, texts = (f"concat_ws('', {', '.join(some)})" for some in (parts, [*parts, *plain]))
    unsaid = " OR ".join(
        f"{name} = [''] OR list_contains(list_transform({name}, lambda x: x IS NULL), true)" for name in lists
    )
    marks = ", ".join(f"coalesce(bool_or(contains(lists, chr({ord(mark)}))), false)" for mark in _LIST_DELIMITERS)
    multiline, broken, *held = selection.connection.execute(
        f"""SELECT coalesce(bool_or(regexp_matches(texts, '[\\r\\n]')), false), coalesce(bool_or(unsaid), false),
            {marks}
        FROM (SELECT {joined} AS lists, {texts} AS texts, {unsaid} AS unsaid FROM {_table(selection, declared)})"""
    ).fetchall()[0]
    if broken:
        raise TargetGraphError(
            f"A list in {declared.table} holds a null or only an empty text.",
            "The import of Neo4j has no way to say that; take it out of the source.",
        )
    return _Texts(multiline, frozenset(mark for mark, found in zip(_LIST_DELIMITERS, held, strict=True) if found))


def _delimiter(texts: Sequence[_Texts]) -> str:
    held = frozenset().union(*(one.delimiters for one in texts)) if texts else frozenset()
    free = next((mark for mark in _LIST_DELIMITERS if mark not in held), None)
    if free is None:
        raise TargetGraphError("Every character that could join the values of a list stands in one of them.")
    return free


def _verify(selection: Selection, declared: RelationshipType) -> None:
    """Every end is there, of a label that the type allows, and no relationship stands there twice."""
    connection, table = selection.connection, f"graph.{quoted(declared.table)}"
    for side, end in enumerate(("_s", "_o")):
        query = f"SELECT count(*) FROM {table} AS r ANTI JOIN {selection.ends(declared, side)} AS n ON n._nid = r.{end}"
        lost = connection.execute(query).fetchall()[0][0]
        if lost:
            raise BuildError(f"{lost:,} relationships {declared.name} name a node that is not there.")
    key = ", ".join(("_s", "_o", *(quoted(name) for name in declared.key)))
    again = connection.execute(f"SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1 LIMIT 1").fetchall()
    if again:
        raise BuildError(f"A relationship {declared.name} stands twice between the same two nodes.")


def _write_type(
    selection: Selection, declared: _Declared, folder: Path, delimiter: str, *, multiline: bool
) -> ImportFile:
    numbers = {"_nid": ":ID"}
    name = declared.label if isinstance(declared, EntityType) else declared.name
    if isinstance(declared, RelationshipType):
        numbers = {"_s": ":START_ID", "_o": ":END_ID"}
    values = [*numbers, *(_value(column, delimiter) for column in declared.shown)]
    titles = [*numbers.values(), *(f"{column.name}:{_TYPES[column.type]}" for column in declared.shown)]
    header, rows = folder / f"{name}.header.csv", folder / f"{name}.csv"
    try:
        header.write_text(",".join(titles) + "\n", encoding="utf-8")
    except OSError as error:
        raise TargetGraphError(f"{header} cannot be written: {error.strerror}") from error
    query = f"SELECT {', '.join(values)} FROM {_table(selection, declared)}"
    count = copy(selection.connection, query, rows, "FORMAT csv, HEADER false, DELIMITER ',', NULLSTR ''")
    return ImportFile(name, header, rows, count, multiline)


def _table(selection: Selection, declared: _Declared) -> str:
    return selection.node_table(declared) if isinstance(declared, EntityType) else f"graph.{quoted(declared.table)}"


def _value(column: Property, delimiter: str) -> str:
    name = quoted(column.name)
    return f"array_to_string({name}, chr({ord(delimiter)})) AS {name}" if _is_list(column) else name


def _is_list(column: Property) -> bool:
    return column.type is ValueType.STRINGS
