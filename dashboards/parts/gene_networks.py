"""What a run of `ecv` found, as a page shows it: subnetworks, their edges and drugs, curves, pairs of samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from dashboards.page import View
from dashboards.parts.network import Edge, Node
from dashboards.parts.text import plain
from dashboards.theme import CATEGORIES, DIVERGING
from warehouse.answer import Limits

_ROWS = 200_000
_OF_AN_EDGE = ("parent", "child", "parent_id", "child_id", "frequency", "edf", "mean_slope", "mean_ecv")
_GRADIENT = f"linear-gradient(to right,{','.join(DIVERGING)})"
_DRUGS_OF_A_GENE = 4
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
        edges: its edges, significant ones first, then the largest difference: `parent`, `child`, `parent_id`,
            `child_id`, `value` (the difference of the mean contributions, or where nothing was compared the mean
            contribution) and the figures of the run.
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


def shown_edges(found: Found) -> pl.DataFrame:
    """The edges as a table for people: what was compared first, identifiers last."""
    value = "difference" if found.compared else "mean_ecv"
    first = [
        "rank",
        "parent",
        "child",
        value,
        "lower",
        "upper",
        "q_value",
        "p_value",
        "frequency",
        "mean_ecv",
        "mean_slope",
    ]
    frame = found.edges.with_columns(pl.col("value").alias(value)).drop("value", "delta_ecv", "contrast", strict=False)
    ordered = [one for one in dict.fromkeys(first) if one in frame.columns]
    rest = [one for one in frame.columns if one not in {*ordered, "parent_id", "child_id"}]
    return frame.select(*ordered, *rest, "parent_id", "child_id")


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
        # The figures of a comparison of groups say nothing of one pair.
        edges = edges.select(pl.col(one for one in _OF_AN_EDGE if one in edges.columns))
        edges = edges.join(table(view, own, run=run, pair=about["name"]), ["parent", "child"], maintain_order="left")
    value = "difference" if "difference" in edges.columns else "mean_ecv"
    edges = edges.unique(["parent", "child"], keep="first", maintain_order=True).with_columns(value=pl.col(value))
    first = ["parent", "child", "value"]
    edges = edges.select(*first, pl.exclude(first))
    # Runs of earlier versions did not rank their edges.
    ranked = ["rank"] if "rank" in edges.columns and "contrast" in edges.columns else []
    by = [*ranked, -pl.col("value").abs(), "parent", "child"]
    return edges.sort(by, nulls_last=True)


def picture(found: Found, most: int, *, with_drugs: bool) -> tuple[list[Node], list[Edge]]:
    """Nodes and edges to draw: so many edges, in their order."""
    shown = found.edges.head(most)
    ids = dict(zip([*shown["parent"], *shown["child"]], [*shown["parent_id"], *shown["child_id"]], strict=True))
    # A few edges tower above the others: colours and widths are full from the ninth tenth on.
    full = max(float(shown["value"].abs().quantile(0.9) or 0), 1e-12)
    weights = {
        str(name): float(weight)
        for name, weight in shown.group_by("parent").agg(pl.col("value").abs().clip(0, full).sum()).iter_rows()
    }
    heaviest = max(weights.values(), default=1.0) or 1.0
    known = _notes_of_drugs(found.drugs)
    nodes = [
        Node(
            id_ or name,
            name,
            OTHER if id_ is None else KNOWN if id_ in known else UNKNOWN,
            weights.get(name, 0.0) / heaviest,
            note=known.get(id_ or "", id_ or "not in the warehouse"),
            ringed=id_ in found.hubs,
        )
        for name, id_ in ids.items()
    ]
    edges = [_edge(row, full, ids) for row in shown.iter_rows(named=True)]
    if not with_drugs:
        return nodes, edges
    drugs = found.drugs.filter(pl.col("gene").is_in([one for one in ids.values() if one]))
    more_nodes, more_edges = _drawn_drugs(drugs.filter(pl.int_range(pl.len()).over("gene") < _DRUGS_OF_A_GENE))
    return nodes + more_nodes, edges + more_edges


def _drawn_drugs(drugs: pl.DataFrame) -> tuple[list[Node], list[Edge]]:
    once = drugs.select("drug_id", "drug").unique(maintain_order=True)
    nodes = [Node(id_, name, DRUG, 0.05, note=id_) for id_, name in once.iter_rows()]
    edges = [
        Edge(row["drug_id"], row["gene"], "", 0.05, CATEGORIES[-1], ", ".join(row["actions"]), dashed=True)
        for row in drugs.iter_rows(named=True)
    ]
    return nodes, edges


def show_scale(found: Found) -> None:
    """What the colours of the edges mean."""
    first, against, _second = found.name.partition(" against ")
    where = "" if not found.compared else f" in {first}" if against else " after"
    left, right = ("lower", "higher") if found.compared else ("negative", "positive")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(left, width="content")
        st.html(f'<div aria-hidden="true" style="height:.7em;background:{_GRADIENT}"></div>', width=140)
        st.caption(plain(f"{right} contribution to the child{where}"), width="content")


def _edge(row: dict[str, Any], full: float, names: dict[str, str | None]) -> Edge:
    value = float(row["value"])
    note = f"{row['parent']} to {row['child']}: {value:+.3g}"
    if row.get("q_value") is not None:
        note += f", q = {row['q_value']:.2g}"
    start, end = (names[row[side]] or row[side] for side in ("parent", "child"))
    return Edge(start, end, "", 0.5 * min(abs(value) / full, 1), colour(value / full), note)


def colour(share: float) -> str:
    """The colour of a difference as a share of one that has the full colour: four steps to each side.

    >>> colour(-2.0) == DIVERGING[0], colour(0.0) == DIVERGING[6]
    (True, True)
    """
    step = min(int(abs(share) * 4), 3)
    return DIVERGING[3 - step] if share < 0 else DIVERGING[6 + step]


def _notes_of_drugs(drugs: pl.DataFrame) -> dict[str, str]:
    """For each gene with drugs a line that names some."""
    notes = {}
    for (gene,), rows in drugs.group_by("gene", maintain_order=True):
        names = rows["drug"].unique(maintain_order=True).to_list()
        more = f" and {len(names) - _DRUGS_OF_A_GENE} more" if len(names) > _DRUGS_OF_A_GENE else ""
        notes[str(gene)] = f"{gene}: {', '.join(names[:_DRUGS_OF_A_GENE])}{more}"
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
    grouped = samples["group"].n_unique() > 1
    told = [{"field": one, "type": "nominal"} for one in (("sample", "group") if grouped else ("sample",))]
    told += [_number(one, None) | {"format": ".3f"} for one in ("x", "contribution", "partial_residual")]
    legend = {"symbolOpacity": 1, "orient": "top"} if grouped else None
    group = {"field": "group", "type": "nominal", "title": None, "scale": {"range": list(CATEGORIES)}, "legend": legend}
    x = _number("x", parent) | {"scale": {"zero": False, "nice": False}}
    over = {"x": x, "color": group, "tooltip": told}
    residual, height = (_number(one, f"contribution to {child}") for one in ("partial_residual", "contribution"))
    points = {"values": samples.to_dicts()}
    grey = {"type": "line", "color": CATEGORIES[7], "size": 2}
    layers = [
        _layer(points, {"type": "circle", "size": 18, "opacity": 0.3}, over | {"y": residual}),
        _layer({"values": line.to_dicts()}, grey, {"x": x, "y": height}),
        _layer(points, {"type": "circle", "size": 42, "opacity": 0.9}, over | {"y": height}),
    ]
    if grouped:
        dashes = {"type": "rule", "strokeDash": [6, 4], "size": 2}
        layers.append(_layer(points, dashes, {"y": height | {"aggregate": "mean"}, "color": group}))
    return {"height": 380, "layer": layers}


def pairs(view: View, run: str, most: int = 40) -> pl.DataFrame:
    """The difference of each edge in each pair, for the edges that most pairs have; empty without pairs."""
    return table(
        view,
        """WITH own AS (FROM ecv_pairs WHERE run = $run), common AS (
            SELECT parent, child FROM own GROUP BY ALL
            ORDER BY count(*) FILTER (coalesce(responder, true)) DESC, sum(abs(difference)) DESC, parent, child
            LIMIT $most)
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
                "y": {
                    "field": "edge",
                    "type": "nominal",
                    "title": None,
                    "axis": {"labelLimit": 260, "labelOverlap": False},
                },
                "color": _number("difference", "difference") | {"scale": scale},
            },
        },
    }


def _layer(data: dict[str, Any], mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    return {"data": data, "mark": mark, "encoding": encoding}


def _number(name: str, title: str | None) -> dict[str, Any]:
    return {"field": name, "type": "quantitative"} | ({} if title is None else {"title": title})
