"""What a user chooses about a comparison of gene networks; imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from analytics.analysis import option
from warehouse.analyst.samples import Samples


class Link(StrEnum):
    """How the strongest edges of a group network are linked.

    `induced`: all edges of the whole network between their nodes. `expand1`: also the edges that touch one of their
    nodes, and the nodes at the other end.
    """

    INDUCED = "induced"
    EXPAND1 = "expand1"


class Functions(StrEnum):
    """What an edge may be."""

    CHOOSE = "choose"
    ADDITIVE = "additive"
    LINEAR = "linear"


class Method(StrEnum):
    """How the network is searched for (`options.LearningOptions`)."""

    ORDER = "order"
    HILL_CLIMBING = "hill_climbing"
    NNSR = "nnsr"


@dataclass(frozen=True)
class Options:
    """What a user chooses."""

    cohort: str | None = option("A cohort of the warehouse, or one of its matrices", default=None, example="tcga_luad")
    matrix: Path | None = option(
        "A file with a matrix instead: CSV, TSV, Parquet or EDF, either way round", default=None, example="counts.csv"
    )
    samples: Samples = option(
        "The samples of --cohort: the tumour of each patient, the normal tissue, or one of both", default=Samples.TUMOUR
    )
    groups: str | None = option(
        "The groups: a column of patients, samples or --sample-table, mutation:GENE, or expression:GENE[:SHARE]",
        default=None,
        example="mutation:KRAS",
    )
    sample_table: Path | None = option(
        "A file with attributes of the samples, either way round; its column group makes the groups",
        default=None,
        example="samples.csv",
    )
    contrast: tuple[str, ...] = option(
        "Only these two groups: the second against the first", default=(), example="Stage I"
    )
    strata: str | None = option(
        "Labels are exchanged only within: patient, a column, or an expression on the samples' names",
        default=None,
        example="patient",
    )
    pairs: Path | None = option(
        "A file of pairs instead of groups: pair, before, after, responder", default=None, example="pairs.csv"
    )
    clinical: tuple[str, ...] = option(
        "A clinical column as a variable, with its tier if it is another than usual", default=(), example="sex:0"
    )
    variables: int | None = option("Only so many genes, those that vary most", default=None, minimum=2)
    network: Path | None = option(
        "A table of edges to use instead of learning (`--network edges.tsv`)", default=None, example="edges.tsv"
    )
    genes: tuple[str, ...] = option(
        "Only these genes: symbols or ids, a stored list, or a file of them", default=(), example="EGFR"
    )
    log2: bool | None = option(
        "Take log2(x + 1) of the values, or not; if not given, it is taken of counts and skewed amounts", default=None
    )
    quantile_normalise: bool = option("Give every sample the same distribution", default=False)
    outlier_distance: float = option(
        "Values farther from the median, in quartile distances, are moved there, in every variable; 0 = none",
        default=5.0,
        minimum=0,
    )
    maximum_missing: float = option("Variables with more missing are left out", default=0.2, minimum=0, maximum=1)
    drop_unusable: bool = option("Leave out constant and empty variables instead of refusing them", default=False)
    method: Method = option(
        "Search orders of all genes (most accurate), climb, or compile many small networks (cycles may be left)",
        default=Method.ORDER,
    )
    functions: Functions = option("Straight lines, curves, or the better for each edge", default=Functions.CHOOSE)
    edge_penalty: float | None = option(
        "What each parent costs, in units of -2 log likelihood", default=None, minimum=0
    )
    maximum_parents: int = option("The most parents of a variable", default=10, minimum=1, maximum=64)
    replicates: int = option("Networks of the bootstrap ensemble", default=0, minimum=0)
    least_frequency: float = option("The share of the ensemble that an edge needs", default=0.5, minimum=0, maximum=1)
    permutations: int = option("Relabellings of each test", default=1000, minimum=10)
    significance: float = option(
        "Edges with a q-value up to this are significant and come first", default=0.05, minimum=0, maximum=1
    )
    top_percent: float = option("The share of edges that makes a subnetwork", default=1.0, minimum=0, maximum=100)
    link: Link = option("Edges between its nodes, or also those that touch them", default=Link.INDUCED)
    threshold: float = option("The smallest delta ECv of a pair's edges", default=1.0, minimum=0)
    minimum_shift: float = option("By how much one end of a pair's edge must have changed", default=0.0, minimum=0)
    same_sign: bool = option("A common edge changes in the same direction in all responders", default=False)
