"""The whole recipe: on data whose answer is known, on the generated sample, and on files of a user."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analytics.analysis import RunContext
from analytics.bayesian_networks.analysis import ANALYSIS
from analytics.bayesian_networks.comparison.findings import findings
from analytics.bayesian_networks.comparison.recipe import Compared, RecipeOptions, SamplePair, compare
from analytics.bayesian_networks.data.cohort import Wanted, read_cohort
from analytics.bayesian_networks.data.dataset import Dataset
from analytics.bayesian_networks.data.groups import Groups
from analytics.bayesian_networks.network import Network
from analytics.options import read_options
from warehouse.errors import AnalysisError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

NAMES = ("TP53", "MDM2", "EGFR", "KRAS", "noise")
EDGES = Network.of_names(NAMES, [("TP53", "MDM2"), ("EGFR", "KRAS")])
OPTIONS = RecipeOptions(permutations=200, top_percent=50)


def _data(samples: int = 80) -> Dataset:
    """TP53 is higher in the second half, MDM2 follows it; EGFR and KRAS do not differ."""
    random = np.random.default_rng(0)
    tp53 = random.normal(size=samples) + np.repeat([0, 2], samples // 2)
    egfr = random.normal(size=samples)
    table = [
        tp53,
        1.5 * tp53 + 0.4 * random.normal(size=samples),
        egfr,
        np.sin(2 * egfr) + 0.3 * random.normal(size=samples),
        random.normal(size=samples),
    ]
    return Dataset.of(np.column_stack(table), NAMES)


def _groups(dataset: Dataset) -> Groups:
    half = len(dataset.samples) // 2
    return Groups.of({"A": dataset.samples[:half], "B": dataset.samples[half:]}, dataset.samples)


def _compared(**others: Any) -> Compared:
    dataset = _data()
    return compare(dataset, groups=_groups(dataset), options=OPTIONS, **others)


def test_learned_on_known_data_the_edge_that_differs_is_found() -> None:
    compared = _compared()
    network = compared.fitted.network
    skeleton = {frozenset(edge) for edge in network.edges()}
    assert skeleton == {frozenset(("TP53", "MDM2")), frozenset(("EGFR", "KRAS"))}
    one = compared.contrasts[0]
    differs = [{"TP53", "MDM2"} == set(edge) for edge in network.edges()]
    assert (one.test.q < 0.05).tolist() == differs
    assert one.subnetwork.edges.tolist() == np.flatnonzero(differs).tolist()
    assert compared.held_out > 0.7


def test_a_given_network_is_used_as_it_is() -> None:
    compared = _compared(network=EDGES)
    assert compared.fitted.network.edges() == EDGES.edges()
    hub = compared.contrasts[0].hubs.order[0]
    assert NAMES[hub] == "TP53"


def test_an_ensemble_goes_on_from_what_it_has(tmp_path: Path) -> None:
    dataset, options = _data(), replace(OPTIONS, replicates=12)
    whole = compare(dataset, groups=_groups(dataset), options=options)
    first = compare(dataset, groups=_groups(dataset), options=replace(options, replicates=5), checkpoint=tmp_path)
    assert len(list((tmp_path / "replicates").glob("replicate-*.npz"))) == 5
    rest = compare(dataset, groups=_groups(dataset), options=options, checkpoint=tmp_path)
    assert first.ensemble == 5
    assert rest.fitted.network.edges() == whole.fitted.network.edges()
    assert np.array_equal(rest.fitted.network.frequency, whole.fitted.network.frequency)
    assert ((whole.fitted.network.frequency >= 0.5) & (whole.fitted.network.frequency <= 1)).all()
    intervals = whole.contrasts[0].intervals
    assert intervals is not None
    assert intervals.held.max() == round(12 * whole.fitted.network.frequency.max())
    regulates = findings(whole, {name: f"hgnc:{i}" for i, name in enumerate(NAMES)}).relationships["REGULATES"]
    narrow = regulates.filter(pl.col("lower").is_not_null())
    assert ((narrow["lower"] <= narrow["score"]) & (narrow["score"] <= narrow["upper"])).all()
    with pytest.raises(AnalysisError, match="lower --least-frequency"):
        compare(_noise(), groups=_groups(_noise()), options=replace(options, least_frequency=1.0))


def _noise() -> Dataset:
    return Dataset.of(np.random.default_rng(1).normal(size=(80, 4)))


def test_pairs_give_networks_what_is_common_and_what_is_missing() -> None:
    dataset = _data()
    pairs = tuple(SamplePair(f"p{i}", (i,), (40 + i,), i < 3) for i in range(5))
    options = replace(OPTIONS, threshold=0.5)
    compared = compare(dataset, pairs=pairs, network=EDGES, options=options)
    assert [len(one.difference) for one in compared.pairs] == [2] * 5
    assert compared.common is not None
    assert set(compared.missing) == {"p3", "p4"}
    # After against before, exchanged within pairs: 2^5 relabellings.
    assert compared.contrasts[0].contrast.name == "after against before"
    assert compared.contrasts[0].test.relabellings == 32
    found = findings(compared, {name: f"hgnc:{i}" for i, name in enumerate(NAMES)})
    assert found.entities["Subnetwork"]["id"].to_list()[-1] == "common"
    assert found.tables["missing_edges"].height == 2 * len(compared.common.edges)
    assert set(found.tables["pairs"].columns) >= {"pair", "responder", "difference", "component"}


def test_replicates_of_a_pair_are_averaged() -> None:
    dataset = _data()
    single = compare(dataset, pairs=(SamplePair("p", (0, 1, 2), (50, 51)),), network=EDGES, options=OPTIONS)
    values = single.fitted.contributions()
    wanted = values[:, [50, 51]].mean(axis=1) - values[:, [0, 1, 2]].mean(axis=1)
    assert np.allclose(single.pairs[0].difference, wanted, atol=1e-5)
    assert single.contrasts == ()
    assert findings(single, {}).relationships["REGULATES"].is_empty()


def test_nothing_to_compare_and_nothing_found_are_told() -> None:
    with pytest.raises(AnalysisError, match="Nothing to compare"):
        compare(_data(), network=EDGES)
    with pytest.raises(AnalysisError, match="no edges"):
        _compared(network=Network.of_names(NAMES, []))


def test_predictions_are_between_genes_and_once_each() -> None:
    genes = {"TP53": "hgnc:1", "MDM2": "hgnc:2", "EGFR": "hgnc:2", "KRAS": "hgnc:1", "noise": None}
    network = Network.of_names(
        NAMES, [("noise", "TP53"), ("TP53", "MDM2"), ("KRAS", "EGFR"), ("MDM2", "EGFR"), ("noise", "KRAS")]
    )
    found = findings(_compared(network=network), genes, _groups(_data()), ("as read",))
    regulates = found.relationships["REGULATES"]
    # Two pairs of columns mean one pair of genes, a third a gene and itself, others no gene.
    assert regulates.select("subject", "object").rows() == [("hgnc:1", "hgnc:2")]
    strongest = found.tables["edges"].sort("delta_ecv", descending=True)
    assert strongest.row(0, named=True)["parent"] == "TP53"
    assert regulates["score"][0] == strongest["delta_ecv"][0]
    assert found.notes[0] == "as read"
    assert any("1 variables mean no gene" in note for note in found.notes)
    assert any("2 genes have more than one variable" in note and "hgnc:1 (TP53, KRAS)" in note for note in found.notes)
    assert set(found.relationships["HAS_MEMBER"]["role"]) <= {"hub", "member"}
    assert found.tables["curves"].height > 0
    assert found.tables["samples"]["group"].unique().sort().to_list() == ["A", "B"]


@pytest.fixture
def context(sample_home: Home, tmp_path: Path) -> Any:
    """A run on the generated sample."""
    with Warehouse.open(sample_home.root) as warehouse:
        yield RunContext(warehouse, 0, tmp_path)


def test_the_sample_tells_its_story(context: RunContext) -> None:
    """SMPK1 sets eight genes, and those who express more of it die earlier."""
    found = ANALYSIS.run(read_options(ANALYSIS, ANALYSIS.sample), context)
    edges = found.tables["edges"]
    significant = edges.filter(pl.col("q_value") <= 0.05)
    assert significant.height >= 6
    assert significant.filter((pl.col("parent") != "SMPK1") & (pl.col("child") != "SMPK1")).is_empty()
    members = found.relationships["HAS_MEMBER"]
    hub = context.frame("SELECT id FROM gene WHERE symbol = 'SMPK1'")["id"][0]
    assert hub in members.filter(role="hub")["object"].to_list()


def test_groups_by_mutation_and_by_expression(context: RunContext) -> None:
    mutated = read_cohort(Wanted(cohort="tcga_luad", groups="mutation:KRAS"), context)
    assert mutated.groups is not None
    assert mutated.groups.names == ("KRAS wild type", "KRAS mutated")
    assert sum(map(len, mutated.groups.members)) == 120
    ranked = read_cohort(Wanted(cohort="tcga_luad_expression", groups="expression:SMPK1:0.2", variables=50), context)
    assert ranked.groups is not None
    assert [len(rows) for rows in ranked.groups.members] == [24, 24]
    assert len(ranked.dataset.variables) == 50
    assert "72 samples belong to no group" in ranked.notes[-1]


def test_the_gene_that_divides_samples_tells_which_side_they_are_on(context: RunContext, tmp_path: Path) -> None:
    matrix = tmp_path / "m.tsv"
    matrix.write_text("gene\ta\tb\tc\td\nTP53\t1\t2\t3\t4\nEGFR\t4\t1\t3\t2\n")
    cohort = read_cohort(Wanted(matrix=matrix, groups="expression:TP53:0.5"), context)
    assert cohort.dataset.samples == ("a", "b", "c", "d")
    assert cohort.groups is not None
    assert [rows.tolist() for rows in cohort.groups.members] == [[0, 1], [2, 3]]


def test_clinical_columns_become_variables(context: RunContext) -> None:
    wanted = Wanted(
        cohort="tcga_luad",
        groups="vital_status",
        variables=20,
        clinical=("age_at_diagnosis_years", "sex", "stage:1"),
        strata="sex",
    )
    cohort = read_cohort(wanted, context)
    assert cohort.dataset.variables[-3:] == ("age_at_diagnosis_years", "sex", "stage")
    assert cohort.dataset.tiers[-3:].tolist() == [0, 0, 1]
    assert cohort.groups is not None
    assert cohort.groups.strata is not None


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"groups": "sex"}, "either --cohort or --matrix"),
        ({"cohort": "tcga_luad"}, "either --groups"),
        ({"cohort": "none", "groups": "sex"}, r"no matrix of 'none'(.|\n)*tcga_luad_expression"),
        ({"cohort": "tcga.study:LUAD", "groups": "sex"}, r"several matrices(.|\n)*Name one"),
        ({"cohort": "tcga_luad", "groups": "shoe_size"}, r"'shoe_size' is no column(.|\n)*Columns: .*stage"),
        ({"cohort": "tcga_luad", "groups": "mutation:XYZ"}, "No matrix of mutations has XYZ"),
        ({"cohort": "tcga_luad", "groups": "expression:XYZ"}, "XYZ is not among the 300 variables"),
        ({"cohort": "tcga_luad", "groups": "expression:SMPK1:half"}, "'half' is no share"),
        ({"cohort": "tcga_luad", "groups": "sex", "contrast": ("male",)}, "two groups, not 1"),
        ({"cohort": "tcga_luad", "groups": "sex", "contrast": ("male", "x")}, "no value x"),
        ({"cohort": "tcga_luad", "groups": "sex", "clinical": ("stage:high",)}, "'high' is not a tier"),
    ],
)
def test_what_cannot_be_read_is_told(context: RunContext, wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        read_cohort(Wanted(**wanted), context)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The known data as a user's files: genes in rows, attributes of samples, pairs."""
    dataset = _data()
    frame = pl.DataFrame(dataset.values.T, schema=list(dataset.samples)).insert_column(0, pl.Series("gene", NAMES))
    paths = {name: tmp_path / f"{name}.csv" for name in ("matrix", "samples", "pairs")}
    frame.write_csv(paths["matrix"])
    group = ["A"] * 40 + ["B"] * 40
    patient = [f"p{i % 20}" for i in range(80)]
    pl.DataFrame({"sample": dataset.samples, "group": group, "patient": patient}).write_csv(paths["samples"])
    lines = "pair,before,after,responder\np1,s0;s1,s50,yes\np2,s2,s51,no\np3,s3,s52,\n"
    paths["pairs"].write_text(lines)
    return paths


def test_files_without_a_cohort(context: RunContext, files: dict[str, Path]) -> None:
    given = {"matrix": str(files["matrix"]), "sample_table": str(files["samples"]), "strata": "patient"}
    found = ANALYSIS.run(read_options(ANALYSIS, {**given, "permutations": 50}), context)
    assert found.relationships["REGULATES"].height == 2
    assert found.metrics["b_against_a_significant_edges"] == 1
    by_pairs = {"matrix": str(files["matrix"]), "pairs": str(files["pairs"]), "threshold": 0.5}
    found = ANALYSIS.run(read_options(ANALYSIS, by_pairs), context)
    assert {"pair_p1", "pair_p2", "pair_p3", "common"} <= set(found.entities["Subnetwork"]["id"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("p4,s0,zz,yes", r"line 5: unknown samples zz"),
        ("p4,s0,s0,yes", r"line 5: s0 is on both sides"),
        ("p4,s0,s1,maybe", r"line 5: responder is 'maybe'"),
        ("p1,s0,s1,yes", r"pairs named more than once: p1 \(line 2, line 5\)"),
    ],
)
def test_bad_pairs_are_told(context: RunContext, files: dict[str, Path], line: str, message: str) -> None:
    files["pairs"].write_text(files["pairs"].read_text() + line + "\n")
    with pytest.raises(AnalysisError, match=message):
        read_cohort(Wanted(matrix=files["matrix"], pairs=files["pairs"]), context)


def test_a_dry_run_tells_the_sizes(context: RunContext) -> None:
    assert ANALYSIS.plan is not None
    told = ANALYSIS.plan(read_options(ANALYSIS, ANALYSIS.sample), context)
    assert told["samples"] == 120
    assert told["variables"] == 300
    assert {name for name in told if name.startswith("group ")} == {"group Alive", "group Dead"}
