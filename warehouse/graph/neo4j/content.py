"""What a server holds of each type, read in portions into DuckDB, where it is hashed as the content of a build is.

One row of a result costs the driver as much as twenty values, so that a portion travels as one row that holds a list;
and a new text costs the server more than a thousand rows, so that small types are read together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.graph.neo4j.ahead import ahead
from warehouse.graph.neo4j.mark import LABEL, Run
from warehouse.graph.neo4j.types import Nodes, Relationships, Strand, name
from warehouse.graph.state import Fingerprints
from warehouse.model import FULL_MODEL, ValueType
from warehouse.tables.schema import ORDINAL_SHIFT, ordinals, quoted

#: Rows that travel at once.
PORTION_ROWS = 10_000

#: A strand of at most so many rows is read together with others.
SMALL_ROWS = 1_000

_ARROW = {
    ValueType.STRING: pa.string(),
    ValueType.INTEGER: pa.int64(),
    ValueType.FLOAT: pa.float64(),
    ValueType.BOOLEAN: pa.bool_(),
    ValueType.DATE: pa.date32(),
    ValueType.STRINGS: pa.list_(pa.string()),
}
_LOWEST, _HIGHEST = "", "\U0010ffff" * 2


def read(
    connection: duckdb.DuckDBPyConnection, run: Run, sizes: Sequence[tuple[Strand, int]]
) -> Iterator[tuple[Strand, pa.Table]]:
    """All rows of some strands that a server holds, each strand in one or more portions.

    Args:
        connection: a state; it says how to cut the work into portions.
        run: reads from the server.
        sizes: the strands, with the number of rows that are expected.
    """
    small = [strand for strand, size in sizes if size <= SMALL_ROWS]
    yield from _read_small_nodes(run, {one.type: one for one in small if isinstance(one, Nodes)})
    yield from _read_small_relationships(run, {one.name: one for one in small if isinstance(one, Relationships)})
    large = [(strand, _cuts(connection, strand)) for strand, size in sizes if size > SMALL_ROWS]
    for strand, rows in ahead(_portions(run, large)):
        if rows:
            yield strand, as_table(strand, rows)


def _portions(run: Run, large: Sequence[tuple[Strand, Sequence[str]]]) -> Iterator[tuple[Strand, list[list[Any]]]]:
    for strand, cuts in large:
        for low, high in itertools.pairwise([_LOWEST, *cuts, _HIGHEST]):
            yield strand, run(strand.read, {"low": low, "high": high})[0][0]


def as_table(strand: Strand, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of a server as an Arrow table with the model's types."""
    types = [pa.string()] * (len(strand.columns) - len(strand.properties))
    types += [_ARROW[column.type] for column in strand.properties]
    columns = [_array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    return pa.Table.from_arrays(columns, names=list(strand.columns))


def fingerprints(connection: duckdb.DuckDBPyConnection, run: Run, sizes: Sequence[tuple[Strand, int]]) -> Fingerprints:
    """Rows and content hash by type, as `warehouse.tables.fingerprint` has them; else as `read`."""
    found: dict[str, tuple[int, int]] = {}
    for strand, table in read(connection, run, sizes):
        connection.register("_portion", table)
        rows = connection.execute(
            "SELECT count(*), coalesce(sum(hash(x)::HUGEINT), 0) FROM (FROM _portion) AS x"
        ).fetchall()
        connection.unregister("_portion")
        count, total = found.get(strand.type, (0, 0))
        found[strand.type] = count + rows[0][0], total + int(rows[0][1])
    return {one: (count, str(total)) for one, (count, total) in sorted(found.items())}


def counts(run: Run, wanted: Iterable[str]) -> dict[str, int]:
    """Rows by name of the type, empty ones left out; types that are not wanted are told where there are any.

    Args:
        run: reads from the server.
        wanted: the types that the server should hold.
    """
    wanted = set(wanted)
    found = _counted(run, wanted - FULL_MODEL.relationships.keys(), wanted & FULL_MODEL.relationships.keys())
    marks = int(run(f"MATCH (m:{LABEL}) RETURN count(m)", {})[0][0])
    nodes = int(run("MATCH (n) RETURN count(n)", {})[0][0]) - marks
    relationships = int(run("MATCH ()-[r]->() RETURN count(r)", {})[0][0])
    if nodes + relationships > sum(found.values()):
        labels = {row[0] for row in run("CALL db.labels()", {})} - {LABEL}
        found |= _counted(run, labels - wanted, {row[0] for row in run("CALL db.relationshipTypes()", {})} - wanted)
        found["(no label)"] = nodes + relationships - sum(found.values())
    return {one: count for one, count in found.items() if count}


def _counted(run: Run, labels: Iterable[str], types: Iterable[str]) -> dict[str, int]:
    """Each is answered from the server's own counts; one text for all would take it far longer to plan."""
    texts = {label: f"MATCH (n:{name(label)}) RETURN count(n)" for label in labels}
    texts |= {one: f"MATCH ()-[r:{name(one)}]->() RETURN count(r)" for one in types}
    return {one: int(run(text, {})[0][0]) for one, text in sorted(texts.items())}


def sizes_here(connection: duckdb.DuckDBPyConnection, strands: Iterable[Strand]) -> dict[str, int]:
    """Rows of each strand in a state, by the strand's name; empty ones are left out."""
    there = {
        table
        for (table,) in connection.execute(
            """SELECT table_name FROM information_schema.tables
            WHERE table_catalog = current_database() AND table_schema = 'graph'"""
        ).fetchall()
    }
    numbers = {number: table for table, number in ordinals(FULL_MODEL).items()}
    found: dict[str, int] = {}
    of_type: dict[str, dict[tuple[str, str], int]] = {}
    for strand in strands:
        if strand.table not in there:
            continue
        if isinstance(strand, Nodes):
            rows = connection.execute(f"SELECT count(*) FROM graph.{quoted(strand.table)}").fetchall()
            found[strand.name] = rows[0][0]
            continue
        if strand.type not in of_type:
            rows = connection.execute(
                f"""SELECT _s >> {ORDINAL_SHIFT}, _o >> {ORDINAL_SHIFT}, count(*) FROM graph.{quoted(strand.table)}
                GROUP BY ALL"""
            ).fetchall()
            of_type[strand.type] = {(numbers[s], numbers[o]): count for s, o, count in rows}
        found[strand.name] = of_type[strand.type].get((strand.subject.table, strand.object.table), 0)
    return {one: count for one, count in found.items() if count}


def sizes_there(run: Run, strands: Iterable[Strand]) -> dict[str, int]:
    """Rows of each strand on a server, by the strand's name; empty ones are left out."""
    known = {strand.name: strand for strand in strands}
    labels = [name(one.type) for one in known.values() if isinstance(one, Nodes)]
    types = sorted({name(one.type) for one in known.values() if isinstance(one, Relationships)})
    found: dict[str, int] = {}
    if labels:
        rows = run(f"MATCH (n:{'|'.join(labels)}) RETURN labels(n)[0], count(*)", {})
        found |= dict(map(tuple, rows))
    if types:
        rows = run(f"MATCH (s)-[r:{'|'.join(types)}]->(o) RETURN labels(s)[0], type(r), labels(o)[0], count(*)", {})
        found |= {f"({s})-[{type_}]->({o})": count for s, type_, o, count in rows}
    return {one: count for one, count in found.items() if one in known}


def differing(found: Mapping[str, int], wanted: Fingerprints) -> list[str]:
    """Sentences about the types whose number of rows is not the one of the state."""
    names = sorted(one for one in {*found, *wanted} if found.get(one, 0) != wanted.get(one, (0, ""))[0])
    return [f"{one}: {found.get(one, 0):,} in Neo4j, {wanted.get(one, (0, ''))[0]:,} in the build" for one in names]


def _read_small_nodes(run: Run, strands: Mapping[str, Nodes]) -> Iterator[tuple[Strand, pa.Table]]:
    if strands:
        labels = "|".join(map(name, strands))
        for label, rows in run(f"MATCH (n:{labels}) RETURN labels(n)[0], collect(properties(n))", {}):
            strand = strands[label]
            yield strand, as_table(strand, [[row.get(column) for column in strand.columns] for row in rows])


def _read_small_relationships(run: Run, strands: Mapping[str, Relationships]) -> Iterator[tuple[Strand, pa.Table]]:
    if not strands:
        return
    types = "|".join(sorted({name(strand.type) for strand in strands.values()}))
    values = "labels(s)[0], type(r), labels(o)[0], collect([s.id, o.id, properties(r)])"
    # Only the small strands of a type that has large ones too.
    among = "(labels(s)[0] + ' ' + type(r) + ' ' + labels(o)[0]) IN $strands"
    wanted = {f"{one.subject.label} {one.type} {one.object.label}": one for one in strands.values()}
    text = f"MATCH (s)-[r:{types}]->(o) WHERE {among} RETURN {values}"
    for subject, type_, object_, rows in run(text, {"strands": sorted(wanted)}):
        strand = wanted[f"{subject} {type_} {object_}"]
        columns = [column.name for column in strand.properties]
        yield strand, as_table(strand, [[s, o, *(given.get(column) for column in columns)] for s, o, given in rows])


def _cuts(connection: duckdb.DuckDBPyConnection, strand: Strand) -> list[str]:
    """Ids of a state that cut a strand into portions; a strand that it lacks is one portion."""
    if not sizes_here(connection, [strand]):
        return []
    found = connection.execute(strand.bounds, {"rows": PORTION_ROWS}).fetchall()
    # DuckDB and Neo4j sort these alike; other scripts they may not.
    return [id_ for (id_,) in found if id_.isascii()]


def _array(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
    """A column of an Arrow table; the driver's dates become Python's."""
    if kind == pa.date32():
        values = [value if value is None else value.to_native() for value in values]
    return pa.array(values, kind)
