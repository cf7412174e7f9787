"""Cells and spots as formats hand them over: some at a time, with their values, vectors and what is said of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePath

import polars as pl

from etl.rows import Rows
from warehouse.documents.media_types import bare_name
from warehouse.errors import SourceError
from warehouse.statements import ROW

#: What the name of a description ends with; before it stands the name of the file that it describes.
DESCRIPTION = ".targetgraph.json"

#: The prefix of features that are looked up as human genes, by symbol or any identifier.
HUMAN_GENE = "hgnc.symbol"

_HUMAN = {"homo sapiens", "human", "9606", "ncbitaxon:9606", "grch38", "grch37", "hg19", "hg38"}


@dataclass(frozen=True)
class Description:
    """What a user says of a file in `<file>.targetgraph.json`; everything may be left out.

    Args:
        title: the name of the cohort for people.
        organism: scientific name, `human` or `mouse`.
        unit: of the values, in words.
        rows: of a table: what stands in its rows, `genes` or `samples`.
        counts: of AnnData: layers (`X` for the values themselves) that must be whole numbers from 0.
        sample, donor, section, cell_type, cluster: of AnnData: the columns of `obs` that hold these.
    """

    title: str = ""
    organism: str = ""
    unit: str = ""
    rows: str = ""
    counts: tuple[str, ...] = ()
    sample: str = ""
    donor: str = ""
    section: str = ""
    cell_type: str = ""
    cluster: str = ""


def description_path(path: Path) -> Path:
    """Where the description of a file lies, if it has one."""
    return path.with_name(bare_name(path.name) + DESCRIPTION)


def description_of(path: Path) -> Description:
    """What the description beside a file says; an empty one where there is none.

    Raises:
        SourceError: it is not a JSON object with the known keys.
    """
    beside = description_path(path)
    if not beside.is_file():
        return Description()
    known = {one.name for one in fields(Description)}
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceError(f"{path.name}: its description {beside.name} is not JSON: {error}") from error
    if not isinstance(said, dict) or not set(said) <= known:
        what = ", ".join(sorted(set(said) - known)) if isinstance(said, dict) else "it is not an object"
        raise SourceError(
            f"{path.name}: its description {beside.name} has keys that are not known: {what}",
            f"The keys are {', '.join(sorted(known))}.",
        )
    counts = said.pop("counts", ())
    if not all(isinstance(value, str) for value in said.values()) or not _is_list_of_text(counts):
        raise SourceError(f"{path.name}: in its description {beside.name} a value is not a text, or counts no list.")
    return Description(**said, counts=tuple(counts))


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def slug(text: str) -> str:
    """A name as part of an identifier.

    >>> slug("E15.5 pancreas (rep 2)")
    'e15_5_pancreas_rep_2'
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def cohort_name(file: str, endings: Sequence[str]) -> str:
    """The name of a cohort after the file that it comes in, without its packing and ending."""
    name = bare_name(PurePath(file).name)
    ending = next((one for one in endings if name.lower().endswith(one)), "")
    return name[: len(name) - len(ending)]


def gene_prefix(genes: pl.Series, organism: str = "") -> str:
    """The prefix under which the features of a matrix are looked up.

    Genes of other species than human are features of their own: mouse Tp53, ENSMUSG00000059552, and C3 too, as a human
    gene is also called. Where no organism is named, identifiers decide, else whether most symbols are in mixed case.

    >>> gene_prefix(pl.Series(["Tp53", "C3", "Sox17"]))
    'other_species.gene'
    >>> gene_prefix(pl.Series(["C1orf43", "TP53", "ENSG00000141510.17"]))
    'hgnc.symbol'
    """
    if organism:
        return HUMAN_GENE if organism.strip().lower() in _HUMAN else f"{slug(organism)}.gene"
    ensembl = genes.str.extract(r"(?i)(?:^|_)(ENS[A-Z]*G)\d{6,}").drop_nulls().str.to_uppercase()
    if 2 * ensembl.len() > genes.len():
        return HUMAN_GENE if 2 * (ensembl == "ENSG").sum() > ensembl.len() else "other_species.gene"
    symbols = genes.filter(genes.str.contains("[A-Za-z]{2}") & ~genes.str.contains("(?i)^ENS")).str.replace("orf", "")
    mixed = symbols.str.contains("[a-z]").sum()
    return "other_species.gene" if symbols.len() and 2 * mixed > symbols.len() else HUMAN_GENE


def gene_note(prefix: str) -> str:
    """What a receipt says of the genes of a file."""
    if prefix == HUMAN_GENE:
        return "its features are looked up as human genes"
    return "its features are not human genes: they are kept by their own names and joined with no gene"


@dataclass(frozen=True)
class ObservedValues:
    """A matrix of some cells.

    Args:
        suffix: of its name, after that of the cohort.
        unit: of its values.
        frame: `row_id`, `feature`, `value`, a column for each layer, `ROW`.
        layers: the layers.
        prefix: under which its features are looked up.
        features: `feature`, `ROW`: every feature, with or without a value; None = known already.
        is_vector: its features are the components of vectors.
    """

    suffix: str
    unit: str
    frame: pl.DataFrame
    layers: tuple[str, ...] = ()
    prefix: str = HUMAN_GENE
    features: pl.DataFrame | None = None
    is_vector: bool = False


@dataclass(frozen=True)
class ObservedRows(Rows):
    """A batch of cells or spots; its frame has `row_id` and what is said of each.

    Args:
        cohort: the name of their cohort.
        row_type: `cell` or `spot`.
        title: the name of the cohort for people.
        known: columns of the frame by what they are in the table `observations`.
        numeric: the columns of the frame that hold numbers.
        matrices: their values.
        positions: `row_id`, `ROW` and columns of the table `observation_positions`; None = none.
        origin: the file or the folder that their cohort is named after; empty = the file that they are read from.
        every_row: `row_id`, `ROW`: all rows of their matrices, with or without a value; None = those of the frame.
    """

    cohort: str
    row_type: str
    title: str
    known: Mapping[str, str]
    numeric: frozenset[str]
    matrices: Sequence[ObservedValues]
    positions: pl.DataFrame | None = None
    every_row: pl.DataFrame | None = None
    origin: str = ""

    @property
    def all_rows(self) -> pl.DataFrame:
        """Every cell of the batch."""
        return (self.frame if self.every_row is None else self.every_row).select("row_id", ROW)
