"""cBioPortal: study folders in the layout in which studies are published and loaded.

What a data file holds is said by the `meta_*.txt` beside it, never by its name or its folder. A patient or sample
whose identifier is a TCGA barcode, of whatever level, is the TCGA patient or sample (`tcga:`, `tcga.sample:`): a
barcode names one person wherever it stands. All others are named within their study. A gene is named by its Entrez id
where the row has one, else by its symbol. Every pair `<X>_STATUS` and `<X>_MONTHS` is an end point. Studies are
published as archives (https://www.cbioportal.org/datasets), which no build can fetch file by file: unpack them and
build with `--raw`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import polars as pl

from etl.formats import tsv
from etl.formats.described import Described, Fields, description_of, fields_of
from etl.identifiers import refer
from etl.rows import Rows
from etl.source import Format, Licence, Pin, Source, SourceFile
from etl.sources._endpoints import COLUMNS, with_endpoints
from etl.sources._sample_types import tissue_types
from etl.sources._tcga import (
    ASSERTED,
    MISSING,
    ONCOTREE,
    diagnoses,
    first_of_each,
    is_unnamed,
    long_columns,
    note_patients,
    one_column_each,
    one_name_each,
    survival,
    with_numbers,
    with_sex,
    without_missing,
)
from warehouse.barcodes import patient_of, sample_of, sample_type_of, tissue_type_of, tumour_descriptor_of
from warehouse.licences import may_be_passed_on
from warehouse.statements import ROW, Matrix, Reason, Stated, entities, relationships, table_rows

#: cBioPortal's months are days divided by 365.25 / 12, rounded to two decimals.
_DAYS_PER_MONTH = 365.25 / 12

#: The columns of a wide table that are no samples.
_GENE_COLUMNS = {"Hugo_Symbol", "Entrez_Gene_Id", "Cytoband", "Locus ID", "Composite.Element.REF"}

#: The kind of matrix by `genetic_alteration_type`.
_KINDS = {
    "MRNA_EXPRESSION": "expression",
    "COPY_NUMBER_ALTERATION": "copy_number",
    "METHYLATION": "methylation",
}

_MAF_COLUMNS = (
    "Hugo_Symbol",
    "Chromosome",
    "Start_Position",
    "Variant_Classification",
    "Reference_Allele",
    "Tumor_Seq_Allele2",
    "Tumor_Sample_Barcode",
)
_MAF_OPTIONAL = (
    "Entrez_Gene_Id",
    "Tumor_Seq_Allele1",
    "End_Position",
    "Variant_Type",
    "HGVSp_Short",
    "NCBI_Build",
)
#: How annotators write that a variant changes no protein, or none that they name.
_NO_CHANGE = (".", "-", "None", "null")
#: By property the columns in which studies write it; the first that has a value counts.
_PATIENT_COLUMNS = {
    "AGE": ("AGE", "AGE_AT_DIAGNOSIS", "DIAGNOSIS_AGE", "AGE_AT_INITIAL_PATHOLOGIC_DIAGNOSIS"),
    "SEX": ("SEX", "GENDER"),
    "RACE": ("RACE", "PRIMARY_RACE"),
    "STAGE": ("AJCC_PATHOLOGIC_TUMOR_STAGE", "PATHOLOGIC_STAGE", "TUMOR_STAGE", "STAGE", "CLINICAL_STAGE"),
    "GRADE": ("GRADE", "TUMOR_GRADE", "HISTOLOGIC_GRADE", "NEOPLASM_HISTOLOGIC_GRADE"),
}
_SAMPLE_COLUMNS = {
    "SUBTYPE": ("SUBTYPE", "MOLECULAR_SUBTYPE", "TUMOR_SUBTYPE"),
    "SAMPLE_TYPE": ("SAMPLE_TYPE", "TUMOR_SAMPLE_TYPE"),
    "ONCOTREE_CODE": ("ONCOTREE_CODE", "ONCOTREE"),
}
_PATIENT_OPTIONAL = tuple(name for names in _PATIENT_COLUMNS.values() for name in names)
_SAMPLE_OPTIONAL = tuple(name for names in _SAMPLE_COLUMNS.values() for name in names)
_GENES = ("Hugo_Symbol", "Entrez_Gene_Id")

_IDENTIFIER, _TYPE, _DATATYPE = "cancer_study_identifier", "genetic_alteration_type", "datatype"


def study(rows: Rows) -> Iterator[Stated]:
    """`meta_study.txt`: the study, its papers, and the disease where it is named by its code in OncoTree."""
    frame = rows.frame.with_columns(
        id="cbioportal:" + pl.col(_IDENTIFIER),
        papers=pl.col("pmid").str.replace_all(" ", "").str.split(","),
        disease="oncotree:" + pl.col("type_of_cancer").str.to_uppercase(),
    )
    yield entities("Cohort", frame.select(ROW, "id", "name", "description", "reference_genome", pubmed_ids="papers"))
    papers = frame.select(ROW, subject="id", object="papers", evidence=ASSERTED).explode("object").drop_nulls("object")
    papers = papers.with_columns(object="pubmed:" + pl.col("object"))
    yield entities("Publication", papers.select(ROW, id="object"), listed=True)
    yield relationships("DESCRIBED_IN", papers, listed=True)
    codes = pl.col("disease").str.strip_prefix("oncotree:")
    known = frame.filter(codes.is_in(list(ONCOTREE))).with_columns(title=codes.replace_strict(ONCOTREE, default=None))
    yield entities("Disease", known.select(ROW, id="disease", name="title"))
    yield relationships("STUDIES", known.select(ROW, subject="id", object="disease", evidence=ASSERTED))


def descriptions(rows: Rows) -> Iterator[Stated]:
    """The descriptions of the files that are read: they are used there and state nothing of their own."""
    yield from ()


def patients(rows: Rows) -> Iterator[Stated]:
    """Clinical patients: attributes, and survival as status and months."""
    rows = without_missing(rows, *(name for name in rows.frame.columns if name != ROW))
    rows, endpoints = with_endpoints(rows, "PATIENT_ID")
    for column in _PATIENT_COLUMNS["SEX"]:
        rows = with_sex(rows, column, "PATIENT_ID")
    frame = rows.frame.with_columns(patient=_patient(rows))
    yield entities(
        "Patient",
        frame.select(
            ROW,
            id="patient",
            name="PATIENT_ID",
            age_at_diagnosis_years=pl.coalesce(_PATIENT_COLUMNS["AGE"]),
            sex=pl.coalesce(_PATIENT_COLUMNS["SEX"]),
            race=pl.coalesce(_PATIENT_COLUMNS["RACE"]),
            stage=pl.coalesce(_PATIENT_COLUMNS["STAGE"]),
            grade=pl.coalesce(_PATIENT_COLUMNS["GRADE"]),
        ),
        unique=True,
    )
    yield _members(rows, frame)
    if endpoints:
        yield survival(frame, pl.col("patient"), {endpoint: _from_months(endpoint) for endpoint in endpoints})


def _from_months(endpoint: str) -> tuple[pl.Expr, pl.Expr]:
    return (pl.col(f"{endpoint}_MONTHS") * _DAYS_PER_MONTH).round(), pl.col(f"{endpoint}_STATUS")


def samples(rows: Rows) -> Iterator[Stated]:
    """Clinical samples: whose they are, type, subtype, and the tumour type where OncoTree's code is given."""
    rows = without_missing(rows, *(name for name in rows.frame.columns if name != ROW))
    rows = rows.with_columns(**{name: pl.coalesce(names) for name, names in _SAMPLE_COLUMNS.items()})
    note_patients(rows, rows.frame["SAMPLE_ID"])
    rows = rows.blank({"SAMPLE_TYPE": _contradicts(rows.frame)}, Reason.BAD_VALUE, pl.col("SAMPLE_ID"))
    sample, patient = _sample(rows, "SAMPLE_ID"), _patient(rows)
    frame = rows.frame.with_columns(sample=sample, patient=patient)
    named = frame.select(ROW, id="sample", name="SAMPLE_ID", subtype="SUBTYPE", **_types(frame))
    yield entities("Sample", named, unique=True)
    yield entities("Patient", frame.select(ROW, id="patient", name="PATIENT_ID"))
    yield _members(rows, frame)
    yield relationships("HAS_SAMPLE", frame.select(ROW, subject="patient", object="sample", evidence=ASSERTED))
    yield from diagnoses(frame, pl.col("patient"), pl.col("ONCOTREE_CODE"))


def _contradicts(frame: pl.DataFrame) -> pl.Expr:
    """Whether the words of the study name another tissue than the barcode of the sample: the barcode is believed."""
    tissue, _which = tissue_types(frame, "SAMPLE_TYPE")
    return tissue != tissue_type_of(pl.col("SAMPLE_ID"))


def _types(frame: pl.DataFrame) -> dict[str, pl.Expr]:
    """What is known of the type of a sample: by its barcode where it has one, else by the words of the study."""
    barcode, words = pl.col("SAMPLE_ID"), pl.col("SAMPLE_TYPE")
    tissue, which = tissue_types(frame, "SAMPLE_TYPE")
    by_barcode = tissue_type_of(barcode).is_not_null()
    return {
        "sample_type": pl.coalesce(words, sample_type_of(barcode)),
        "tissue_type": pl.when(by_barcode).then(tissue_type_of(barcode)).otherwise(tissue),
        "tumour_descriptor": pl.when(by_barcode).then(tumour_descriptor_of(barcode)).otherwise(which),
    }


def wide_matrix(rows: Rows) -> Iterator[Stated]:
    """A profile with a gene in each row and a sample in each column."""
    ids = [name for name in rows.frame.columns if name not in {*_GENE_COLUMNS, ROW} and not is_unnamed(name)]
    names = pl.Series("id", ids, pl.String)
    note_patients(rows, names)
    barcodes = names.to_frame().select(_sample(rows, "id")).to_series().to_list()
    row_ids = one_column_each(rows, dict(zip(ids, barcodes, strict=True)))
    rows = first_of_each(with_numbers(_with_genes(rows), list(row_ids), "gene"), "gene")
    yield _matrix(rows, long_columns(rows.frame, pl.col("gene"), row_ids))


def long_matrix(rows: Rows) -> Iterator[Stated]:
    """Discrete copy numbers in long form: a gene and a sample in each row."""
    rows = rows.reject(pl.col("Sample_Id").is_null(), Reason.MISSING_VALUE, "Sample_Id")
    rows = with_numbers(_with_genes(rows), ["Value"], "Sample_Id")
    note_patients(rows, rows.frame["Sample_Id"])
    rows = _with_one_name_each(rows.with_columns(row_id=_sample(rows, "Sample_Id")))
    rows = first_of_each(rows.with_columns(pair=pl.concat_str("gene", "row_id", separator=" ")), "pair")
    yield _matrix(rows, rows.frame.select("row_id", ROW, feature="gene", value="Value"))


def _with_one_name_each(rows: Rows) -> Rows:
    """The rows of one aliquot of each sample."""
    kept = one_name_each(rows, dict(rows.frame.select("Sample_Id", "row_id").unique(maintain_order=True).iter_rows()))
    used = pl.col("row_id").replace_strict(rows.ledger.names, default=None, return_dtype=pl.String)
    detail = pl.format("{} has the values of {}", pl.col("row_id"), used)
    return rows.reject(~pl.col("Sample_Id").is_in(list(kept)), Reason.DUPLICATE_KEY, detail, pl.col("Sample_Id"))


def mutations(rows: Rows) -> Iterator[Stated]:
    """Variants in the mutation annotation format, silent ones too; the change is the allele unlike the reference."""
    rows = _with_genes(without_missing(rows, *_MAF_COLUMNS, *_MAF_OPTIONAL))
    note_patients(rows, rows.frame["Tumor_Sample_Barcode"])
    alleles = [pl.col("Tumor_Seq_Allele2"), pl.col("Tumor_Seq_Allele1")]
    changed = pl.coalesce(pl.when(allele != pl.col("Reference_Allele")).then(allele) for allele in alleles)
    frame = rows.frame.select(
        ROW,
        sample_id=_sample(rows, "Tumor_Sample_Barcode"),
        gene_id="gene",
        variant_class="Variant_Classification",
        variant_type="Variant_Type",
        chromosome="Chromosome",
        start_position="Start_Position",
        end_position="End_Position",
        reference_allele="Reference_Allele",
        tumour_allele=changed,
        protein_change=pl.when(~pl.col("HGVSp_Short").is_in(_NO_CHANGE)).then(pl.col("HGVSp_Short")),
        reference_genome="NCBI_Build",
    )
    yield table_rows("mutations", frame, unique=True)


def _patient(rows: Rows) -> pl.Expr:
    return pl.coalesce("tcga:" + patient_of(pl.col("PATIENT_ID")), _within(rows, "cbioportal.patient", "PATIENT_ID"))


def _sample(rows: Rows, column: str) -> pl.Expr:
    return pl.coalesce("tcga.sample:" + sample_of(pl.col(column)), _within(rows, "cbioportal.sample", column))


def _within(rows: Rows, prefix: str, column: str) -> pl.Expr:
    """A name within its study."""
    return pl.format(prefix + ":{}.{}", pl.lit(rows.about[_IDENTIFIER]), pl.col(column))


def _members(rows: Rows, frame: pl.DataFrame) -> Stated:
    cohort = pl.lit(f"cbioportal:{rows.about[_IDENTIFIER]}")
    return relationships("HAS_PATIENT", frame.select(ROW, subject=cohort, object="patient", evidence=ASSERTED))


def _with_genes(rows: Rows) -> Rows:
    """The rows that name a gene, with its reference in `gene`."""
    entrez = pl.col("Entrez_Gene_Id")
    symbol = pl.col("Hugo_Symbol")
    # Programs that know no missing integer write 7157.0.
    number = entrez.str.strip_chars().str.extract(r"^([1-9]\d*)(?:\.0+)?$")
    by_id = "ncbigene:" + number
    by_symbol = pl.when(~symbol.is_in(MISSING)).then(refer("hgnc.symbol", "Hugo_Symbol"))
    rows = rows.with_columns(gene=pl.coalesce(by_id, by_symbol))
    return rows.reject(pl.col("gene").is_null(), Reason.MISSING_VALUE, "the row names no gene")


def _matrix(rows: Rows, values: pl.DataFrame) -> Matrix:
    about = rows.about
    name = re.sub(r"[^a-z0-9]+", "_", f"cbioportal_{about[_IDENTIFIER]}_{about['stable_id']}".lower()).strip("_")
    unit = f"{about.get('profile_name', about['stable_id'])} ({about[_DATATYPE]})"
    cohort = f"cbioportal:{about[_IDENTIFIER]}"
    return Matrix(name, _KINDS[about[_TYPE]], cohort, unit, "Sample", values, feature_prefix="")


_WIDE = frozenset(
    {
        *(("MRNA_EXPRESSION", datatype) for datatype in ("CONTINUOUS", "Z-SCORE", "DISCRETE")),
        *(("COPY_NUMBER_ALTERATION", datatype) for datatype in ("CONTINUOUS", "DISCRETE", "LOG2-VALUE")),
        ("METHYLATION", "CONTINUOUS"),
    }
)
_LONG = frozenset({("COPY_NUMBER_ALTERATION", "DISCRETE_LONG")})
_PATIENTS = frozenset({("CLINICAL", "PATIENT_ATTRIBUTES")})
_SAMPLES = frozenset({("CLINICAL", "SAMPLE_ATTRIBUTES")})
_VARIANTS = frozenset({("MUTATION_EXTENDED", "MAF")})
_READ = _WIDE | _LONG | _PATIENTS | _SAMPLES | _VARIANTS


def _holds(kinds: frozenset[tuple[str, str]], path: Path) -> bool:
    """Whether a data file, as its description says, holds one of these types of data."""
    return _kind(description_of(path) or {}) in kinds


def _describes(kinds: frozenset[tuple[str, str]], path: Path) -> bool:
    return _kind(fields_of(path)) in kinds


def _kind(about: dict[str, str]) -> tuple[str, str]:
    return about.get(_TYPE, ""), about.get(_DATATYPE, "")


#: A licence of Creative Commons as people write it in a sentence, or the address of one.
_CREATIVE_COMMONS = re.compile(
    r"(?:creativecommons\.org/licenses/|(?:CC|Creative Commons)[ -]?)(BY(?:[ -](?:NC|ND|SA))*)\b[ /-]*(\d\.\d)?",
    re.IGNORECASE,
)
_NO_RIGHTS = re.compile(r"\bCC-?0\b|creativecommons\.org/publicdomain/zero", re.IGNORECASE)
_SAYS_LICENCE = ("license", "licence", "data_license", "data_licence")


def _licence(path: Path) -> Licence | None:
    """The licence of the study that a file belongs to, where the study states one; None = that of all studies."""
    about = fields_of(path.parent / "meta_study.txt") if (path.parent / "meta_study.txt").exists() else {}
    stated = next((about[name] for name in _SAYS_LICENCE if about.get(name)), None)
    texts = [stated, about.get("description"), _licence_beside(path.parent)]
    study = about.get(_IDENTIFIER, "study")
    name = next((name for text in texts if text and (name := _named_licence(text))), stated)
    if name is None:
        return None
    return Licence(f"{study}: {name}", may_be_passed_on(name), f"https://www.cbioportal.org/study/summary?id={study}")


def _named_licence(text: str) -> str | None:
    """The licence that a text names.

    >>> _named_licence("Data are available under the Creative Commons BY-NC-ND 4.0 license.")
    'CC BY-NC-ND 4.0'
    >>> _named_licence('See <a href="https://creativecommons.org/licenses/by-nc/4.0/">its terms</a>.')
    'CC BY-NC 4.0'
    """
    if found := _CREATIVE_COMMONS.search(text):
        return f"CC {found[1].upper().replace(' ', '-')} {found[2] or ''}".strip()
    return "CC0-1.0" if _NO_RIGHTS.search(text) else None


def _licence_beside(folder: Path) -> str | None:
    """The beginning of a file `LICENSE` of a study."""
    path = next((path for path in sorted(folder.glob("LICEN[SC]E*")) if path.is_file()), None)
    return None if path is None else path.read_bytes()[:4000].decode(errors="replace")


def _pins(*pinned: tuple[str, int]) -> tuple[Pin, ...]:
    return tuple(Pin("2018", content_sha256, rows) for content_sha256, rows in pinned)


def _data(
    part: str,
    kinds: frozenset[tuple[str, str]],
    layout: Format,
    parse: Callable[[Rows], Iterator[Stated]],
    pins: tuple[Pin, ...],
    *,
    fields: tuple[str, ...] = (),
) -> SourceFile:
    return SourceFile(
        part,
        ("data_*.txt", "data_*.tsv", "data_*.maf"),
        Described(layout, (_IDENTIFIER, _TYPE, _DATATYPE, *fields)),
        parse,
        required=False,
        many=True,
        pins=pins,
        belongs=partial(_holds, kinds),
        licence=_licence,
    )


SOURCE = Source(
    name="cbioportal",
    title="cBioPortal studies",
    description="Cancer studies with clinical data, expression, copy number, methylation and mutations.",
    homepage="https://www.cbioportal.org/datasets",
    licence=Licence("ODbL-1.0 unless a study states its own", True, "https://opendatacommons.org/licenses/odbl/1-0/"),
    rank=50,
    files=(
        SourceFile(
            "study",
            ("meta_study.txt",),
            Fields((_IDENTIFIER, "name"), ("description", "pmid", "reference_genome", "type_of_cancer")),
            study,
            many=True,
            licence=_licence,
            pins=_pins(("8186716b9653a758981cf28a58dd3b096c89411fd833cef1a4acfa093fc512cf", 1)),
        ),
        SourceFile(
            "descriptions",
            ("meta_*.txt",),
            Fields((_IDENTIFIER,)),
            descriptions,
            required=False,
            many=True,
            licence=_licence,
            pins=_pins(
                ("174a6130fb091291ae202acc667c2d23e905e9b83e9a2546c33c5077a5235e21", 1),
                ("378d6eb6845f5d0cb0b49ae67bd5e9f7abbffcc7598537548f98e51225870898", 1),
                ("67c250290ab04c22bdbdf08c641bcbc434694e8c117eaa4ff4933dbd11681482", 1),
                ("67e1886e64f695022c6d9e3233726a336e360744fcf59212abd96b57112f8653", 1),
                ("c13fe9e6e534c025a5c843ee1d0882fd06691f4aa24fa23747f033a250c27d8d", 1),
                ("35e0e9c1dd0661eb5ffbf8b40628765deba9e361a6002abcb4b2be3bf0a792c7", 1),
                ("f571c7ce199577929cd17e141a5f74a485ed9b3d339ad5e1735c972fb1c8ea7f", 1),
                ("5d3e5c09e88c1cc627c04cead7b60c9cbe07ce769ed9855b3aa139334b05fc9a", 1),
            ),
            belongs=partial(_describes, _READ),
        ),
        _data(
            "patients",
            _PATIENTS,
            tsv("PATIENT_ID", comment="#", optional=_PATIENT_OPTIONAL, like=COLUMNS),
            patients,
            _pins(("51fec27f7117a377785e309d1974f4e14486d194f8a7d14de6023f9a91af6e81", 841)),
        ),
        _data(
            "samples",
            _SAMPLES,
            tsv("SAMPLE_ID", "PATIENT_ID", comment="#", optional=_SAMPLE_OPTIONAL),
            samples,
            _pins(("9c6a16ac82162804c8029ab64d67147edb95b1e9b4d9845373f8d6145236a17a", 845)),
        ),
        _data(
            "profiles",
            _WIDE,
            tsv(comment="#", optional=_GENES, wide=True, row_names="Hugo_Symbol"),
            wide_matrix,
            _pins(
                ("fe86ec05ee646e321ced016de2bc363837350cc2582dd18944c3e3cab54851cb", 7),
                ("3cc63307ef9f597e83cbcaaad88791d85b1e439a92b2657dab3ecae809c91263", 6),
                ("9aed0b1eeeabd19940f39570613bdec2f1b85dd55c56e6e1cc52e8a8d1d6db2e", 5),
                ("06e90c5ed23028e96dcadbfa0448f9da4c0cfa5d99217f69c867efce4483cc5e", 8),
            ),
            fields=("stable_id",),
        ),
        _data(
            "long_profiles",
            _LONG,
            tsv("Sample_Id", "Value", comment="#", optional=_GENES),
            long_matrix,
            _pins(("92f5fa13c4dbbce46f823cdb2a339712bdac65cecdf92c1a6a058aa2669b3952", 6304)),
            fields=("stable_id",),
        ),
        _data(
            "mutations",
            _VARIANTS,
            tsv(*_MAF_COLUMNS, comment="#", optional=_MAF_OPTIONAL),
            mutations,
            _pins(("6c4a29707bf7078001c1b57a48007804e1e06ae589603eef92be6c6996d8d4e5", 36)),
        ),
    ),
)
