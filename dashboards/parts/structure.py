"""A structure in 3D: drawn in the browser by 3Dmol.js, which comes with the dashboard, so that no network is needed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from dashboards.parts.table import show_table
from dashboards.parts.text import plain
from dashboards.theme import CATEGORIES
from warehouse.documents.opening import read_document
from warehouse.documents.structures import MMCIF, Coordinates, read_coordinates
from warehouse.errors import SourceError
from warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from dashboards.page import View

_STATIC = Path(__file__).parent.parent / "static"
_HTML = """<div class="structure"><div class="stage" tabindex="0" role="application"></div>
<div class="bar" role="toolbar" aria-label="View of the structure"></div></div>"""
#: Colours of elements, told apart with any colour vision; all others have that of metals.
_ELEMENTS = {"C": "#7F7F7F", "N": "#0072B2", "O": "#D55E00", "S": "#E69F00", "P": "#CC79A7"}
_METALS = ("F", "CL", "BR", "I", "MG", "CA", "ZN", "FE", "MN", "NA", "K", "CU", "NI", "CO", "CD", "HG", "SE", "B", "U")
_METAL = "#009E73"
#: The colours of chains in words, for the table.
_CALLED = dict(
    zip(CATEGORIES, ("blue", "vermilion", "green", "pink", "sky blue", "orange", "purple", "grey"), strict=True)
)


def show_structure(view: View, structure_id: str) -> None:
    """The coordinates of a structure, or why they are not had; its chains as a table, for those who do not see it."""
    st.subheader("In three dimensions", anchor=False)
    try:
        found = coordinates_of(view.warehouse, structure_id)
    except SourceError as error:
        st.info("  \n".join(plain(line) for line in str(error).splitlines()), icon=":material/view_in_ar:")
        return
    data = _data(found, structure_id)
    _component()(key=f"structure_{data['key']}", data=data, height="content")
    st.caption(plain(_caption(found)))
    rows = [
        {
            "chain": one.name,
            "colour": _CALLED[colour["colour"]],
            "molecule": one.molecule,
            "residues": one.residues,
            "ligands": ", ".join(one.ligands),
        }
        for one, colour in zip(found.chains, data["chains"], strict=True)
    ]
    show_table(view, pl.DataFrame(rows), f"Chains of {structure_id} in {found.file}", key="chains")


def coordinates_of(warehouse: Warehouse, structure_id: str) -> Coordinates:
    """The coordinates of a structure, from its document.

    Raises:
        SourceError: they are not to be had: the message says why, the hint what to do.
    """
    found = warehouse.documents(structure_id, media_type=MMCIF)
    if not found:
        raise SourceError(
            f"This build has no coordinates of {structure_id}: its sources describe the entry, without its atoms.",
            "Put its mmCIF document (.cif.gz) into the folder of downloads and build again.",
        )
    return read_coordinates(read_document(warehouse, found[0]), found[0].file)


@cache
def _component() -> Any:
    """The component: one module of 3Dmol.js and our code behind it."""
    texts = [(_STATIC / name).read_text(encoding="utf-8") for name in ("3dmol/3Dmol.es6-min.js", "structure.js")]
    css = (_STATIC / "structure.css").read_text(encoding="utf-8")
    return st.components.v2.component("targetgraph_structure", html=_HTML, css=css, js="\n".join(texts))


def _data(found: Coordinates, structure_id: str) -> dict[str, Any]:
    """What the browser gets."""
    return {
        "key": hashlib.sha256(found.text.encode()).hexdigest()[:16],
        "text": found.text,
        "trace": found.trace,
        "elements": {**dict.fromkeys(_METALS, _METAL), **_ELEMENTS},
        "chains": [
            {"name": chain.name, "colour": CATEGORIES[number % len(CATEGORIES)]}
            for number, chain in enumerate(found.chains)
        ],
        "description": f"The structure {structure_id} in 3D. {_words(found)} Arrow keys turn it, + and - bring it "
        "closer or farther, 0 brings back the view at the start. The table below lists the chains.",
    }


def _words(found: Coordinates) -> str:
    """What is to be seen, in words."""
    chains = sum(chain.residues > 0 for chain in found.chains)
    residues = sum(chain.residues for chain in found.chains)
    ligands = sorted({code for chain in found.chains for code in chain.ligands})
    others = f" Other molecules: {', '.join(ligands)}." if ligands else ""
    return f"{chains} chain{'' if chains == 1 else 's'} with {residues:,} residues.{others}"


def _caption(found: Coordinates) -> str:
    model = f" The first of {found.models} models." if found.models > 1 else ""
    shape = "Only the trace of the backbone, since there are very many atoms." if found.trace else "Cartoon by chain."
    return (
        f"{_words(found)} {shape} Other molecules as sticks: carbon grey, nitrogen blue, oxygen vermilion, sulphur "
        f"orange, phosphorus pink, others green.{model} Water and hydrogens are left out. From {found.file}. "
        "Drag to turn, scroll to zoom."
    )
