"""Reactome of the sample: pathways and their hierarchy, gene sets, proteins, chemicals and complexes."""

from __future__ import annotations

from collections.abc import Iterator

from etl.sample import names
from etl.sample.output import Output
from etl.sample.world import World

_BROWSER = "https://reactome.org/PathwayBrowser/#/"
_HUMAN = "Homo sapiens"


def write(world: World, output: Output) -> None:
    """Write the pathways and who takes part in them."""
    mouse = [(one.stable_id.replace("HSA", "MMU"), one.name, "Mus musculus") for one in world.pathways[:6]]
    human = [(one.stable_id, one.name, _HUMAN) for one in world.pathways]
    output.table("reactome/ReactomePathways.txt", [*mouse, *human])
    parts = [(one.parent, one.stable_id) for one in world.pathways if one.parent is not None]
    output.table("reactome/ReactomePathwaysRelation.txt", parts)
    sets = [(one.name, one.stable_id, *(gene.symbol for gene in one.genes)) for one in world.pathways]
    output.table("reactome/ReactomePathways.gmt.zip", sets)
    proteins = [
        _membership(gene.uniprot, one.stable_id, one.name, "TAS") for one in world.pathways for gene in one.genes
    ]
    output.table("reactome/UniProt2Reactome_All_Levels.txt", proteins)
    output.table("reactome/ChEBI2Reactome_All_Levels.txt", _chemicals(world))
    _write_complexes(world, output)


def _membership(participant: object, stable_id: str, name: str, code: str) -> tuple[object, ...]:
    return participant, stable_id, f"{_BROWSER}{stable_id}", name, code, _HUMAN


def _chemicals(world: World) -> Iterator[tuple[object, ...]]:
    random = world.random("reactome chemicals")
    for one in world.pathways:
        for _name, chebi in random.sample(names.CHEMICALS, 2):
            yield _membership(chebi, one.stable_id, one.name, "IEA")


def _write_complexes(world: World, output: Output) -> None:
    random = world.random("complexes")
    complexes, pathways = [], []
    for number, one in enumerate(world.pathways):
        genes = random.sample(one.genes, min(3, len(one.genes)))
        if number == 1:
            genes = [world.target, *world.regulated[:2]]
        stable_id = f"R-HSA-995{number:04d}"
        name = f"{':'.join(gene.symbol for gene in genes)} [cytosol]"
        parts = "|".join([*(f"uniprot:{gene.uniprot}" for gene in genes), "chebi:15422"])
        complexes.append((stable_id, name, parts, "-", str(99_001_000 + number)))
        pathways.append((stable_id, one.stable_id, one.stable_id))
    header = ("identifier", "name", "participants", "participatingComplex", "pubMedIdentifiers")
    output.table("reactome/ComplexParticipantsPubMedIdentifiers_human.txt", complexes, header=header)
    output.table("reactome/Complex_2_Pathway_human.txt", pathways, header=("complex", "pathway", "top_level_pathway"))
