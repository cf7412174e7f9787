"""The organisms that sources know, by scientific name, with the ways in which sources name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.errors import SourceError


@dataclass(frozen=True)
class Species:
    """An organism.

    Args:
        name: the scientific name, by which a user asks for it.
        taxon_id: its number in NCBI Taxonomy, as files write it.
        reactome_code: the letters that name it in Reactome's stable identifiers; null where Reactome has none.
    """

    name: str
    taxon_id: str
    reactome_code: str | None = None


HUMAN = Species("Homo sapiens", "9606", "HSA")

_ALL = (
    Species("Bos taurus", "9913", "BTA"),
    Species("Caenorhabditis elegans", "6239", "CEL"),
    Species("Canis familiaris", "9615", "CFA"),
    Species("Danio rerio", "7955", "DRE"),
    Species("Dictyostelium discoideum", "44689", "DDI"),
    Species("Drosophila melanogaster", "7227", "DME"),
    Species("Gallus gallus", "9031", "GGA"),
    HUMAN,
    Species("Mus musculus", "10090", "MMU"),
    Species("Mycobacterium tuberculosis", "1773", "MTU"),
    Species("Plasmodium falciparum", "5833", "PFA"),
    Species("Rattus norvegicus", "10116", "RNO"),
    Species("Saccharomyces cerevisiae", "4932", "SCE"),
    Species("Schizosaccharomyces pombe", "4896", "SPO"),
    Species("Sus scrofa", "9823", "SSC"),
    Species("Xenopus tropicalis", "8364", "XTR"),
)

#: Every organism that a user may ask for, by scientific name.
SPECIES = {species.name: species for species in _ALL}


def wanted_species(names: Iterable[str]) -> list[Species]:
    """The organisms of these names.

    Raises:
        SourceError: a name is not known; the message lists those that are.

    >>> [species.taxon_id for species in wanted_species(["Homo sapiens", "Mus musculus"])]
    ['9606', '10090']
    """
    names = list(names)
    unknown = [name for name in names if name not in SPECIES]
    if unknown:
        raise SourceError(f"No organism is known as {', '.join(unknown)}.", f"Known are: {', '.join(SPECIES)}.")
    return [SPECIES[name] for name in names]
