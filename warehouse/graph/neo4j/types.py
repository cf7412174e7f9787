"""The Cypher statements by which each type of the model is created, updated, deleted and read.

A *strand* is what is handled in one piece: the nodes of one label, or the relationships of one type between two labels.
Rows travel as lists: the key first (an id, or the ids of both ends), then the properties in the model's order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from warehouse.model import DataModel, EntityType, Property, RelationshipType
from warehouse.tables.schema import quoted


@dataclass(frozen=True)
class Nodes:
    """The nodes of one label."""

    entity: EntityType

    @property
    def type(self) -> str:
        """The name of the type."""
        return self.entity.label

    @property
    def table(self) -> str:
        """Its table in schema `graph`."""
        return self.entity.table

    @property
    def name(self) -> str:
        """What tells this strand from all others."""
        return self.entity.label

    @property
    def properties(self) -> tuple[Property, ...]:
        """The columns of a row."""
        return self.entity.shown

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of a row; the first is the key."""
        return tuple(column.name for column in self.properties)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        return ("id",)

    @property
    def content(self) -> str:
        """The query that gives the rows from a state in DuckDB."""
        return f"SELECT {_listed(self.columns)} FROM graph.{quoted(self.table)}"

    @property
    def numbered(self) -> str:
        """The same with the internal number first."""
        return f"SELECT _nid, {_listed(self.columns)} FROM graph.{quoted(self.table)}"

    @property
    def create(self) -> str:
        """Creates rows; gives their number."""
        return f"UNWIND $rows AS r CREATE (n:{name(self.type)} {self._map()}) RETURN count(*)"

    @property
    def create_numbered(self) -> str:
        """Creates rows; gives their number and the server's numbers of the nodes, in the order of the rows."""
        return f"UNWIND $rows AS r CREATE (n:{name(self.type)} {self._map()}) RETURN count(*), collect(id(n))"

    @property
    def update(self) -> str:
        """Gives the nodes of rows exactly these properties."""
        return f"{self._match()} SET n = {self._map()} RETURN count(*)"

    @property
    def delete(self) -> str:
        """Deletes the nodes of rows, and whatever others have tied to them."""
        return f"{self._match()} DETACH DELETE n RETURN count(*)"

    @property
    def read(self) -> str:
        """One row: the list of all rows whose id is in a range."""
        values = ", ".join(f"n.{name(column)}" for column in self.columns)
        return (
            f"MATCH (n:{name(self.type)}) USING INDEX n:{name(self.type)}(id) WHERE $low <= n.id < $high "
            f"RETURN collect([{values}])"
        )

    @property
    def bounds(self) -> str:
        """For a state in DuckDB: ids at every so many rows, sorted."""
        return f"""SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n
            FROM graph.{quoted(self.table)}) WHERE n % $rows = 0 ORDER BY id"""

    def _match(self) -> str:
        return f"UNWIND $rows AS r MATCH (n:{name(self.type)} {{id: r[0]}})"

    def _map(self) -> str:
        return _map(self.columns, 0)


@dataclass(frozen=True)
class Relationships:
    """The relationships of one type from one label to another."""

    relationship: RelationshipType
    subject: EntityType
    object: EntityType

    @property
    def type(self) -> str:
        """The name of the type."""
        return self.relationship.name

    @property
    def table(self) -> str:
        """Its table in schema `graph`."""
        return self.relationship.table

    @property
    def name(self) -> str:
        """What tells this strand from all others."""
        return f"({self.subject.label})-[{self.type}]->({self.object.label})"

    @property
    def properties(self) -> tuple[Property, ...]:
        """The columns of a row behind the ids of the ends."""
        return self.relationship.shown

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns of a row; the first two are the ids of the ends."""
        return ("_subject", "_object", *(column.name for column in self.properties))

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that identify a row."""
        return ("_subject", "_object", *self.relationship.key)

    @property
    def content(self) -> str:
        """The query that gives the rows from a state in DuckDB."""
        shown = _listed((column.name for column in self.properties), "r.")
        return f"SELECT s.id AS _subject, o.id AS _object, {shown} {self._joined()}"

    @property
    def numbered(self) -> str:
        """The same with the internal numbers of the ends instead of their ids, sorted by them."""
        return f"SELECT r._s, r._o, {_listed((c.name for c in self.properties), 'r.')} {self._joined()}"

    @property
    def create(self) -> str:
        """Creates rows between nodes that are there; gives the number created."""
        return f"{self._ends()} CREATE (s)-[:{name(self.type)} {self._map()}]->(o) RETURN count(*)"

    @property
    def create_numbered(self) -> str:
        """Creates rows between nodes that are given by the server's numbers; gives the number created."""
        return (
            "UNWIND $rows AS r MATCH (s) WHERE id(s) = r[0] MATCH (o) WHERE id(o) = r[1] "
            f"CREATE (s)-[:{name(self.type)} {self._map()}]->(o) RETURN count(*)"
        )

    @property
    def update(self) -> str:
        """Gives the relationships of rows exactly these properties."""
        return f"{self._found()} SET x = {self._map()} RETURN count(*)"

    @property
    def delete(self) -> str:
        """Deletes the relationships of rows."""
        return f"{self._found()} DELETE x RETURN count(*)"

    @property
    def read(self) -> str:
        """One row: the list of all rows whose subject's id is in a range."""
        values = ", ".join(["s.id", "o.id", *(f"r.{name(column.name)}" for column in self.properties)])
        start = name(self.subject.label)
        return (
            f"MATCH (s:{start})-[r:{name(self.type)}]->(o:{name(self.object.label)}) USING INDEX s:{start}(id) "
            f"WHERE $low <= s.id < $high RETURN collect([{values}])"
        )

    @property
    def bounds(self) -> str:
        """For a state in DuckDB: ids of subjects at every so many rows, sorted."""
        return f"""SELECT id FROM (SELECT id, n // $rows AS portion, lag(n // $rows, 1, 0) OVER (ORDER BY id) AS before
            FROM (SELECT s.id, sum(count(*)) OVER (ORDER BY s.id) AS n {self._joined()} GROUP BY s.id))
            WHERE portion <> before ORDER BY id"""

    def _joined(self) -> str:
        return (
            f"FROM graph.{quoted(self.table)} AS r "
            f"JOIN graph.{quoted(self.subject.table)} AS s ON s._nid = r._s "
            f"JOIN graph.{quoted(self.object.table)} AS o ON o._nid = r._o"
        )

    def _ends(self) -> str:
        return (
            f"UNWIND $rows AS r MATCH (s:{name(self.subject.label)} {{id: r[0]}}) "
            f"MATCH (o:{name(self.object.label)} {{id: r[1]}})"
        )

    def _found(self) -> str:
        """Finds the relationships of rows; WITH keeps the server from walking all those of a hub."""
        places = {column: place for place, column in enumerate(self.columns)}
        keys = [
            f"(x.{name(key)} = r[{places[key]}] OR (x.{name(key)} IS NULL AND r[{places[key]}] IS NULL))"
            for key in self.relationship.key
        ]
        where = f" WHERE {' AND '.join(keys)}" if keys else ""
        return f"{self._ends()} WITH r, s, o MATCH (s)-[x:{name(self.type)}]->(o){where}"

    def _map(self) -> str:
        return _map(tuple(column.name for column in self.properties), 2)


Strand = Nodes | Relationships


def strands(model: DataModel) -> Iterator[Strand]:
    """All strands: nodes first, then relationships, in the order of the model."""
    for entity in model.entities.values():
        yield Nodes(entity)
    for declared in model.relationships.values():
        for subject, object_ in declared.ends:
            yield Relationships(declared, model.entities[subject], model.entities[object_])


def name(identifier: str) -> str:
    """A label, type or property as Cypher text.

    >>> name("pubmed_ids")
    '`pubmed_ids`'
    """
    return "`" + identifier.replace("`", "``") + "`"


def _map(columns: tuple[str, ...], first: int) -> str:
    """A map of properties from the places of a row; a property that is null is not stored."""
    return "{" + ", ".join(f"{name(column)}: r[{place}]" for place, column in enumerate(columns, first)) + "}"


def _listed(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(prefix + quoted(column) for column in columns)
