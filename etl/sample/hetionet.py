"""Hetionet of the sample: nodes, edges of all its types, and the tables of bindings and disease genes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from etl.sample import names
from etl.sample.output import Output
from etl.sample.world import Drug, Gene, World

_Edge = tuple[str, str, str]

#: How the nodes of each kind are called.
_TERMS: dict[str, Sequence[tuple[str, str]]] = {
    "Symptom": names.SYMPTOMS,
    "Anatomy": names.ANATOMIES,
    "Biological Process": names.PROCESSES,
    "Molecular Function": names.FUNCTIONS,
    "Cellular Component": names.COMPONENTS,
    "Side Effect": names.SIDE_EFFECTS,
    "Pharmacologic Class": names.DRUG_CLASSES,
    "Pathway": (("PC99_1", "Sample pathway of Hetionet"), ("WP9901_r99001", "Another sample pathway")),
}

#: Edges that mean nothing here: type, kinds at the ends, how many.
_BACKGROUND = (
    *(("AdG", "Anatomy", "Gene", 40), ("AeG", "Anatomy", "Gene", 200), ("AuG", "Anatomy", "Gene", 40)),
    *(("CcSE", "Compound", "Side Effect", 50), ("CdG", "Compound", "Gene", 40), ("CuG", "Compound", "Gene", 40)),
    *(("DdG", "Disease", "Gene", 30), ("DuG", "Disease", "Gene", 30), ("DlA", "Disease", "Anatomy", 16)),
    *(("DpS", "Disease", "Symptom", 24), ("GcG", "Gene", "Gene", 80), ("GiG", "Gene", "Gene", 160)),
    *(("GpBP", "Gene", "Biological Process", 150), ("GpCC", "Gene", "Cellular Component", 120)),
    *(("GpMF", "Gene", "Molecular Function", 90), ("GpPW", "Gene", "Pathway", 40), ("Gr>G", "Gene", "Gene", 60)),
)


def write(world: World, output: Output) -> None:
    """Write the network and its two tables."""
    nodes = list(_nodes(world))
    output.table("hetionet/hetionet-v1.0-nodes.tsv", nodes, header=("id", "name", "kind"))
    edges = dict.fromkeys([*_planted(world), *_background(world, nodes)])
    broken = (_gene(world.genes[0]), "GxG", _gene(world.genes[1]))
    output.table(
        "hetionet/hetionet-v1.0-edges.sif.gz", [*edges, broken], header=("source", "metaedge", "target"), bad=1
    )
    _write_bindings(world, output)
    _write_disease_genes(world, output)


def _gene(gene: Gene) -> str:
    return f"Gene::{gene.entrez}"


def _compound(drug: Drug) -> str:
    return f"Compound::{drug.drugbank}"


def _disease(doid: int) -> str:
    return f"Disease::DOID:{doid}"


def _nodes(world: World) -> Iterator[tuple[str, str, str]]:
    yield from ((_gene(gene), gene.symbol, "Gene") for gene in world.genes)
    yield from ((_compound(drug), drug.name.title(), "Compound") for drug in world.drugs)
    yield from ((_disease(doid), name, "Disease") for doid, name in names.DISEASES)
    for kind, terms in _TERMS.items():
        yield from ((f"{kind}::{identifier}", name, kind) for identifier, name in terms)


def _planted(world: World) -> Iterator[_Edge]:
    """What drugs bind and treat, which genes and diseases belong together: the story is in here."""
    for drug in world.drugs:
        yield from ((_compound(drug), "CbG", _gene(gene)) for gene in drug.targets)
        yield from ((_compound(drug), "CtD", _disease(doid)) for doid in drug.treats)
        yield f"Pharmacologic Class::{names.DRUG_CLASSES[drug.drug_class][0]}", "PCiC", _compound(drug)
    for doid, genes in world.disease_genes.items():
        yield from ((_disease(doid), "DaG", _gene(gene)) for gene in genes)
    yield _disease(1324), "DrD", _disease(11934)
    yield _disease(1612), "DrD", _disease(10283)
    yield _compound(world.drugs[0]), "CrC", _compound(world.drugs[1])
    yield _compound(world.drugs[1]), "CrC", _compound(world.drugs[2])
    yield _compound(world.drugs[5]), "CpD", _disease(6364)


def _background(world: World, nodes: Sequence[tuple[str, str, str]]) -> Iterator[_Edge]:
    random = world.random("hetionet")
    by_kind: dict[str, list[str]] = {}
    for identifier, _name, kind in nodes:
        by_kind.setdefault(kind, []).append(identifier)
    for metaedge, start, end, count in _BACKGROUND:
        yield from (_edge(random, by_kind[start], metaedge, by_kind[end]) for _ in range(count))


def _edge(random: Random, starts: Sequence[str], metaedge: str, ends: Sequence[str]) -> _Edge:
    start = random.choice(starts)
    return start, metaedge, random.choice([end for end in ends if end != start])


def _write_bindings(world: World, output: Output) -> None:
    random = world.random("bindings")
    lines = [
        (
            *(drug.drugbank, gene.entrez, "DrugBank (target)|BindingDB", random.randint(99_000_000, 99_000_099)),
            *("inhibitor", round(10 ** random.uniform(0, 3), 1), "CC BY-NC 4.0", None),
        )
        for drug in world.drugs
        for gene in drug.targets
    ]
    header = ("drugbank_id", "entrez_gene_id", "sources", "pubmed_ids", "actions", "affinity_nM", "license", "urls")
    output.table("hetionet/CbG-binding.tsv", lines, header=header)


def _write_disease_genes(world: World, output: Output) -> None:
    disease_names = dict(names.DISEASES)
    lines = [
        (f"DOID:{doid}", disease_names[doid], gene.entrez, gene.symbol, "DISEASES|DisGeNET", "ODbL 1.0")
        for doid, genes in world.disease_genes.items()
        for gene in genes
    ]
    header = ("doid_id", "doid_name", "entrez_gene_id", "gene_symbol", "sources", "license")
    output.table("hetionet/DaG-association.tsv", lines, header=header)
