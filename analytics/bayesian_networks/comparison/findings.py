"""What the recipe found, as tables: of edges, variables, curves, samples, pairs; and as predictions about genes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.bayesian_networks.comparison.delta_ecv import by_evidence
from analytics.bayesian_networks.comparison.ecv import edge_curve
from analytics.bayesian_networks.comparison.recipe import HUBS, Compared, ContrastResult
from analytics.bayesian_networks.comparison.subnetworks import Subnetwork, components
from analytics.bayesian_networks.data.dataset import STRONGLY_SKEWED, Prepared, named
from analytics.bayesian_networks.data.groups import Groups
from warehouse.results.findings import Findings

__all__ = ["findings"]

#: Edges whose curve and samples are kept: the strongest of each comparison.
_CURVES_PER_CONTRAST = 200

_POINTS = 60

IdOf = Mapping[str, str | None]


def findings(compared: Compared, genes: IdOf, groups: Groups | None = None, notes: tuple[str, ...] = ()) -> Findings:
    """Tables for analysts and pages, and predictions for the graph.

    Args:
        compared: what the recipe found.
        genes: the canonical id of the gene that each column means; None or absent = it means none. Edges between
            genes become `REGULATES`; where several columns mean one gene, the edge that differs most stands for it.
        groups: names the samples' groups in the table of samples.
        notes: what the reading of the data has to say.
    """
    parts = _subnetworks(compared)
    edges = _edges(compared, genes, parts)
    tables = {
        "edges": edges,
        "variables": _variables(compared, genes),
        "functions": _functions(compared),
        **_curves(compared, groups),
    }
    if compared.pairs:
        tables["pairs"] = _pairs(compared)
    if compared.missing:
        tables["missing_edges"] = _missing(compared)
    regulates = _regulates(edges)
    return Findings(
        entities={"Subnetwork": _subnetwork_rows(compared, parts)},
        relationships={"REGULATES": regulates, "HAS_MEMBER": _members(compared, genes, parts)},
        tables=tables,
        metrics=_metrics(compared, regulates.height),
        notes=(*notes, *_notes(compared, genes)),
    )


def _identifier(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _subnetworks(compared: Compared) -> dict[str, Subnetwork]:
    """Every subnetwork by the id that it has in the run."""
    parts = {f"group_{_identifier(one.contrast.name)}": one.subnetwork for one in compared.contrasts}
    parts |= {f"pair_{_identifier(one.pair.name)}": one.subnetwork for one in compared.pairs}
    return parts if compared.common is None else {**parts, "common": compared.common}


def _subnetwork_rows(compared: Compared, parts: Mapping[str, Subnetwork]) -> pl.DataFrame:
    names = {"common": "responders, common to all"}
    return pl.DataFrame(
        {
            "id": list(parts),
            "name": [names.get(one, part.name) for one, part in parts.items()],
            "description": [part.description for part in parts.values()],
            "nodes": [len(part.nodes) for part in parts.values()],
            "edges": [len(part.edges) for part in parts.values()],
        },
        schema={"id": pl.String, "name": pl.String, "description": pl.String, "nodes": pl.Int64, "edges": pl.Int64},
    )


def _edge_names(compared: Compared, genes: IdOf) -> dict[str, Any]:
    network = compared.fitted.network
    names = np.array(network.variables, object)
    ids = np.array([genes.get(name) for name in network.variables], object)
    return {
        "parent": names[network.parents].tolist(),
        "child": names[network.children].tolist(),
        "parent_id": ids[network.parents].tolist(),
        "child_id": ids[network.children].tolist(),
    }


def _edges(compared: Compared, genes: IdOf, parts: Mapping[str, Subnetwork]) -> pl.DataFrame:
    """One row for each edge and comparison of groups; without groups one for each edge."""
    fitted, count = compared.fitted, compared.fitted.network.count
    held: list[list[str]] = [[] for _ in range(count)]
    for name, part in parts.items():
        for edge in part.edges.tolist():
            held[edge].append(name)
    slope = fitted.slopes(dtype=np.float32).mean(axis=1, dtype=np.float64)
    base = pl.DataFrame(
        {
            **_edge_names(compared, genes),
            "frequency": fitted.network.frequency if compared.ensemble else [None] * count,
            "edf": fitted.edf,
            "mean_slope": slope,
            "mean_ecv": compared.mean_ecv,
            "subnetworks": pl.Series(held, dtype=pl.List(pl.String)),
        },
        schema_overrides={
            **dict.fromkeys(("parent", "child", "parent_id", "child_id"), pl.String),
            "frequency": pl.Float64,
        },
    )
    if not compared.contrasts:
        return _ranked(base, np.argsort(-compared.mean_ecv, kind="stable"))
    return pl.concat(
        [
            _ranked(base.with_columns(**_of_contrast(compared, one)), by_evidence(one.test.difference, one.significant))
            for one in compared.contrasts
        ]
    )


def _ranked(edges: pl.DataFrame, order: NDArray[np.intp]) -> pl.DataFrame:
    """The edges in this order, with their place in it in front."""
    return edges[order].with_row_index("rank", offset=1).with_columns(pl.col("rank").cast(pl.Int64))


def _of_contrast(compared: Compared, result: ContrastResult) -> dict[str, pl.Series | pl.Expr]:
    children, nothing = compared.fitted.network.children, np.full(compared.fitted.network.count, np.nan)
    special, intervals = result.specificity, result.intervals
    columns = {
        "difference": result.test.difference,
        "delta_ecv": np.abs(result.test.difference),
        "p_value": result.test.p,
        "q_value": result.test.q,
        "significant": result.significant,
        "lower": nothing if intervals is None else intervals.lower,
        "upper": nothing if intervals is None else intervals.upper,
        "parent_shift": special.parent_shift,
        "child_shift": special.child_shift,
        "specificity": special.ratio,
        "residual_shift": special.residual.difference[children],
        "residual_q_value": special.residual.q[children],
    }
    series = {name: pl.Series(name, values, nan_to_null=True) for name, values in columns.items()}
    return {"contrast": pl.lit(result.contrast.name), **series}


def _variables(compared: Compared, genes: IdOf) -> pl.DataFrame:
    fitted = compared.fitted
    names = fitted.prepared.columns
    base = pl.DataFrame(
        {
            "variable": names,
            "id": [genes.get(name) for name in names],
            "parents": np.bincount(fitted.network.children, minlength=len(names)),
            "children": np.bincount(fitted.network.parents, minlength=len(names)),
            "explained": fitted.explained,
            "residual_deviation": fitted.sigma,
            "imputed": fitted.prepared.imputed.sum(axis=0),
        },
        schema_overrides={"id": pl.String},
    )
    if not compared.contrasts:
        return base
    z, scale = fitted.prepared.z, fitted.prepared.scale
    return pl.concat(
        [
            base.with_columns(
                contrast=pl.lit(one.contrast.name),
                shift=pl.Series((z[one.contrast.second].mean(axis=0) - z[one.contrast.first].mean(axis=0)) * scale),
                outgoing=pl.Series(one.hubs.outgoing),
                targets=pl.Series(one.hubs.targets),
                downstream=pl.Series(one.hubs.downstream),
                reached=pl.Series(one.hubs.reached),
                hub_rank=pl.Series(np.argsort(one.hubs.order) + 1),
                knock_down_effect=pl.Series(compared.knock_down_effect, nan_to_null=True),
                residual_shift=pl.Series(one.specificity.residual.difference),
                residual_q_value=pl.Series(one.specificity.residual.q),
            )
            for one in compared.contrasts
        ]
    )


def _shown_edges(compared: Compared) -> NDArray[np.intp]:
    """The edges whose curves are kept: of each subnetwork the first by evidence, and all of the common one."""
    chosen = [] if compared.common is None else [compared.common.edges]
    for one in compared.contrasts:
        edges = one.subnetwork.edges
        order = by_evidence(one.test.difference[edges], one.significant[edges])
        chosen.append(edges[order[:_CURVES_PER_CONTRAST]])
    for pair in compared.pairs:
        edges = pair.subnetwork.edges
        chosen.append(edges[np.argsort(-np.abs(pair.difference[edges]), kind="stable")[:_CURVES_PER_CONTRAST]])
    return np.unique(np.concatenate(chosen)) if chosen else np.empty(0, np.intp)


def _curves(compared: Compared, groups: Groups | None) -> dict[str, pl.DataFrame]:
    curves = [edge_curve(compared.fitted, int(edge), groups, _POINTS) for edge in _shown_edges(compared)]
    if not curves:
        return {}
    return {
        "curves": pl.concat([one.curve() for one in curves]),
        "samples": pl.concat([one.points() for one in curves]),
    }


def _functions(compared: Compared) -> pl.DataFrame:
    """What it takes to evaluate every edge again: range of the parent and the weights of its splines, in data units."""
    fitted = compared.fitted
    prepared, parents = fitted.prepared, fitted.network.parents
    return fitted.frame().with_columns(
        low=pl.Series(prepared.mean[parents] + prepared.scale[parents] * fitted.low),
        high=pl.Series(prepared.mean[parents] + prepared.scale[parents] * fitted.high),
        constant=pl.Series(fitted.fits.constants * prepared.scale[fitted.network.children]),
    )


def _pairs(compared: Compared) -> pl.DataFrame:
    """The edges of each pair's network."""
    network = compared.fitted.network
    names = np.array(network.variables, object)
    frames = [
        pl.DataFrame(
            {
                "parent": names[network.parents[one.subnetwork.edges]].tolist(),
                "child": names[network.children[one.subnetwork.edges]].tolist(),
                "difference": one.difference[one.subnetwork.edges],
                "component": components(network, one.subnetwork.edges)[network.parents[one.subnetwork.edges]],
            },
            schema_overrides={"parent": pl.String, "child": pl.String, "component": pl.Int64},
        ).with_columns(pair=pl.lit(one.pair.name), responder=pl.lit(one.pair.responder, pl.Boolean))
        for one in compared.pairs
    ]
    return pl.concat(frames)


def _missing(compared: Compared) -> pl.DataFrame:
    """For each non-responder and edge of the common network whether its own network lacks it."""
    assert compared.common is not None
    network, edges = compared.fitted.network, compared.common.edges
    names = np.array(network.variables, object)
    frames = [
        pl.DataFrame(
            {
                "parent": names[network.parents[edges]].tolist(),
                "child": names[network.children[edges]].tolist(),
                "missing": lacks,
            },
            schema_overrides={"parent": pl.String, "child": pl.String},
        ).with_columns(pair=pl.lit(pair))
        for pair, lacks in compared.missing.items()
    ]
    return pl.concat(frames)


def _regulates(edges: pl.DataFrame) -> pl.DataFrame:
    """Edges between two different genes, each once, ranked: the comparison and the columns with most evidence."""
    kept = edges.filter(
        pl.col("parent_id").is_not_null()
        & pl.col("child_id").is_not_null()
        & (pl.col("parent_id") != pl.col("child_id"))
    ).rename({"parent_id": "subject", "child_id": "object"})
    if "delta_ecv" not in kept.columns:
        kept = kept.with_columns(score=pl.col("mean_ecv"), significant=pl.lit(False))
        columns = ["subject", "object", "score", "frequency", "mean_ecv", "subnetworks"]
    else:
        falls = pl.col("difference") < 0
        kept = kept.with_columns(
            score=pl.col("delta_ecv"),
            delta_ecv=pl.col("difference"),
            # The interval of the score: of the difference in its own direction.
            lower=pl.when(falls).then(-pl.col("upper")).otherwise("lower"),
            upper=pl.when(falls).then(-pl.col("lower")).otherwise("upper"),
        )
        columns = ["subject", "object", "score", "frequency", "mean_ecv", "delta_ecv", "p_value", "q_value"]
        columns += ["lower", "upper", "subnetworks"]
    by = ["significant", "score", "subject", "object", "parent", "child"]
    strongest = kept.sort(by, descending=[True] * 2 + [False] * 4)
    once = strongest.unique(["subject", "object"], keep="first", maintain_order=True)
    return once.select(*columns, rank=pl.int_range(1, pl.len() + 1))


def _members(compared: Compared, genes: IdOf, parts: Mapping[str, Subnetwork]) -> pl.DataFrame:
    """The genes of every subnetwork, those that most of the difference goes out from as hubs."""
    names = compared.fitted.prepared.columns
    ranks = {id(one.subnetwork): one.hubs for one in compared.contrasts}
    rows = []
    for identifier, part in parts.items():
        hubs = ranks.get(id(part))
        first = set() if hubs is None else set(hubs.first(HUBS))
        for node in part.nodes.tolist():
            gene = genes.get(names[node])
            if gene is not None:
                rows.append((identifier, gene, "hub" if node in first else "member"))
    frame = pl.DataFrame(rows, {"subject": pl.String, "object": pl.String, "role": pl.String}, orient="row")
    return frame.sort("subject", "object", "role").unique(["subject", "object"], keep="first", maintain_order=True)


def _metrics(compared: Compared, regulates: int) -> dict[str, float]:
    fitted = compared.fitted
    figures: dict[str, float] = {
        "samples": len(fitted.prepared.z),
        "variables": len(fitted.prepared.columns),
        "edges": fitted.network.count,
        "edges_between_genes": regulates,
        "held_out_r2": compared.held_out,
        "log2": float(fitted.prepared.log2),
        "limited_values": fitted.prepared.limited,
        "skewed_variables": len(fitted.prepared.skewed),
    }
    for one in compared.contrasts:
        name = _identifier(one.contrast.name)
        figures[f"{name}_significant_edges"] = int(one.significant.sum())
        figures[f"{name}_relabellings"] = one.test.relabellings
    return figures


def _notes(compared: Compared, genes: IdOf) -> tuple[str, ...]:
    prepared, notes = compared.fitted.prepared, []
    if prepared.dropped:
        reasons = [f"{name} ({why})" for name, why in prepared.dropped.items()]
        notes.append(f"{len(reasons)} variables were left out: {named(reasons)}.")
    imputed = int(prepared.imputed.sum())
    if imputed:
        notes.append(f"{imputed} missing values were filled in ({imputed / prepared.imputed.size:.1%} of all).")
    notes += _notes_of_values(prepared)
    unknown = [name for name in prepared.columns if genes.get(name) is None]
    if unknown:
        notes.append(
            f"{len(unknown)} variables mean no gene of this build and are in the tables only: {named(unknown)}."
        )
    notes += _notes_of_shared_genes(prepared.columns, genes)
    for one in compared.contrasts:
        if not one.significant.any():
            notes.append(
                f"{one.contrast.name}: none of {one.test.q.size} edges passes the test; the smallest q-value is "
                f"{one.test.q.min():.2g}. They are ranked by ΔECv alone."
            )
        if one.test.exact:
            smallest = 1 / one.test.relabellings
            notes.append(
                f"{one.contrast.name}: all {one.test.relabellings} relabellings were tried; "
                f"no p-value can be smaller than {smallest:.2g}."
            )
    return tuple(notes)


def _notes_of_shared_genes(variables: Sequence[str], genes: IdOf) -> list[str]:
    """Genes that several variables mean: isoforms, sites, probes, or one gene under two of its names."""
    of_gene: dict[str, list[str]] = {}
    for name in variables:
        gene = genes.get(name)
        if gene is not None:
            of_gene.setdefault(gene, []).append(name)
    shared = [f"{gene} ({', '.join(names)})" for gene, names in of_gene.items() if len(names) > 1]
    return (
        [
            f"{_genes(len(shared))} more than one variable, each with edges of its own: {named(shared)}. "
            "In the graph, of several edges between two genes the one that differs most is kept; none within a gene."
        ]
        if shared
        else []
    )


def _genes(count: int) -> str:
    return "1 gene has" if count == 1 else f"{count} genes have"


def _notes_of_values(prepared: Prepared) -> list[str]:
    """What was done with counts, outliers and skewed values."""
    notes = []
    if prepared.skew is not None and prepared.skew.asks_for_log:
        done = "log2(x + 1) was taken" if prepared.log2 else "they were kept as they are (--no-log2)"
        notes.append(f"The values look like {prepared.skew}: {done}.")
    elif prepared.log2:
        notes.append("log2(x + 1) was taken of the values (--log2).")
    if prepared.limited:
        share = prepared.limited / prepared.z.size
        notes.append(f"{prepared.limited} outliers ({share:.2%} of all values) were winsorised (--outlier-distance).")
    if prepared.skewed:
        notes.append(
            f"{len(prepared.skewed)} variables are strongly skewed all the same (skewness above {STRONGLY_SKEWED:g}); "
            f"a few samples decide their edges: {named(prepared.skewed)}."
        )
    return notes
