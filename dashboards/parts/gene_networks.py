"""What a run of `ecv` found, as a page shows it: subnetworks, their edges and drugs, curves, pairs of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dashboards.page import View
from dashboards.parts.network import Edge, Node
from dashboards.theme import CATEGORIES, DIVERGING
from warehouse.answer import Limits

_ROWS = 200_000
_DRUGS_IN_NOTE = 6
#: The candidate targets of a subnetwork with drugs, structures and pathways.
CANDIDATES = """MATCH (s:Subnetwork {id: $subnetwork})-[m:HAS_MEMBER]->(g:Gene)
OPTIONAL MATCH (g)<-[:TARGETS|BINDS]-(d:Drug)
WITH g, m, collect(DISTINCT d.name) AS names
OPTIONAL MATCH (g)-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(t:Structure)
WITH g, m, names, count(DISTINCT t) AS structures
OPTIONAL MATCH (g)-[:PARTICIPATES_IN]->(p:Pathway)
RETURN g.id AS gene_id, g.symbol AS gene, m.role AS role, size(names) AS drugs, structures,
  count(DISTINCT p) AS pathways, names[..8] AS some_drugs
ORDER BY role, drugs DESC, gene_id"""

#: What is to be seen in the curve of an edge.
CURVE = """Line: the learned contribution of the parent. Points on it: the samples; faint points: what the other parents
leave unexplained is added. Dashed lines: means of the groups. Choose a row above for another edge."""

KNOWN, UNKNOWN, OTHER, DRUG = "Target of a drug", "Gene without a drug", "Other variable", "Drug"


@dataclass(frozen=True)
class Found:
    """A subnetwork of a run.

    Args:
        run: the run.
        id: its id in the graph.
        name: its name.
        description: how it was made.
        edges: its edges, the largest difference first: `parent`, `child`, `parent_id`, `child_id`, `value` (the
            difference of the mean contributions, or where nothing was compared the mean contribution) and the figures
            of the run.
        drugs: drugs of its genes: `gene`, `drug_id`, `drug`, `actions`.
        hubs: the ids of its hubs.
    """

    run: str
    id: str
    name: str
    description: str
    edges: pl.DataFrame
    drugs: pl.DataFrame
    hubs: frozenset[str]

    @property
    def compared(self) -> bool:
        """Whether groups or pairs were compared: values then have two directions."""
        return bool((self.edges["value"] < 0).any()) or "difference" in self.edges.columns


def runs(view: View) -> dict[str, str]:
    """The active runs of `ecv`, each with what a person calls it; the last one first."""
    rows = view.sql("SELECT run, parameters, started_at FROM runs WHERE analysis = 'ecv' ORDER BY started_at DESC, run")
    return {row["run"]: _called(row) for row in rows}


def _called(row: dict[str, Any]) -> str:
    import json

    given = json.loads(row["parameters"])
    files = [given[name]["file"] for name in ("matrix", "sample_table", "pairs") if given.get(name)]
    said = [given[name] for name in ("cohort", "groups") if given.get(name)]
    return f"{', '.join([*said, *files])} · {row['started_at'][:16].replace('T', ' ')} · {row['run']}"


def subnetworks(view: View, run: str) -> dict[str, dict[str, Any]]:
    """The subnetworks of a run by id, the largest first."""
    rows = view.sql(
        "SELECT id, name, description, edges FROM subnetwork WHERE run = $run ORDER BY edges DESC, id", run=run
    )
    return {row["id"]: row for row in rows}


def read(view: View, run: str, about: dict[str, Any]) -> Found:
    """Everything about one subnetwork."""
    edges = _edges(view, run, about)
    ids = sorted({*edges["parent_id"].drop_nulls(), *edges["child_id"].drop_nulls()})
    drugs = table(
        view,
        """SELECT t.gene, t.drug_id, coalesce(d.name, t.drug_id) AS drug,
            list_sort(list_distinct(flatten(list(coalesce(t.actions, []))))) AS actions
        FROM (SELECT object AS gene, subject AS drug_id, actions FROM targets
            UNION ALL SELECT object, subject, actions FROM binds) AS t JOIN drug AS d ON d.id = t.drug_id
        WHERE t.gene IN (SELECT unnest($ids::VARCHAR[])) GROUP BY ALL ORDER BY ALL""",
        ids=ids,
    )
    hubs = table(view, "SELECT object FROM has_member WHERE subject = $id AND role = 'hub'", id=about["id"])
    return Found(run, about["id"], about["name"], about["description"] or "", edges, drugs, frozenset(hubs["object"]))


def table(view: View, text: str, **parameters: Any) -> pl.DataFrame:
    """All rows of a question about a run."""
    limits = Limits(view.warehouse.limits.timeout_s, _ROWS, view.warehouse.limits.memory_mb)
    return view.warehouse.sql(text, parameters, limits=limits).to_polars()


def _edges(view: View, run: str, about: dict[str, Any]) -> pl.DataFrame:
    local = about["id"].rpartition(f"{run}.")[2]
    text = "FROM ecv_edges WHERE run = $run AND list_contains(subnetworks, $local)"
    edges = table(view, text, run=run, local=local).drop("run", "subnetworks")
    edges = edges.select(one for one in edges.columns if edges[one].null_count() < edges.height or one.endswith("_id"))
    if "contrast" in edges.columns and about["name"] in edges["contrast"]:
        edges = edges.filter(pl.col("contrast") == about["name"])
    if local.startswith("pair_"):
        own = "SELECT parent, child, difference FROM ecv_pairs WHERE run = $run AND pair = $pair"
        edges = edges.drop("difference", strict=False).join(
            table(view, own, run=run, pair=about["name"]), ["parent", "child"], maintain_order="left"
        )
    value = "difference" if "difference" in edges.columns else "mean_ecv"
    edges = edges.unique(["parent", "child"], keep="first", maintain_order=True).with_columns(value=pl.col(value))
    first = ["parent", "child", "value"]
    return edges.select(*first, pl.exclude(first)).sort(
        pl.col("value").abs(), "parent", "child", descending=[True, False, False]
    )


def picture(found: Found, most: int, *, with_drugs: bool) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges to draw: so many edges, the largest differences first."""
    shown = found.edges.head(most)
    largest = max(float(shown["value"].abs().max() or 0), 1e-12)  # type: ignore[arg-type]
    names = dict(zip([*shown["parent"], *shown["child"]], [*shown["parent_id"], *shown["child_id"]], strict=True))
    weight: dict[str, float] = {}
    for parent, value in zip(shown["parent"], shown["value"], strict=True):
        weight[parent] = weight.get(parent, 0.0) + abs(value)
    heaviest = max(weight.values(), default=1.0) or 1.0
    known = _notes_of_drugs(found.drugs)
    nodes = [
        Node(
            id_ or name,
            name,
            OTHER if id_ is None else KNOWN if id_ in known else UNKNOWN,
            weight.get(name, 0.0) / heaviest,
            CATEGORIES[{OTHER: 7, KNOWN: 1, UNKNOWN: 4}[OTHER if id_ is None else KNOWN if id_ in known else UNKNOWN]],
            note=known.get(id_ or "", id_ or "not in the warehouse"),
            ringed=id_ in found.hubs,
        )
        for name, id_ in names.items()
    ]
    edges = [_edge(row, largest, names) for row in shown.iter_rows(named=True)]
    if with_drugs:
        drugs = found.drugs.filter(pl.col("gene").is_in([one for one in names.values() if one]))
        drugs = drugs.filter(pl.int_range(pl.len()).over("gene") < _DRUGS_IN_NOTE)
        nodes += [
            Node(id_, name, DRUG, 0.1, CATEGORIES[0], note=id_)
            for id_, name in drugs.select("drug_id", "drug").unique(maintain_order=True).iter_rows()
        ]
        edges += [
            Edge(row["drug_id"], row["gene"], "", 0.1, CATEGORIES[0], ", ".join(row["actions"]), dashed=True)
            for row in drugs.iter_rows(named=True)
        ]
    return nodes, edges


def show_scale(found: Found) -> None:
    """What the colours of the edges mean."""
    left, right = ("lower", "higher") if found.compared else ("negative", "positive")
    colours = ", ".join(DIVERGING)
    st.html(
        f"""<div style="display:flex;gap:.6em;align-items:center;font-size:.85em">{left}
        <span aria-hidden="true" style="width:9em;height:.7em;background:linear-gradient(to right,{colours})"></span>
        {right} contribution to the child{" in the second group" if found.compared else ""}</div>"""
    )


def _edge(row: dict[str, Any], largest: float, names: dict[str, str | None]) -> Edge:
    value = float(row["value"])
    note = f"{row['parent']} to {row['child']}: {value:+.3g}"
    if row.get("q_value") is not None:
        note += f", q = {row['q_value']:.2g}"
    start, end = (names[row[side]] or row[side] for side in ("parent", "child"))
    return Edge(start, end, "", abs(value) / largest, colour(value / largest), note)


def colour(share: float) -> str:
    """The colour of a difference as a share of the largest, from -1 to 1."""
    middle = 4
    if share < 0:
        return DIVERGING[max(int((1 + share) * middle), 0)]
    return DIVERGING[middle + 1 + min(int(share * 5), 4)]


def _notes_of_drugs(drugs: pl.DataFrame) -> dict[str, str]:
    """For each gene with drugs a line that names some."""
    notes = {}
    for (gene,), rows in drugs.group_by("gene", maintain_order=True):
        names = rows["drug"].unique(maintain_order=True).to_list()
        more = f" and {len(names) - _DRUGS_IN_NOTE} more" if len(names) > _DRUGS_IN_NOTE else ""
        notes[str(gene)] = f"{gene}: {', '.join(names[:_DRUGS_IN_NOTE])}{more}"
    return notes


def curve(view: View, found: Found, parent: str, child: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The line of an edge and its samples; empty where the run kept none."""
    where = "WHERE run = $run AND parent = $parent AND child = $child"
    given = {"run": found.run, "parent": parent, "child": child}
    line = table(view, f"SELECT x, contribution FROM ecv_curves {where} ORDER BY x", **given)
    text = f'SELECT sample, "group", x, contribution, partial_residual FROM ecv_samples {where} ORDER BY sample'
    return line, table(view, text, **given)


def curve_chart(line: pl.DataFrame, samples: pl.DataFrame, parent: str, child: str) -> dict[str, Any]:
    """The contribution of a parent to its child over the parent's values, with the samples, for Vega-Lite."""
    told = [{"field": one, "type": "nominal"} for one in ("sample", "group")]
    told += [_number(one, None) | {"format": ".3f"} for one in ("x", "contribution", "partial_residual")]
    group = {"field": "group", "type": "nominal", "title": None, "scale": {"range": list(CATEGORIES)}}
    x = _number("x", parent) | {"scale": {"zero": False, "nice": False}}
    over = {"x": x, "color": group, "tooltip": told}
    title = f"contribution to {child}"
    points = {"values": samples.to_dicts()}
    return {
        "height": 380,
        "layer": [
            _layer(
                points, {"type": "circle", "size": 18, "opacity": 0.3}, over | {"y": _number("partial_residual", title)}
            ),
            _layer(
                {"values": line.to_dicts()},
                {"type": "line", "color": CATEGORIES[7], "size": 2},
                {"x": x, "y": _number("contribution", title)},
            ),
            _layer(
                points, {"type": "circle", "size": 42, "opacity": 0.9}, over | {"y": _number("contribution", title)}
            ),
            _layer(
                points,
                {"type": "rule", "strokeDash": [6, 4], "size": 2},
                {"y": _number("contribution", title) | {"aggregate": "mean"}, "color": group},
            ),
        ],
    }


def pairs(view: View, run: str, most: int = 40) -> pl.DataFrame:
    """The difference of each edge in each pair, for the edges that most pairs have; empty without pairs."""
    if not view.sql("SELECT view_name FROM duckdb_views() WHERE view_name = 'ecv_pairs'"):
        return pl.DataFrame()
    return table(
        view,
        """WITH own AS (FROM ecv_pairs WHERE run = $run), common AS (
            SELECT parent, child FROM own GROUP BY ALL
            ORDER BY count(*) FILTER (coalesce(responder, true)) DESC, sum(abs(difference)) DESC, ALL LIMIT $most)
        SELECT parent || ' to ' || child AS edge, pair, difference,
            CASE WHEN responder THEN 'Responders' WHEN NOT responder THEN 'Non-responders' ELSE 'Pairs' END AS side
        FROM own SEMI JOIN common USING (parent, child) ORDER BY side DESC, pair, edge""",
        run=run,
        most=most,
    )


def pairs_chart(differences: pl.DataFrame) -> dict[str, Any]:
    """Edges by pairs, coloured by their difference, responders beside non-responders, for Vega-Lite."""
    largest = float(differences["difference"].abs().max() or 1)  # type: ignore[arg-type]
    scale = {"domain": [-largest, largest], "range": list(DIVERGING)}
    count = differences["edge"].n_unique()
    return {
        "data": {"values": differences.to_dicts()},
        "facet": {"column": {"field": "side", "type": "nominal", "title": None, "sort": "descending"}},
        "resolve": {"scale": {"x": "independent"}},
        "spec": {
            "height": 18 * count,
            "width": {"step": 22},
            "mark": {"type": "rect", "tooltip": True},
            "encoding": {
                "x": {"field": "pair", "type": "nominal", "title": None},
                "y": {"field": "edge", "type": "nominal", "title": None, "axis": {"labelLimit": 260}},
                "color": _number("difference", "difference") | {"scale": scale},
            },
        },
    }


def _layer(data: dict[str, Any], mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    return {"data": data, "mark": mark, "encoding": encoding}


def _number(name: str, title: str | None) -> dict[str, Any]:
    return {"field": name, "type": "quantitative"} | ({} if title is None else {"title": title})
