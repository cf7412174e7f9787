"""The documents of a build: which there are, of what, from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.errors import QuestionError, SourceError
from warehouse.identifier_forms import with_short_pdb_id

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Document:
    """A file that a source or a user brought, as the build recorded it.

    Args:
        entity_id: the entity that it is a document of (`pdb:1cbs`); None = of none that the build knows.
        entity_type: the type of that entity, as its source declares it; None = of none.
        source: the source that brought it.
        release: the release that it belongs to.
        file: its path below the folder of downloads.
        sha256: the checksum of its bytes, as they lie on the disk.
        size_bytes: their number.
        media_type: what it holds, unpacked.
    """

    entity_id: str | None
    entity_type: str | None
    source: str
    release: str
    file: str
    sha256: str
    size_bytes: int
    media_type: str


def documents(
    warehouse: Warehouse,
    entity_id: str | None = None,
    *,
    entity_type: str | None = None,
    media_type: str | None = None,
    source: str | None = None,
) -> list[Document]:
    """The documents that fit, by entity; of one entity first those of the source with the best rank, the newest first.

    Args:
        warehouse: the build, opened.
        entity_id: those of this entity; one of the Protein Data Bank by either form of its identifier.
        entity_type: those of entities of this type.
        media_type: those that hold this.
        source: those that this source brought.

    Raises:
        SourceError: the build was made by a version that recorded no documents.
    """
    entity_id = None if entity_id is None else with_short_pdb_id(entity_id)
    asked = {"entity_id": entity_id, "entity_type": entity_type, "media_type": media_type, "source": source}
    given = {name: value for name, value in asked.items() if value is not None}
    where = " AND ".join(["true", *(f"{name} = ${name}" for name in given)])
    query = f"""SELECT d.* FROM documents AS d JOIN sources AS s USING (source) WHERE {where}
        ORDER BY entity_id, s.rank, source, release DESC, file"""
    try:
        with warehouse.reading() as connection:
            rows = connection.execute(query, given).fetchall()
    except QuestionError:
        raise SourceError("This build does not record its documents.", "Build again: `targetgraph build`.") from None
    return [Document(*row) for row in rows]
