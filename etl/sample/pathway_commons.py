"""Pathway Commons of the sample: interactions with their evidence, gene sets, and what pathways are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.sample import names
from etl.sample.output import Output
from etl.sample.world import World

_EDGES = (
    *("PARTICIPANT_A", "INTERACTION_TYPE", "PARTICIPANT_B", "INTERACTION_DATA_SOURCE", "INTERACTION_PUBMED_ID"),
    *("PATHWAY_NAMES", "MEDIATOR_IDS"),
)
_PARTICIPANTS = ("PARTICIPANT", "PARTICIPANT_TYPE", "PARTICIPANT_NAME", "UNIFICATION_XREF", "RELATIONSHIP_XREF")
_PATHWAYS = ("PATHWAY_URI", "DISPLAY_NAME", "DIRECT_SUB_PATHWAY_URIS", "ALL_SUB_PATHWAY_URIS")
_NAMES = ("PATHWAY_URI", "DATASOURCE", "DISPLAY_NAME", "ALL_NAMES", "NUM_DIRECT_COMPONENT_OR_STEP_PROCESSES")


def write(world: World, output: Output) -> None:
    """Write the interactions, the gene sets and the pathways."""
    edges = [
        (one.subject, one.type, one.object, ";".join(one.data_sources), ";".join(one.pubmed_ids), None, None)
        for one in world.interactions
    ]
    broken = [
        ("TP53", "is-friend-of", "MDM2", "KEGG", None, None, None),
        ("TP53", "interacts-with", None, "KEGG", None, None, None),
    ]
    proteins = [
        (gene.symbol, "ProteinReference", gene.name, f"UniProt:{gene.uniprot}", f"HGNC Symbol:{gene.symbol}")
        for gene in world.genes
    ]
    chemicals = [
        (f"CHEBI:{chebi}", "SmallMoleculeReference", name, f"ChEBI:CHEBI:{chebi}", None)
        for name, chebi in names.CHEMICALS
    ]
    _write_stacked(
        output,
        "pathwaycommons/PathwayCommons12.All.hgnc.txt.gz",
        {_EDGES: [*edges, *broken], _PARTICIPANTS: [*proteins, *chemicals]},
        bad=len(broken),
    )
    sets = [
        (f"{_uri(number)}", _told(one.name), *(gene.symbol for gene in one.genes))
        for number, one in enumerate(world.pathways[1:13])
    ]
    output.table("pathwaycommons/PathwayCommons12.All.hgnc.gmt.gz", sets)
    hierarchy = [(_uri(number), one.name, None, None) for number, one in enumerate(world.pathways[1:13])]
    named = [
        (_uri(number), "INOH", one.name, f'"{one.name}""Sample of {one.name}"', len(one.genes))
        for number, one in enumerate(world.pathways[1:13])
    ]
    _write_stacked(output, "pathwaycommons/pathways.txt.gz", {_PATHWAYS: hierarchy, _NAMES: named})


def _uri(number: int) -> str:
    return f"http://pathwaycommons.org/pc12/Pathway_{number:032x}"


def _told(name: str) -> str:
    return f"name: {name}; datasource: inoh; organism: 9606; idtype: hgnc symbol"


def _write_stacked(
    output: Output, name: str, tables: Mapping[tuple[str, ...], Sequence[Sequence[object]]], bad: int = 0
) -> None:
    """Write tables one below the other, a blank line between them."""
    blocks = [
        "\n".join("\t".join("" if field is None else str(field) for field in line) for line in (header, *lines))
        for header, lines in tables.items()
    ]
    output.write(name, "\n\n".join(blocks) + "\n", sum(map(len, tables.values())), bad=bad)
