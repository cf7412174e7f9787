"""The neighbours of some entities, read from the graph, the best supported first, and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.parts.network import MOST_NODES, Edge, Node
from dashboards.parts.state import flag_of, number_of, several_of
from dashboards.parts.text import plain
from warehouse.analyst.evidence import RANKED_BY, ranked, strongest_first
from warehouse.answer import to_polars
from warehouse.model import FULL_MODEL

if TYPE_CHECKING:
    from dashboards.page import View
    from warehouse.home import Build
    from warehouse.warehouse import Warehouse

_COLUMNS: dict[str, Any] = {
    "subject": pl.String,
    "type": pl.String,
    "object": pl.String,
    "centre": pl.String,
    "other": pl.String,
    "other_name": pl.String,
    "other_type": pl.String,
    "sources": pl.List(pl.String),
    "publications": pl.Int64,
    "evidence": pl.String,
}
_ENDS = ["subject", "type", "object"]
_MOST_RELATIONSHIPS = 100_000
_MOST_EDGES = 4 * MOST_NODES
#: More relationships between the neighbours hide those of the centres.
_MOST_BETWEEN = 300


@dataclass(frozen=True)
class Centre:
    """An entity whose neighbours are drawn."""

    id: str
    type: str
    name: str


def centres_of(view: View, ids: Sequence[str]) -> list[Centre]:
    """The entities of some identifiers, each once; a caution names those that the build does not have."""
    known = {
        row[0]: Centre(*row)
        for row in view.sql(
            """SELECT e.id, e.type, coalesce(g.symbol, e.name, e.id) FROM entities AS e LEFT JOIN gene AS g USING (id)
            WHERE e.id IN (SELECT unnest($ids::VARCHAR[]))""",
            ids=list(ids),
        ).rows()
    }
    unknown = [one for one in ids if one not in known]
    if unknown:
        st.warning(f"This build has no entity {plain(', '.join(unknown))}.", icon=":material/search_off:")
    return [known[one] for one in dict.fromkeys(ids) if one in known]


@dataclass(frozen=True)
class Neighbourhood:
    """Relationships in the order of the evidence for them.

    Args:
        relationships: their ends, type, sources, number of publications and evidence.
        truncated: whether there are more than were read.
    """

    relationships: pl.DataFrame
    truncated: bool


def neighbours(view: View, centres: Sequence[Centre]) -> Neighbourhood:
    """The relationships of the centres; kept, since filters are tried one after the other."""
    return _read(view.warehouse, view.warehouse.build, tuple(centres))


@st.cache_resource(max_entries=64, show_spinner="Reading the neighbours ...")
def _read(_warehouse: Warehouse, build: Build, centres: tuple[Centre, ...]) -> Neighbourhood:
    limits = replace(_warehouse.limits, rows=_MOST_RELATIONSHIPS)
    frames, truncated = [], False
    for label in sorted({centre.type for centre in centres}):
        ids = [centre.id for centre in centres if centre.type == label]
        # Which end is the first is asked as a yes or no: the ids of both ends would be looked up among all entities.
        # A cut leaves the best supported.
        text = f"""MATCH (n:{label})-[r]-(x) WHERE n.id IN $ids
            RETURN startNode(r) = n AS first, type(r) AS type, n.id AS centre, x.id AS other,
                coalesce(x.symbol, x.name, x.id) AS other_name, labels(x)[0] AS other_type,
                r.sources AS sources, coalesce(size(r.pubmed_ids), 0) AS publications, r.evidence AS evidence
            ORDER BY {strongest_first("r")}, other_name, other, type, centre"""
        answer = _warehouse.query(text, {"ids": ids}, limits=limits)
        truncated = truncated or answer.truncated
        frames.append(_with_ends(to_polars(answer.table)))
    both = ranked(pl.concat(frames), "other_name", "other", *_ENDS)
    return Neighbourhood(both.unique(_ENDS, keep="first", maintain_order=True), truncated)


def _with_ends(rows: pl.DataFrame) -> pl.DataFrame:
    ends = {"subject": ("centre", "other"), "object": ("other", "centre")}
    columns = [pl.when("first").then(near).otherwise(far).alias(end) for end, (near, far) in ends.items()]
    return rows.with_columns(columns).select(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items())


@dataclass(frozen=True)
class Filters:
    """What the visitor chose.

    Args:
        types: of relationships; empty: all.
        others: types of neighbours; empty: all.
        sources: those that state a relationship; empty: all.
        most: relationships of each type for each centre.
        between: whether relationships between the neighbours are drawn.
    """

    types: list[str]
    others: list[str]
    sources: list[str]
    most: int
    between: bool

    def fitting(self, relationships: pl.DataFrame) -> pl.DataFrame:
        """The relationships of the chosen types and sources."""
        if self.types:
            relationships = relationships.filter(pl.col("type").is_in(self.types))
        if self.sources:
            stated = pl.col("sources").list.eval(pl.element().is_in(self.sources)).list.any()
            relationships = relationships.filter(stated)
        return relationships


def ask_filters(known: pl.DataFrame) -> Filters:
    """By type of relationship, type of neighbour, source, and number."""
    sources = sorted(set(known["sources"].explode().drop_nulls()))
    columns = st.columns(4)
    with columns[0]:
        types = several_of("Relationships", sorted(set(known["type"])), "types", placeholder="All")
    with columns[1]:
        others = several_of("Neighbours", sorted(set(known["other_type"])), "others", placeholder="All")
    with columns[2]:
        stated_by = several_of("Sources", sources, "sources", placeholder="All")
    with columns[3]:
        most = number_of("At most of each type", 1, 100, 12, "most", draw=st.slider, help=RANKED_BY)
        help_text = "Draw the relationships between the neighbours, too."
        between = flag_of("Between neighbours", "between", default=True, help=help_text)
    return Filters(types, others, stated_by, int(most), between)


def strongest(known: Neighbourhood, filters: Filters) -> pl.DataFrame:
    """The relationships that are drawn, the best supported first; says by what they are ranked and what is left out."""
    fitting = filters.fitting(known.relationships)
    if filters.others:
        fitting = fitting.filter(pl.col("other_type").is_in(filters.others))
    place = pl.int_range(pl.len()).over("centre", "type")
    kept = fitting.filter(place < filters.most).head(_MOST_EDGES)
    of_all = f"{kept.height:,} of {fitting.height:,}" if kept.height < fitting.height else f"All {fitting.height:,}"
    more = f" Only the first {_MOST_RELATIONSHIPS:,} were read." if known.truncated else ""
    st.caption(f"{of_all} relationships are shown. {RANKED_BY}{more}")
    return kept


def between(view: View, centres: Sequence[Centre], nodes: Sequence[Node], filters: Filters) -> pl.DataFrame:
    """The relationships between the neighbours that are drawn, the best supported first; says how many are left out."""
    own = {centre.id for centre in centres}
    names = {node.id: node.name for node in nodes[:MOST_NODES] if node.id not in own}
    known = _read_between(view.warehouse, view.warehouse.build, tuple(sorted(names)))
    fitting = filters.fitting(known.relationships)
    kept = fitting.head(_MOST_BETWEEN)
    if kept.height < fitting.height:
        more = "more than " if known.truncated else ""
        st.caption(
            f"Of {more}{fitting.height:,} relationships between the neighbours {kept.height} are drawn, "
            "ranked in the same way."
        )
    named = [
        pl.col(end).replace_strict(names, return_dtype=pl.String).alias(f"{end}_name") for end in ("subject", "object")
    ]
    return kept.with_columns(named).select(
        "subject_name", "type", "object_name", "sources", "publications", "evidence", "subject", "object"
    )


@st.cache_resource(max_entries=64, show_spinner="Reading what links the neighbours ...")
def _read_between(_warehouse: Warehouse, build: Build, ids: tuple[str, ...]) -> Neighbourhood:
    columns = {name: _COLUMNS[name] for name in (*_ENDS, "sources", "publications", "evidence")}
    if len(ids) < 2:
        return Neighbourhood(pl.DataFrame(schema=columns), truncated=False)
    text = f"""MATCH (a)-[r]->(b) WHERE a.id IN $ids AND b.id IN $ids AND a.id <> b.id
        WITH a, r, b, coalesce(a.symbol, a.name, a.id) AS first_name, coalesce(b.symbol, b.name, b.id) AS second_name
        RETURN a.id AS subject, type(r) AS type, b.id AS object, r.sources AS sources,
            coalesce(size(r.pubmed_ids), 0) AS publications, r.evidence AS evidence
        ORDER BY {strongest_first("r")}, first_name, second_name, subject, object, type"""
    answer = _warehouse.query(text, {"ids": list(ids)}, limits=replace(_warehouse.limits, rows=_MOST_RELATIONSHIPS))
    rows = to_polars(answer.table).select(pl.col(name).cast(dtype) for name, dtype in columns.items())
    return Neighbourhood(rows, answer.truncated)


def picture(centres: Sequence[Centre], kept: pl.DataFrame) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges to draw: the centres, ringed, and the neighbours that were kept."""
    nodes = {centre.id: Node(centre.id, centre.name, centre.type, 0.8, ringed=True) for centre in centres}
    for row in kept.iter_rows(named=True):
        other = row["other"]
        nodes.setdefault(other, Node(other, row["other_name"], row["other_type"], 0.25, note=other))
    return list(nodes.values()), edges_of(kept)


def edges_of(relationships: pl.DataFrame) -> list[Edge]:
    """Relationships as edges: the more sources, the wider."""
    return [_edge(row) for row in relationships.iter_rows(named=True)]


def _edge(row: dict[str, Any]) -> Edge:
    sources, publications = row["sources"] or [], row["publications"]
    papers = f"{publications:,} publication{'s' if publications > 1 else ''}" if publications else ""
    return Edge(
        row["subject"],
        row["object"],
        row["type"],
        min(len(sources), 4) / 6,
        note="; ".join(one for one in (", ".join(sources), papers) if one),
        directed=not FULL_MODEL.relationships[row["type"]].symmetric,
        dashed=row["evidence"] == "predicted",
    )
