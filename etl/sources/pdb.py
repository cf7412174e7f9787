"""The Protein Data Bank: entries as PDBx/mmCIF, and the index of all entries.

The archive's 200,000 documents are copied with rsync (https://www.wwpdb.org/ftp/pdb-ftp-sites) and given as a folder,
so they have no single address here; the index and the list of entry types are files of a dated snapshot. What a
document says is more exact than the index.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import Mmcif, tsv
from etl.formats.delimited import Delimited
from etl.identifiers import is_uniprot, uniprot_id
from etl.listings import Listing
from etl.rows import Rows
from etl.source import DocumentOf, Licence, Pin, Remote, Source, SourceFile
from etl.sources._structures import EC_NUMBER, pdb_id, with_pdb_ids
from warehouse.statements import ROW, Reason, Stated, Statements, entities, relationships

_RELEASE = "2026-01-01"
_SNAPSHOTS = "https://pdbsnapshots.s3.us-west-2.amazonaws.com"
_SNAPSHOT = f"{_SNAPSHOTS}/{_RELEASE.replace('-', '')}/pub/pdb/derived_data"

_CATEGORIES = {
    "struct": ("title",),
    "exptl": ("method",),
    "refine": ("ls_d_res_high",),
    "em_3d_reconstruction": ("resolution",),
    "reflns": ("d_resolution_high",),
    "pdbx_database_status": ("recvd_initial_deposition_date",),
    "pdbx_audit_revision_history": ("data_content_type", "revision_date"),
    "pdbx_nmr_ensemble": ("conformers_submitted_total_number",),
    "entity": ("id", "type", "pdbx_ec"),
    "entity_poly": ("entity_id", "pdbx_seq_one_letter_code_can", "pdbx_strand_id"),
    "entity_src_gen": ("pdbx_gene_src_scientific_name", "pdbx_gene_src_ncbi_taxonomy_id"),
    "entity_src_nat": ("pdbx_organism_scientific", "pdbx_ncbi_taxonomy_id"),
    "pdbx_entity_src_syn": ("organism_scientific", "ncbi_taxonomy_id"),
    "pdbx_struct_assembly": ("id",),
    "citation": ("id", "title", "journal_abbrev", "year", "pdbx_database_id_PubMed", "pdbx_database_id_DOI"),
    "pdbx_entity_nonpoly": ("name", "comp_id"),
    "chem_comp": ("id", "formula", "formula_weight"),
    "struct_ref": ("id", "db_name", "db_code", "entity_id", "pdbx_db_accession"),
    "struct_ref_seq": (
        "ref_id",
        "pdbx_db_accession",
        "pdbx_strand_id",
        "seq_align_beg",
        "seq_align_end",
        "db_align_beg",
        "db_align_end",
    ),
}

#: Where a resolution stands; that of the reflections counts only where nothing was refined.
_RESOLUTIONS = (("refine", "ls_d_res_high"), ("em_3d_reconstruction", "resolution"))
_LAST_RESORT = ("reflns", "d_resolution_high")

#: What is in nearly every crystal and is no ligand.
_WATER = ("HOH", "DOD", "WAT")


def _values(category: str, item: str) -> pl.Expr:
    """The texts of an item, as a list for each entry."""
    return pl.col(category).list.eval(pl.element().struct.field(item).drop_nulls().str.strip_chars())


def _first(category: str, item: str) -> pl.Expr:
    return _values(category, item).list.first().str.replace_all(r"\s+", " ")


def _numbers(category: str, item: str) -> pl.Expr:
    """Positive numbers of an item, after `_with_numbers`; a standard uncertainty in brackets is cut off."""
    number = pl.element().str.replace(r"\(\d+\)$", "").cast(pl.Float64, strict=False)
    return pl.col(f"{category}.{item}").str.split(", ").fill_null([]).list.eval(number.filter(number > 0))


def _items(rows: Rows, category: str) -> pl.DataFrame:
    """The items of a category with the row and the structure that they belong to."""
    return rows.frame.select(ROW, "structure", category).explode(category).drop_nulls(category).unnest(category)


def _with_numbers(rows: Rows) -> Rows:
    """The rows with a text for each place of a resolution; a text that is no number is set aside."""
    places = {f"{category}.{item}": _values(category, item) for category, item in (*_RESOLUTIONS, _LAST_RESORT)}
    number = r"\d*\.?\d+(\(\d+\))?"
    wrong = {name: ~pl.col(name).str.contains(f"^{number}(, {number})*$") for name in places}
    texts = {name: pl.when(values.list.len() > 0).then(values.list.join(", ")) for name, values in places.items()}
    return rows.with_columns(**texts).blank(wrong, Reason.BAD_VALUE, pl.col("id"))


def _methods(text: pl.Expr) -> pl.Expr:
    """Experimental methods in one text, in the order of their names."""
    each = text.str.split(";").list.eval(pl.element().str.strip_chars().str.to_uppercase())
    return each.list.unique().list.sort().list.join("; ")


def _kinds_of_polymers() -> pl.Expr:
    """How many entities are polymers; not known where the category, or the kind of an entity, is missing."""
    kinds = pl.col("entity").list.eval(pl.element().struct.field("type"))
    known = (kinds.list.len() > 0) & (kinds.list.drop_nulls().list.len() == kinds.list.len())
    return pl.when(known).then(kinds.list.count_matches("polymer"))


def _whole_sum(category: str, number: pl.Expr) -> pl.Expr:
    """The sum of a number of each item; not known where the category, or one of the numbers, is missing."""
    numbers = pl.col(category).list.eval(number)
    known = (numbers.list.len() > 0) & (numbers.list.drop_nulls().list.len() == numbers.list.len())
    return pl.when(known).then(numbers.list.sum())


def _structure(rows: Rows) -> Statements:
    refined = pl.concat_list(_numbers(*place) for place in _RESOLUTIONS).list.min()
    sources = [
        (category, _CATEGORIES[category]) for category in ("entity_src_gen", "entity_src_nat", "pdbx_entity_src_syn")
    ]
    taxa = pl.concat_list(_values(category, items[1]) for category, items in sources).list.join(",").str.split(",")
    model = pl.element().struct.field("data_content_type").fill_null("Structure model") == "Structure model"
    dates = pl.col("pdbx_audit_revision_history").list.eval(
        pl.element().filter(model).struct.field("revision_date").drop_nulls()
    )
    residues = pl.element().struct.field("pdbx_seq_one_letter_code_can").str.replace_all(r"\s", "").str.len_chars()
    copies = pl.element().struct.field("pdbx_strand_id").str.count_matches(",") + 1
    polymers = _kinds_of_polymers()
    return entities(
        "Structure",
        rows.frame.select(
            ROW,
            id="structure",
            name=_first("struct", "title"),
            method=_methods(_values("exptl", "method").list.join(";")),
            resolution_angstrom=pl.coalesce(refined, _numbers(*_LAST_RESORT).list.min()),
            deposition_date=_first("pdbx_database_status", "recvd_initial_deposition_date"),
            release_date=dates.list.min(),
            revision_date=dates.list.max(),
            organisms=pl.concat_list(_values(category, items[0]) for category, items in sources),
            taxon_ids=taxa.list.eval(pl.element().str.strip_chars()),
            polymer_entity_count=polymers,
            # Every entry has one; where the category is missing, nobody has defined it yet.
            assembly_count=pl.col("pdbx_struct_assembly").list.len().replace(0, None),
            polymer_residue_count=pl.when(polymers == 0)
            .then(0)
            .otherwise(_whole_sum("entity_poly", residues * copies)),
            model_count=_first("pdbx_nmr_ensemble", "conformers_submitted_total_number"),
            enzyme_classes=_values("entity", "pdbx_ec")
            .list.join(",")
            .str.split(",")
            .list.eval(pl.element().str.strip_chars()),
        ),
        unique=True,
    )


def _publications(rows: Rows) -> Iterator[Statements]:
    """The paper that describes the entry; one without PubMed identifier or DOI cannot be told apart and is left out."""
    pubmed, doi = pl.col("pdbx_database_id_PubMed"), pl.col("pdbx_database_id_DOI").str.to_lowercase()
    primary = _items(rows, "citation").filter(pl.col("id") == "primary")
    paper = pl.coalesce("pubmed:" + pubmed.replace(["-1", "0"], None), "doi:" + doi)
    papers = primary.with_columns(object=paper).drop_nulls("object")
    title = pl.col("title").str.replace_all(r"\s+", " ")
    stated = papers.select(ROW, "year", id="object", name=title, journal="journal_abbrev", doi="pdbx_database_id_DOI")
    yield entities("Publication", stated, listed=True)
    described = papers.select(ROW, "object", subject="structure", evidence=pl.lit("asserted"))
    yield relationships("DESCRIBED_IN", described, listed=True)


def _ligands(rows: Rows) -> Iterator[Statements]:
    components = (
        _items(rows, "chem_comp").select(ROW, "formula", "formula_weight", comp_id="id").unique([ROW, "comp_id"])
    )
    ligands = _items(rows, "pdbx_entity_nonpoly").filter(~pl.col("comp_id").is_in(_WATER))
    ligands = ligands.join(components, on=[ROW, "comp_id"], how="left", maintain_order="left")
    ligands = ligands.with_columns(object="pdb.ligand:" + pl.col("comp_id"))
    stated = ligands.select(ROW, "name", "formula", id="object", molecular_weight_dalton="formula_weight")
    yield entities("SmallMolecule", stated, listed=True)
    contained = ligands.select(ROW, "object", subject="structure", evidence=pl.lit("measured"))
    yield relationships("CONTAINS", contained, listed=True)


def _polymers(rows: Rows) -> pl.DataFrame:
    """Row, entity, length of its sequence, its chains."""
    return _items(rows, "entity_poly").select(
        ROW,
        "entity_id",
        length=pl.col("pdbx_seq_one_letter_code_can").str.replace_all(r"\s", "").str.len_chars(),
        chains=pl.col("pdbx_strand_id").str.split(",").list.eval(pl.element().str.strip_chars()),
    )


def _proteins(rows: Rows, polymers: pl.DataFrame) -> Iterator[Statements]:
    """Proteins and the residues of theirs that the chains of the entry are aligned to."""
    numbers = pl.col("seq_align_beg", "seq_align_end", "db_align_beg", "db_align_end").cast(pl.Int64, strict=False)
    aligned = _items(rows, "struct_ref_seq").drop("structure").with_columns(numbers)
    references = _items(rows, "struct_ref").filter(pl.col("db_name") == "UNP")
    references = references.join(
        aligned,
        left_on=[ROW, "id"],
        right_on=[ROW, "ref_id"],
        how="left",
        suffix="_aligned",
        maintain_order="left_right",
    )
    # Old entries name the protein only where its residues are aligned.
    references = references.with_columns(accession=pl.coalesce("pdbx_db_accession", "pdbx_db_accession_aligned"))
    protein = pl.when(is_uniprot("accession")).then(uniprot_id("accession")).otherwise(pl.col("accession"))
    references = references.with_columns(protein=protein)
    entry_name = pl.when(pl.col("db_code").str.contains("^[A-Z0-9]+_[A-Z0-9]+$")).then(pl.col("db_code"))
    proteins = references.select(ROW, id="protein", entry_name=entry_name)
    yield entities("Protein", proteins.unique(maintain_order=True), listed=True)
    segments = references.join(
        polymers.drop("chains"), on=[ROW, "entity_id"], how="left", maintain_order="left"
    ).with_columns(aligned=pl.col("seq_align_end") - pl.col("seq_align_beg") + 1)
    first, last = pl.col("db_align_beg"), pl.col("db_align_end")
    of_chains = segments.group_by(ROW, "protein", "structure", "pdbx_strand_id", maintain_order=True).agg(
        residue_start=first.filter(first <= last).min(),
        residue_end=last.filter(first <= last).max(),
        segments=pl.format("{}:{}-{}", "pdbx_strand_id", first, last).drop_nulls(),
        # Rounded: the last digits of a division depend on how many rows are divided at a time.
        coverage=(_sum_of_known("aligned") / pl.col("length").max()).clip(0, 1).round(6),
    )
    together = of_chains.group_by(ROW, subject="protein", object="structure", maintain_order=True).agg(
        pl.col("residue_start").min(),
        pl.col("residue_end").max(),
        pl.col("segments").list.explode(keep_nulls=False, empty_as_null=False),
        pl.col("coverage").max(),
        chains=pl.col("pdbx_strand_id"),
        evidence=pl.lit("asserted"),
    )
    yield relationships("HAS_STRUCTURE", together, listed=True)


def _sum_of_known(column: str) -> pl.Expr:
    """The sum of the values of a group, null where there is none: a sum of nothing is no zero."""
    return pl.when(pl.col(column).count() > 0).then(pl.col(column).sum())


def _enzymes(rows: Rows, polymers: pl.DataFrame) -> Iterator[Statements]:
    classes = (
        _items(rows, "entity").drop_nulls("pdbx_ec").with_columns(ec=pl.col("pdbx_ec").str.split(",")).explode("ec")
    )
    number = pl.col("ec").str.strip_chars()
    classes = classes.with_columns(ec=pl.when(number.str.contains(EC_NUMBER)).then("ec:" + number).otherwise(number))
    yield entities("EnzymeClass", classes.select(ROW, id="ec"), listed=True)
    found = classes.join(polymers, left_on=[ROW, "id"], right_on=[ROW, "entity_id"], how="left", maintain_order="left")
    active = found.select(ROW, "chains", subject="structure", object="ec", evidence=pl.lit("asserted"))
    yield relationships("HAS_ENZYME_ACTIVITY", active, listed=True)


def entries(rows: Rows) -> Iterator[Stated]:
    """PDBx/mmCIF: an entry with its proteins, ligands, enzyme classes and paper."""
    rows = with_pdb_ids(rows, "id").with_columns(structure=pdb_id("id"))
    rows = _with_numbers(rows)
    polymers = _polymers(rows)
    stated = (
        _structure(rows),
        *_publications(rows),
        *_ligands(rows),
        *_proteins(rows, polymers),
        *_enzymes(rows, polymers),
    )
    yield from (statements for statements in stated if statements.frame.height)


def _resolution(column: str) -> pl.Expr:
    """The best of the numbers in a text such as `1.9` or `2.1, 1.9`; `NOT` means that there is none."""
    numbers = pl.col(column).str.extract_all(r"\d*\.?\d+").list.eval(pl.element().cast(pl.Float64, strict=False))
    return numbers.list.eval(pl.element().filter(pl.element() > 0)).list.min()


def _with_resolution(rows: Rows, column: str) -> Rows:
    """The rows with a resolution that is a number, several, or a word for none; another text is set aside."""
    known = pl.col(column).is_in(["NOT", "NOT AVAILABLE", "N/A", "NULL"]) | pl.col(column).str.contains(r"^[\d., ;]+$")
    return rows.blank({column: ~known}, Reason.BAD_VALUE, pl.col("id"))


def index(rows: Rows) -> Iterator[Stated]:
    """`entries.idx`: id, header, day of deposition (MM/DD/YY), title, sources, authors, resolution, method."""
    rows = _with_resolution(with_pdb_ids(rows, "id"), "resolution")
    day = pl.col("deposited").str.extract_groups(r"^(\d\d)/(\d\d)/(\d\d)$").struct
    # The first entry is of 1972.
    century = pl.when(day[2].cast(pl.Int64, strict=False) >= 70).then(pl.lit("19")).otherwise(pl.lit("20"))
    date = pl.concat_str(century, day[2], pl.lit("-"), day[0], pl.lit("-"), day[1])
    frame = rows.frame.select(
        ROW,
        id=pdb_id("id"),
        name="title",
        method=_methods(pl.col("method").fill_null("X-RAY DIFFRACTION").str.replace_all(",", ";")),
        resolution_angstrom=_resolution("resolution"),
        deposition_date=pl.coalesce(date, "deposited"),
        organisms=pl.col("organisms").str.split(";").list.eval(pl.element().str.strip_chars()),
    )
    yield entities("Structure", frame, unique=True)


def resaved_index(rows: Rows) -> Iterator[Stated]:
    """`mmtf_entries_index.tsv`: title, methods, resolution, day and sizes of entries, as re-saved from MMTF.

    What MMTF calls the release is the last revision, and it counts the residues of all models together.
    """
    rows = _with_resolution(with_pdb_ids(rows.with_columns(id=pl.col("pdb_id")), "id"), "resolution")
    frame = rows.frame.select(
        ROW,
        id=pdb_id("id"),
        name="title",
        method=_methods(pl.col("methods").str.replace_all(r"[,|]", ";")),
        resolution_angstrom=_resolution("resolution"),
        revision_date="release_date",
        model_count="n_models",
        polymer_residue_count=pl.when(pl.col("n_models") == "1").then(pl.col("n_polymer_residues")),
        assembly_count="n_assemblies",
        polymer_entity_count="n_polymer_entities",
    )
    yield entities("Structure", frame, unique=True)


def ids(rows: Rows) -> Iterator[Stated]:
    """A list of entries: `pdb_entry_type.txt` (id, kind of polymer, kind of experiment), or ids alone."""
    yield entities("Structure", with_pdb_ids(rows, "id").frame.select(ROW, id=pdb_id("id")), unique=True)


_ONE = "[0-9a-zA-Z]"

SOURCE = Source(
    name="pdb",
    title="Protein Data Bank",
    description="Experimentally determined structures of proteins and nucleic acids, and what they are made of.",
    homepage="https://www.wwpdb.org",
    licence=Licence("CC0-1.0", True, "https://www.wwpdb.org/about/usage-policies"),
    listing=Listing(
        f"{_SNAPSHOTS}/?delimiter=/",
        r"<Prefix>(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)/</Prefix>",
        _SNAPSHOTS + "/{compact}/",
    ),
    rank=20,
    files=(
        SourceFile(
            "entries",
            (f"[0-9]{_ONE * 3}.cif", f"pdb_{_ONE * 8}.cif", f"pdb_{_ONE * 8}_xyz*.cif"),
            Mmcif(_CATEGORIES),
            entries,
            required=False,
            many=True,
            document=DocumentOf("Structure", "chemical/x-mmcif"),
        ),
        SourceFile(
            "index",
            ("entries.idx",),
            Delimited(
                "\t",
                ("id", "header", "deposited", "title", "organisms", "authors", "resolution", "method"),
                header=False,
                skip_lines=2,
            ),
            index,
            remote=Remote(f"{_SNAPSHOT}/index/entries.idx", _RELEASE, rows=(229_000, 270_000)),
            required=False,
        ),
        SourceFile(
            "resaved_index",
            ("mmtf_entries_index.tsv",),
            tsv(
                *("pdb_id", "title", "methods", "resolution", "release_date", "n_models"),
                *("n_polymer_residues", "n_assemblies", "n_polymer_entities"),
            ),
            resaved_index,
            required=False,
            pins=(Pin("2018", "499fd78e1f2fe59c65dce49c4d607ec2fb6bc80ee22c9d55a960c372b94dce3c", 6_359, subset=True),),
        ),
        SourceFile(
            "entry_types",
            ("pdb_entry_type.txt",),
            tsv("id", "polymer", "experiment", header=False),
            ids,
            remote=Remote(f"{_SNAPSHOT}/pdb_entry_type.txt", _RELEASE, rows=(229_000, 270_000)),
            required=False,
        ),
        SourceFile(
            "ids",
            ("total-id-list", "total-id-list.txt"),
            tsv("id", header=False),
            ids,
            required=False,
            pins=(Pin("2022", "44c6d3838ff520a85bd1382fb976d48735c36f4ee053b1ed71766a8248d5761a", 188_033),),
        ),
    ),
)
