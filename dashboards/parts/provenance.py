"""From a number to who said it: the statements behind an entity or a relationship, with release, file and row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.parts.table import show_table
from warehouse.model import FULL_MODEL

if TYPE_CHECKING:
    from dashboards.page import View
    from warehouse.answer import Answer

#: Every way in which a statement may refer to an entity: sources write symbols and identifiers of their own.
_REFERENCES = """
SELECT $id UNION SELECT merged_id FROM merges WHERE canonical_id = $id AND active
UNION SELECT synonym FROM synonyms WHERE entity_id = $id AND kind = 'identifier'
UNION SELECT $symbol_prefix || ':' || synonym FROM synonyms
    WHERE entity_id = $id AND kind IN ('symbol', 'previous_symbol', 'alias') AND $symbol_prefix IS NOT NULL
"""

_SHOWN = "source, release, file, row, subject, predicate, object, properties"


def references(view: View, entity_id: str, type_name: str) -> list[str]:
    """Every way in which a statement may refer to an entity, sorted."""
    prefix = FULL_MODEL.entities[type_name].symbol_prefix
    rows = view.sql(_REFERENCES, id=entity_id, symbol_prefix=prefix).rows()
    return sorted({row[0] for row in rows if row[0]})


def statements_about(view: View, entity_id: str, type_name: str) -> Answer:
    """What sources state about an entity itself."""
    text = f"""SELECT {_SHOWN} FROM assertions WHERE predicate = $type AND subject IN (SELECT unnest($references))
        ORDER BY source, release, file, row"""
    return view.sql(text, type=type_name, references=references(view, entity_id, type_name))


def statements_between(view: View, predicate: str, one: tuple[str, str], other: tuple[str, str]) -> Answer:
    """What sources state about a relationship.

    Args:
        view: what the page is drawn from.
        predicate: the type of the relationship.
        one, other: id and type of its ends, in either order.
    """
    text = f"""SELECT {_SHOWN} FROM assertions WHERE predicate = $predicate
        AND ((subject IN (SELECT unnest($one)) AND object IN (SELECT unnest($other)))
            OR (subject IN (SELECT unnest($other)) AND object IN (SELECT unnest($one))))
        ORDER BY source, release, file, row"""
    return view.sql(text, predicate=predicate, one=references(view, *one), other=references(view, *other))


def show_statements(view: View, answer: Answer, of_what: str, *, key: str) -> None:
    """The statements as a table."""
    show_table(
        view,
        answer,
        f"Statements of sources: {of_what}",
        key=key,
        help_texts={
            "row": "The row of the file, counted as its publisher's reader would.",
            "file": "The file of the release.",
        },
        empty="No source states this: the warehouse derived it, or an analysis predicts it.",
    )
