"""The coordinates of a structure, read from the document that a build was made from: for a picture in 3D.

A build keeps what is known about a structure, not its atoms. Its receipt says which file the entry came from, in which
folder, and with which checksum: the atoms are read from there, and only where the file is still the one that was read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.errors import SourceError
from warehouse.settings import Settings

if TYPE_CHECKING:
    from warehouse.warehouse import Warehouse

#: A larger document is not read, and a larger picture not made.
_MOST_READ_BYTES = 100_000_000
_MOST_SHOWN_BYTES = 10_000_000
#: Of more atoms only the trace of the backbone is kept.
_MOST_ATOMS = 60_000
_BACKBONE = ("CA", "P")

_DOCUMENT = """SELECT DISTINCT a.source, a.file, f.sha256 FROM assertions AS a
    JOIN releases AS f USING (source, release, file)
    WHERE a.predicate = 'Structure' AND a.subject = $id AND a.source = 'pdb' AND f.part = 'entries'
    ORDER BY ALL LIMIT 1"""


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
        file: the document, by its path below the folder of downloads.
    """

    text: str
    chains: tuple[Chain, ...]
    atoms: int
    models: int
    trace: bool
    file: str


def coordinates(warehouse: Warehouse, structure_id: str) -> Coordinates:
    """Read the coordinates of a structure of a build.

    Args:
        warehouse: the build, opened.
        structure_id: `pdb:1cbs`.

    Raises:
        SourceError: they are not to be had: the message says why, the hint what to do.
    """
    found = warehouse.sql(_DOCUMENT, id=structure_id).rows()
    if not found:
        raise SourceError(
            f"This build has no coordinates of {structure_id}: its sources tell about the entry, without its atoms.",
            "Put its document of the PDB archive (.cif.gz) into the folder of downloads and build again.",
        )
    source, file, sha256 = found[0]
    return read_coordinates(_content(_folder(warehouse, source, file), file, sha256), file)


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


def _folder(warehouse: Warehouse, source: str, file: str) -> Path:
    """The folder of downloads that a source was read from."""
    wanted = Settings().downloads
    told = next((one.get("folder") for one in warehouse.receipt()["sources"] if one["source"] == source), None)
    chosen = told if wanted is None else str(wanted)
    if chosen is None:
        raise SourceError(
            f"The build does not say where {file} lies.",
            "Build again, or set TARGETGRAPH_DOWNLOADS to the folder of downloads.",
        )
    return Path(chosen).expanduser()


def _content(folder: Path, file: str, sha256: str) -> bytes:
    """The unpacked content of a file that is the one that the build read."""
    path = (folder / file).resolve()
    hint = "Put it back, set TARGETGRAPH_DOWNLOADS to the folder of downloads, or build again."
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise SourceError(f"{file} is no longer where the build found it.", hint)
    try:
        packed = path.read_bytes() if path.stat().st_size <= _MOST_READ_BYTES else b""
        if packed and hashlib.sha256(packed).hexdigest() != sha256:
            raise SourceError(f"{file} is not the file any more that the build read.", hint)
        content = _unpacked(packed)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise SourceError(f"{file} cannot be read: {error}", hint) from error
    if not packed or len(content) > _MOST_READ_BYTES:
        raise SourceError(f"{file} is larger than {_MOST_READ_BYTES // 10**6} MB, which is too much for a picture.")
    return content


def _unpacked(packed: bytes) -> bytes:
    """The content of a gzip or xz file, or of one that is not packed; cut one byte beyond the most that is read."""
    if packed.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=io.BytesIO(packed)).read(_MOST_READ_BYTES + 1)
    if packed.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(io.BytesIO(packed)).read(_MOST_READ_BYTES + 1)
    return packed


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
