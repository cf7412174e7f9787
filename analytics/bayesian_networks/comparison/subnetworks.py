"""Subnetworks: the edges whose contribution differs, and the nodes that they join.

Three recipes (after Tanaka et al. 2020): the network of one pair of samples; what the networks of all responders have
in common, and which of its edges each non-responder lacks; the strongest edges between two groups, with the edges of
the whole network that link their nodes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.bayesian_networks.comparison.delta_ecv import by_evidence
from analytics.bayesian_networks.network import Network
from analytics.bayesian_networks.run_options import Link
from warehouse.errors import AnalysisError

__all__ = [
    "Link",
    "Subnetwork",
    "common_network",
    "components",
    "group_network",
    "missing_edges",
    "pair_network",
]

Edges = NDArray[np.intp]
Nodes = NDArray[np.intp]


@dataclass(frozen=True)
class Subnetwork:
    """A part of a network.

    Args:
        name: lower case, unique within a run: `pair`, `common`, `group`.
        description: how it was made, for a person.
        edges: numbers of its edges, ascending.
        nodes: numbers of its variables, ascending: the ends of its edges.
        core: which of its edges met the criterion themselves; the others link them.
    """

    name: str
    description: str
    edges: Edges
    nodes: Nodes
    core: NDArray[np.bool_]

    @classmethod
    def of(
        cls, network: Network, edges: Edges, name: str, description: str, core: NDArray[np.bool_] | None = None
    ) -> Subnetwork:
        """The subnetwork of these edges, given in ascending order."""
        nodes = np.union1d(network.parents[edges], network.children[edges]).astype(np.intp)
        return cls(name, description, edges, nodes, np.ones(len(edges), bool) if core is None else core)


def pair_network(
    network: Network,
    signed: NDArray[np.floating],
    *,
    threshold: float = 1.0,
    shift: NDArray[np.floating] | None = None,
    minimum_shift: float = 0.0,
    smallest_component: int = 3,
    name: str = "pair",
) -> Subnetwork:
    """The edges whose ΔECv reaches a threshold between two samples.

    Args:
        network: the whole network.
        signed: difference of the contributions (edges).
        threshold: the smallest ΔECv, in units of the child; 1.0 on log2 data is twofold.
        shift: difference of the values of every variable; with `minimum_shift` the parent or the child must itself
            have changed by as much.
        minimum_shift: see `shift`.
        smallest_component: weakly connected parts with fewer nodes are left out; 2 keeps all.
        name: of the subnetwork.

    Raises:
        AnalysisError: a threshold that is not above zero, or a minimum shift without shifts.
    """
    if not threshold > 0:
        raise AnalysisError(f"The threshold of ΔECv is {threshold:g}; it must be above 0.")
    chosen = np.abs(signed) >= threshold
    if minimum_shift > 0:
        if shift is None:
            raise AnalysisError("A minimum shift needs the differences of the variables.")
        moved = np.abs(shift) >= minimum_shift
        chosen &= moved[network.parents] | moved[network.children]
    edges = np.flatnonzero(chosen)
    if smallest_component > 2 and edges.size:
        label = components(network, edges)
        sizes = np.bincount(label[label >= 0])
        edges = edges[sizes[label[network.parents[edges]]] >= smallest_component]
    return Subnetwork.of(network, edges, name, f"edges with ΔECv of at least {threshold:g}")


def common_network(
    network: Network,
    pairs: Sequence[Subnetwork],
    signed: Sequence[NDArray[np.floating]] | None = None,
    *,
    name: str = "common",
) -> Subnetwork:
    """The edges that every one of these networks has: those of all responders.

    Args:
        network: the whole network.
        pairs: the responders' networks, not cut down to large components (`smallest_component=2`).
        signed: the differences of each pair; if given, an edge must have the same sign in all of them.
        name: of the subnetwork.

    Raises:
        AnalysisError: no networks, or not one array of differences for each.
    """
    if not pairs:
        raise AnalysisError("A common network needs at least one pair of samples.")
    edges = pairs[0].edges
    for pair in pairs[1:]:
        edges = np.intersect1d(edges, pair.edges)
    how = f"edges of all {len(pairs)} networks"
    if signed is not None:
        if len(signed) != len(pairs):
            raise AnalysisError(f"{len(signed)} arrays of differences for {len(pairs)} networks.")
        signs = np.sign(np.stack([difference[edges] for difference in signed]))
        edges, how = edges[(signs == signs[0]).all(axis=0)], how + " with the same sign"
    return Subnetwork.of(network, edges, name, how)


def missing_edges(common: Subnetwork, others: Mapping[str, Subnetwork]) -> dict[str, NDArray[np.bool_]]:
    """For each non-responder, which edges of the common network its own network lacks (in the order of its edges)."""
    return {name: ~np.isin(common.edges, other.edges) for name, other in others.items()}


def group_network(
    network: Network,
    delta: NDArray[np.floating],
    *,
    significant: NDArray[np.bool_] | None = None,
    top_percent: float = 1.0,
    link: Link | str = Link.INDUCED,
    name: str = "group",
) -> Subnetwork:
    """The edges with the largest ΔECv between two groups, linked by edges of the whole network.

    Args:
        network: the whole network.
        delta: ΔECv of every edge.
        significant: which edges pass the threshold of the test: these are taken first; None = nothing was tested.
        top_percent: the share of edges that is taken, above 0 and up to 100; at least one edge.
        link: which further edges are added.
        name: of the subnetwork.

    Raises:
        AnalysisError: no edges, a share out of range, an unknown way to link.
    """
    if link not in tuple(Link):
        raise AnalysisError(f"link is {link!r}.", f"Choose one of {', '.join(Link)}.")
    if not 0 < top_percent <= 100:
        raise AnalysisError(f"The top {top_percent:g} % of edges: give more than 0 and at most 100.")
    if not len(delta):
        raise AnalysisError("The network has no edges.", "More samples, or a smaller edge penalty, may find some.")
    count = max(1, math.ceil(len(delta) * top_percent / 100 - 1e-9))
    strongest = np.sort(by_evidence(delta, significant)[:count])
    inside = np.zeros(len(network.variables), bool)
    inside[network.parents[strongest]] = inside[network.children[strongest]] = True
    ends = inside[network.parents], inside[network.children]
    edges = np.flatnonzero(ends[0] & ends[1] if link == Link.INDUCED else ends[0] | ends[1])
    how = "all edges between their nodes" if link == Link.INDUCED else "all edges that touch their nodes"
    first = "" if significant is None or not significant.any() else ", significant ones first"
    description = f"the {count} edges with the largest ΔECv ({top_percent:g} %{first}), and {how}"
    return Subnetwork.of(network, edges, name, description, np.isin(edges, strongest))


def components(network: Network, edges: Edges) -> NDArray[np.intp]:
    """The weakly connected part of each variable by these edges, numbered by its first variable; -1 = in none."""
    root = np.arange(len(network.variables))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = int(root[node])
        return node

    for parent, child in zip(network.parents[edges].tolist(), network.children[edges].tolist(), strict=True):
        a, b = sorted((find(parent), find(child)))
        root[b] = a
    nodes = np.union1d(network.parents[edges], network.children[edges])
    roots = np.array([find(int(node)) for node in nodes], np.intp)
    label = np.full(len(root), -1, np.intp)
    label[nodes] = np.unique(roots, return_inverse=True)[1]
    return label
