"""The atoms of a structure, from a PDBx/mmCIF document: for a picture in 3D and for analyses.

A reader of a format, whoever publishes the document: it gets bytes and gives atoms and chains. It stands in this room
since pages and analyses need it, and no other room may be imported by both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warehouse.errors import SourceError

#: The media type of PDBx/mmCIF.
MMCIF = "chemical/x-mmcif"

#: A larger picture is not made.
_MOST_SHOWN_BYTES = 10_000_000
#: Of more atoms only the trace of the backbone is kept.
_MOST_ATOMS = 60_000
_BACKBONE = ("CA", "P")


@dataclass(frozen=True)
class Chain:
    """A chain of a structure.

    Args:
        name: the authors' name of it, as `HAS_STRUCTURE.chains` has it.
        molecule: what it is, in the words of the entry.
        residues: residues of the polymer whose atoms are known.
        ligands: the codes of other molecules that are named with it, sorted; without water.
    """

    name: str
    molecule: str
    residues: int
    ligands: tuple[str, ...]


@dataclass(frozen=True)
class Coordinates:
    """The first model of a structure, without hydrogens, water and alternative places.

    Args:
        text: PDBx/mmCIF with atoms alone; residues of polymers are `ATOM`, others `HETATM`.
        chains: the chains, in the order of the entry.
        atoms: how many atoms the text has.
        models: how many models the document has.
        trace: only the backbone is there (alpha carbons and phosphorus), since there are very many atoms.
        file: the document, as messages call it.
    """

    text: str
    chains: tuple[Chain, ...]
    atoms: int
    models: int
    trace: bool
    file: str


def read_coordinates(content: bytes, file: str) -> Coordinates:
    """The coordinates that a PDBx/mmCIF document states.

    Args:
        content: the document, unpacked.
        file: what it is called in messages.

    Raises:
        SourceError: it is no CIF, has no atoms, or too many to be drawn.
    """
    import gemmi

    try:
        block = gemmi.cif.read_string(content)[0]
        structure = gemmi.make_structure_from_block(block)
    except (ValueError, RuntimeError, IndexError) as error:
        raise SourceError(f"{file}: the coordinates cannot be read: {error}") from error
    if not len(structure) or not structure[0].count_atom_sites():
        raise SourceError(f"{file} tells about the entry and has no atoms.")
    models = len(structure)
    _reduce(structure)
    trace = structure[0].count_atom_sites() > _MOST_ATOMS
    if trace:
        _keep_backbone(structure[0])
    text = _written(structure)
    if len(text) > _MOST_SHOWN_BYTES:
        raise SourceError(f"{file}: the structure is too large for a picture: {len(text) / 1e6:.0f} MB of coordinates.")
    chains = tuple(_chain(chain, structure, _descriptions(block)) for chain in structure[0])
    return Coordinates(text, chains, structure[0].count_atom_sites(), models, trace, file)


def _reduce(structure: Any) -> None:
    """Keep the first model without hydrogens, water and alternative places; mark what belongs to no polymer."""
    import gemmi

    while len(structure) > 1:
        del structure[1]
    structure.setup_entities()
    structure.remove_waters()
    structure.remove_hydrogens()
    structure.remove_alternative_conformations()
    structure.remove_empty_chains()
    for chain in structure[0]:
        for residue in chain:
            residue.het_flag = "A" if residue.entity_type == gemmi.EntityType.Polymer else "H"


def _keep_backbone(model: Any) -> None:
    for chain in model:
        for residue in chain:
            for place in reversed(range(len(residue))):
                if residue.het_flag == "A" and residue[place].name not in _BACKBONE:
                    del residue[place]


def _written(structure: Any) -> str:
    import gemmi

    groups = gemmi.MmcifOutputGroups(False)
    groups.atoms = groups.group_pdb = True
    return str(structure.make_mmcif_document(groups).as_string())


def _descriptions(block: Any) -> dict[str, str]:
    """What each entity of a document is, in its own words."""
    found = block.get_mmcif_category("_entity.")
    pairs = zip(found.get("id") or (), found.get("pdbx_description") or (), strict=False)
    return {str(id_): " ".join(str(text).split()) for id_, text in pairs if text}


def _chain(chain: Any, structure: Any, descriptions: dict[str, str]) -> Chain:
    polymer = [residue for residue in chain if residue.het_flag == "A"]
    entity = structure.get_entity_of(chain.get_polymer()) if polymer else None
    others = sorted({residue.name for residue in chain if residue.het_flag == "H"})
    return Chain(
        chain.name, descriptions.get(entity.name, "") if entity is not None else "", len(polymer), tuple(others)
    )
