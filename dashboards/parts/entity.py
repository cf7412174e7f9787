"""One entity, as its report shows it: properties, relationships, and who says so; made from the data model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.parts.provenance import show_statements, statements_about, statements_between
from dashboards.parts.state import chosen_of
from dashboards.parts.table import show_table
from dashboards.parts.text import plain, shown, words
from warehouse.analyst.evidence import RANKED_BY, strongest_first
from warehouse.answer import Answer, to_polars
from warehouse.model import FULL_MODEL, RelationshipType

if TYPE_CHECKING:
    from dashboards.page import View


@dataclass(frozen=True)
class Entity:
    """The entity of the page."""

    id: str
    type: str
    values: dict[str, Any]

    @property
    def name(self) -> str:
        """Its symbol or name."""
        return str(self.values.get("symbol") or self.values.get("name") or self.id)


def find_entity(view: View, wanted: str) -> Entity | None:
    """The entity of an identifier, or of one that was merged into it; None = the build has none."""
    merged = view.sql("SELECT canonical_id FROM merges WHERE merged_id = $id AND active", id=wanted).rows()
    entity_id = merged[0][0] if merged else wanted
    if merged:
        st.caption(f"{plain(wanted)} is the same as {plain(entity_id)}.")
    found = view.sql("SELECT type FROM entities WHERE id = $id", id=entity_id).rows()
    if not found:
        return None
    table = FULL_MODEL.entities[found[0][0]].table
    values = next(iter(view.sql(f'FROM "{table}" WHERE id = $id', id=entity_id)))
    return Entity(entity_id, found[0][0], values)


def show_properties(view: View, entity: Entity) -> None:
    """Its values with their meaning, and those on which sources differ."""
    declared = {one.name: one for one in FULL_MODEL.entities[entity.type].shown}
    rows = [
        {"property": words(name), "value": shown(value), "meaning": declared[name].meaning if name in declared else ""}
        for name, value in entity.values.items()
        if value is not None and value != []
    ]
    show_table(view, pl.DataFrame(rows), f"Properties of {entity.id}", key="properties")
    conflicts = view.sql("FROM conflicts WHERE entity_id = $id ORDER BY ALL", id=entity.id)
    if len(conflicts):
        st.subheader("Where sources differ", anchor=False)
        show_table(view, conflicts, f"Conflicts of {entity.id}", key="conflicts")


def show_relationships(view: View, entity: Entity) -> None:
    """Its relationships of the type that is chosen; of the row that is chosen, who states it."""
    counted = relationship_counts(view, entity)
    if counted.is_empty():
        st.info("No relationship of it is known.", icon=":material/inbox:")
        return
    kinds = [(row["type"], row["direction"], row["other"]) for row in counted.iter_rows(named=True)]
    labels = {kind: _label(kind, count) for kind, count in zip(kinds, counted["n"], strict=True)}
    by_name = {" ".join(kind): kind for kind in kinds}
    named = chosen_of(
        "Relationship",
        list(by_name),
        "relationship",
        names={name: labels[kind] for name, kind in by_name.items()},
        of=entity.id,
        help="By type, direction and type of the other entity, the most numerous first.",
    )
    kind = by_name[named]
    answer = _related(view, entity, kind)
    row = show_table(
        view,
        answer,
        f"{named} of {entity.id}",
        key=f"related_{named.replace(' ', '_')}",
        entity_columns=("id",),
        help_texts={"id": "Opens the report."},
        select=["id"],
    )
    if row is None:
        st.caption(f"{RANKED_BY} Select a row to see its supporting records, with file and row.")
    else:
        st.subheader(f"Supporting records: {plain(row['name'] or row['id'])}", anchor=False)
        said = statements_between(view, kind[0], (entity.id, entity.type), (row["id"], kind[2]))
        show_statements(view, said, f"{entity.id} {kind[0]} {row['id']}", key="statements_between")


def relationship_counts(view: View, entity: Entity) -> pl.DataFrame:
    """How many relationships it has, by type, direction and the type of the other end."""
    found = [
        to_polars(
            view.query(
                f"MATCH (n:{entity.type} {{id: $id}}){left}-[r]-{right}(x) "
                "RETURN type(r) AS type, labels(x)[0] AS other, count(*) AS n",
                id=entity.id,
            ).table
        ).with_columns(direction=pl.lit(direction))
        for direction, left, right in (("to", "", ">"), ("from", "<", ""))
    ]
    schema = {"type": pl.String, "other": pl.String, "n": pl.Int64, "direction": pl.String}
    both = pl.concat(
        [one.cast({"n": pl.Int64}).select(list(schema)) for one in found if one.height] or [pl.DataFrame(schema=schema)]
    )
    symmetric = [name for name, declared in FULL_MODEL.relationships.items() if declared.symmetric]
    direction = pl.when(pl.col("type").is_in(symmetric)).then(pl.lit("with")).otherwise("direction")
    grouped = both.with_columns(direction=direction).group_by("type", "direction", "other").agg(pl.col("n").sum())
    return grouped.sort(
        [pl.col("n"), pl.col("type"), pl.col("direction"), pl.col("other")], descending=[True, False, False, False]
    )


def _label(kind: tuple[str, str, str], count: int) -> str:
    type_name, direction, other = kind
    arrow = {"to": "→", "from": "←", "with": "–"}[direction]
    return f"{type_name} {arrow} {other} ({count:,})"


def _related(view: View, entity: Entity, kind: tuple[str, str, str]) -> Answer:
    type_name, direction, other = kind
    declared = FULL_MODEL.relationships[type_name]
    left, right = {"to": ("", ">"), "from": ("<", ""), "with": ("", "")}[direction]
    columns = ", ".join(f"r.{name} AS {name}" for name in _columns(declared))
    has_symbol = any(one.name == "symbol" for one in FULL_MODEL.entities[other].properties)
    symbol, order = ("x.symbol AS symbol, ", "coalesce(x.symbol, x.name)") if has_symbol else ("", "name")
    text = (
        f"MATCH (n:{entity.type} {{id: $id}}){left}-[r:{type_name}]-{right}(x:{other}) "
        f"RETURN x.id AS id, {symbol}x.name AS name, {columns} ORDER BY {strongest_first('r')}, {order}, id"
    )
    answer = view.query(text, id=entity.id)
    # A column in which nothing stands says nothing.
    said = [name for name in answer.columns if name in {"id", "name"} or answer.table[name].null_count < len(answer)]
    return Answer(answer.table.select(said), answer.truncated, answer.warnings, answer.seconds)


def _columns(declared: RelationshipType) -> list[str]:
    first = ["sources", "evidence"]
    return [*first, *(one.name for one in declared.shown if one.name not in {*first, "id", "name"})]


def show_what_is_said(view: View, entity: Entity) -> None:
    """The statements about it, the identifiers that mean it, and its names."""
    show_statements(view, statements_about(view, entity.id, entity.type), f"about {entity.id}", key="statements")
    merged = view.sql("FROM merges WHERE canonical_id = $id ORDER BY merged_id", id=entity.id)
    if len(merged):
        st.subheader("Identifiers that are the same", anchor=False)
        show_table(view, merged, f"Merges into {entity.id}", key="merges")
    names = view.sql(
        "SELECT synonym, kind, sources FROM synonyms WHERE entity_id = $id ORDER BY kind, synonym", id=entity.id
    )
    st.subheader("Names", anchor=False)
    show_table(view, names, f"Names of {entity.id}", key="names")
