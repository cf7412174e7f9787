"""The coordinates of structures, from PDBx/mmCIF."""

from __future__ import annotations

import re

import pytest

from warehouse.documents import structures as module
from warehouse.documents.structures import read_coordinates
from warehouse.errors import SourceError

_HEAD = """data_1ABC
#
_entry.id 1ABC
#
loop_
_entity.id
_entity.type
_entity.pdbx_description
1 polymer 'An <b>invented</b> kinase'
2 non-polymer 'ZINC ION'
3 water water
#
_entity_poly.entity_id 1
_entity_poly.type polypeptide(L)
_entity_poly.pdbx_strand_id A
#
loop_
_atom_site.group_PDB
_atom_site.id
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.label_alt_id
_atom_site.label_comp_id
_atom_site.label_asym_id
_atom_site.label_entity_id
_atom_site.label_seq_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.occupancy
_atom_site.B_iso_or_equiv
_atom_site.auth_seq_id
_atom_site.auth_asym_id
_atom_site.pdbx_PDB_model_num
"""
_ATOMS = """ATOM 1 N N . GLY A 1 1 0.0 0.0 0.0 1 10 1 A {0}
ATOM 2 C CA A GLY A 1 1 1.4 0.0 0.0 0.5 10 1 A {0}
ATOM 3 C CA B GLY A 1 1 1.5 0.1 0.0 0.5 10 1 A {0}
ATOM 4 H HA . GLY A 1 1 1.8 1.0 0.0 1 10 1 A {0}
HETATM 5 C CA . MSE A 1 2 3.4 2.0 0.0 1 10 2 A {0}
HETATM 6 ZN ZN . ZN B 2 . 9.0 9.0 9.0 1 10 101 A {0}
HETATM 7 O O . HOH C 3 . 5.0 5.0 5.0 1 10 201 A {0}
"""
DOCUMENT = (_HEAD + _ATOMS.format(1) + _ATOMS.format(2) + "#\n").encode()


def test_one_model_without_water_hydrogens_and_alternatives() -> None:
    found = read_coordinates(DOCUMENT, "1abc.cif")
    assert (found.atoms, found.models, found.trace) == (4, 2, False)
    [chain] = found.chains
    assert (chain.name, chain.molecule, chain.residues, chain.ligands) == ("A", "An <b>invented</b> kinase", 2, ("ZN",))
    # Residues of the polymer are ATOM, even changed ones; all else is HETATM.
    assert re.findall(r"^(\w+) \d+ \w+ (\w+)", found.text, re.MULTILINE) == [
        ("ATOM", "N"),
        ("ATOM", "CA"),
        ("ATOM", "CA"),
        ("HETATM", "ZN"),
    ]


def test_very_many_atoms_become_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ATOMS", 3)
    found = read_coordinates(DOCUMENT, "1abc.cif")
    assert (found.trace, found.atoms, found.chains[0].residues) == (True, 3, 2)
    monkeypatch.setattr(module, "_MOST_SHOWN_BYTES", 100)
    with pytest.raises(SourceError, match="too large for a picture"):
        read_coordinates(DOCUMENT, "1abc.cif")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"data_1ABC\n_entry.id 1ABC\n", "has no atoms"),
        (b"no CIF at all", "cannot be read"),
        (b"", "cannot be read"),
        (DOCUMENT.replace(b"0.0 0.0 0.0", b"x y z"), "no atoms|cannot be read"),
    ],
)
def test_what_is_no_structure_is_told(content: bytes, message: str) -> None:
    try:
        found = read_coordinates(content, "1abc.cif")
    except SourceError as error:
        assert re.search(message, error.message)
    else:
        # Places that are no numbers: gemmi reads the others.
        assert b"x y z" in content
        assert found.atoms
