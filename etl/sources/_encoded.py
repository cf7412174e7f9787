"""Statements about proteins and the genes that encode them, which several sources make alike."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.identifiers import uniprot_id
from etl.species import HUMAN
from warehouse.statements import ROW, Stated, entities, relationships


def encoded_proteins(frame: pl.DataFrame, *, listed: bool = False) -> Iterator[Stated]:
    """Proteins and the genes that encode them; the frame has `subject` (the gene) and `accession`."""
    proteins = frame.select(ROW, id=uniprot_id("accession"), taxon_id=pl.lit(HUMAN.taxon_id))
    yield entities("Protein", proteins, listed=listed)
    pairs = frame.select(ROW, "subject", object=uniprot_id("accession"), evidence=pl.lit("asserted"))
    yield relationships("ENCODES", pairs, listed=listed)
