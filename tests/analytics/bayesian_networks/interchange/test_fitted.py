"""Edge tables of fitted networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analytics.bayesian_networks.curves.fit import fit
from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.interchange.edge_table import read_edge_table, write_edge_table
from analytics.bayesian_networks.interchange.fitted import fitted_table
from analytics.bayesian_networks.network import Network


def test_the_table_of_a_fitted_network(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    a, b, noise = generator.normal(size=(3, 300))
    child = 10 - 3 * a + 2 * np.sin(2 * b) + 0.3 * generator.normal(size=300)
    prepared = prepare(Dataset.of(np.column_stack([a, b, child, noise]), ["a", "b", "child", "noise"]))
    network = Network.of_names(prepared.columns, {("a", "child"): 1.0, ("b", "child"): 0.8, ("noise", "child"): 0.1})
    fitted = fit(prepared, network)
    table = fitted_table(fitted)
    write_edge_table(table, tmp_path / "edges.tsv")
    rows = {row["source"]: row for row in read_edge_table(tmp_path / "edges.tsv").edges.to_dicts()}
    names = ["source", "target", "freq", "beta", "edf", "delta_bnrc", "sign", "mean_absolute_ecv"]
    assert list(rows["a"]) == names
    assert (rows["a"]["sign"], rows["b"]["freq"]) == (-1, 0.8)
    assert rows["a"]["delta_bnrc"] > 300
    assert rows["b"]["delta_bnrc"] > 100
    assert rows["noise"]["delta_bnrc"] < 0
    assert rows["b"]["edf"] > 2 > rows["a"]["edf"]
    assert abs(rows["a"]["mean_absolute_ecv"] - 3 * np.abs(a - a.mean()).mean()) < 0.1
    assert table.to_network().edges() == network.edges()


def test_a_network_without_edges() -> None:
    prepared = prepare(Dataset.of(np.random.default_rng(0).normal(size=(30, 2))))
    assert fitted_table(fit(prepared, Network.of_names(prepared.columns, []))).edges.height == 0
