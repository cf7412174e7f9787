"""TCGA barcodes: the patient and the sample that each names, at every level of detail, and what kind of sample that is.

A barcode names a patient (`TCGA-02-0001`), a sample (`TCGA-02-0001-01`), one of its vials (`-01C`), or what was made
from a vial: portion, analyte, aliquot (`TCGA-02-0001-01C-01D-0182-01`). A sample is the first 15 characters, as in
cBioPortal and Xena, so a barcode of any deeper level means the sample that it begins with. Upper and lower case are the
same, and so are separators: R writes `TCGA.02.0001.01C`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

#: A barcode of any level; the groups are the site, the participant, the code of the sample type, and the vial.
BARCODE = r"^TCGA[-._]([A-Z0-9]{2})[-._]([A-Z0-9]{4})(?:[-._](\d{2})([A-Z]?)(?:[-._][A-Z0-9]+)*)?$"

#: The code of the sample type that a barcode of a patient stands for where a sample is named (cBioPortal's convention).
_PRIMARY = "01"


#: Which tumour of a patient it is, in the order in which samples stand for their patient.
TUMOUR_DESCRIPTORS = ("primary", "primary blood-derived", "new primary", "recurrent", "metastatic")


class SampleType(NamedTuple):
    """What a code of TCGA says of a sample.

    Args:
        name: the sample type in the words of the Genomic Data Commons.
        tissue_type: tumour, normal, control, or derived (cell lines and xenografts).
        tumour_descriptor: which tumour of the patient.
    """

    name: str
    tissue_type: str
    tumour_descriptor: str | None = None


#: The first two digits of the sample part of a barcode.
SAMPLE_TYPES = {
    "01": SampleType("Primary Solid Tumor", "tumour", "primary"),
    "02": SampleType("Recurrent Solid Tumor", "tumour", "recurrent"),
    "03": SampleType("Primary Blood Derived Cancer - Peripheral Blood", "tumour", "primary blood-derived"),
    "04": SampleType("Recurrent Blood Derived Cancer - Bone Marrow", "tumour", "recurrent"),
    "05": SampleType("Additional - New Primary", "tumour", "new primary"),
    "06": SampleType("Metastatic", "tumour", "metastatic"),
    "07": SampleType("Additional Metastatic", "tumour", "metastatic"),
    "08": SampleType("Human Tumor Original Cells", "tumour"),
    "09": SampleType("Primary Blood Derived Cancer - Bone Marrow", "tumour", "primary blood-derived"),
    "10": SampleType("Blood Derived Normal", "normal"),
    "11": SampleType("Solid Tissue Normal", "normal"),
    "12": SampleType("Buccal Cell Normal", "normal"),
    "13": SampleType("EBV Immortalized Normal", "normal"),
    "14": SampleType("Bone Marrow Normal", "normal"),
    "15": SampleType("sample type 15", "normal"),
    "16": SampleType("sample type 16", "normal"),
    "20": SampleType("Control Analyte", "control"),
    "40": SampleType("Recurrent Blood Derived Cancer - Peripheral Blood", "tumour", "recurrent"),
    "50": SampleType("Cell Lines", "derived"),
    "60": SampleType("Primary Xenograft Tissue", "derived"),
    "61": SampleType("Cell Line Derived Xenograft Tissue", "derived"),
}

#: RNA and DNA analytes by their letters, the preferred first; a letter of no known analyte comes last.
_ANALYTES = {"H": 0, "R": 1, "T": 2, "D": 3, "G": 4, "W": 4, "X": 4}


@dataclass(frozen=True)
class Barcode:
    """A barcode that was read.

    Args:
        patient: the first three parts, as TCGA writes them.
        code: the sample type's two digits; None where the barcode names a patient.
        vial: the letter of the vial; empty where the barcode names none.
        rest: portion, analyte, plate and centre, as they were written.
    """

    patient: str
    code: str | None
    vial: str
    rest: tuple[str, ...]

    @property
    def sample(self) -> str:
        """The sample that is named; of a patient, the primary solid tumour."""
        return f"{self.patient}-{self.code or _PRIMARY}"

    @property
    def analyte(self) -> str:
        """The letter of the analyte (R = RNA, D = DNA); empty where the barcode names none."""
        return self.rest[0][-1] if self.rest and self.rest[0][-1].isalpha() else ""

    @property
    def plate(self) -> str:
        """The plate of the aliquot; empty where the barcode names none."""
        return self.rest[1] if len(self.rest) > 1 else ""


def read_barcode(text: str) -> Barcode | None:
    """Read a barcode of any level; None where the text has another form.

    >>> read_barcode("tcga.02.0001.01c.01D.0182.01").sample
    'TCGA-02-0001-01'
    """
    written = text.strip().upper()
    match = re.match(BARCODE, written)
    if match is None:
        return None
    site, participant, code, vial = match.groups()
    rest = re.split("[-._]", written)[4:]
    return Barcode(f"TCGA-{site}-{participant}", code, vial or "", tuple(rest))


def references_of(text: str) -> dict[str, str]:
    """What a barcode names, by the prefix of the reference: its patient, and its sample where it names one.

    >>> references_of("TCGA-02-0001-01C-01D-0182-01")
    {'tcga': 'TCGA-02-0001', 'tcga.sample': 'TCGA-02-0001-01'}
    >>> references_of("TCGA-02-0001"), references_of("TP53")
    ({'tcga': 'TCGA-02-0001'}, {})
    """
    barcode = read_barcode(text)
    if barcode is None:
        return {}
    return {"tcga": barcode.patient} | ({"tcga.sample": barcode.sample} if barcode.code else {})


def sample_type(code: str | None) -> SampleType | None:
    """What the two digits say: codes that are not assigned yet count by TCGA's ranges.

    >>> sample_type("11").tissue_type
    'normal'
    """
    if code is None or code in SAMPLE_TYPES:
        return SAMPLE_TYPES.get(code or "")
    ranges = {"0": "tumour", "1": "normal", "2": "control"}
    return SampleType(f"sample type {code}", ranges[code[0]]) if code[0] in ranges and code != "00" else None


def preferred(names: Iterable[str]) -> dict[str, str]:
    """Of the barcodes that name the same sample, the one whose values stand for it.

    The first vial, since later ones are often fixed in formalin; of its aliquots, as Broad's GDAC Firehose chooses: RNA
    analyte H before R before T, native DNA before amplified DNA, the latest plate, the last in alphabetical order.

    Args:
        names: texts; those that are not barcodes are left out.

    Returns:
        The chosen text by sample, sorted by sample.

    >>> preferred(["TCGA-02-0001-01A-01R-1850-01", "TCGA-02-0001-01A-01R-2090-01", "TCGA-02-0001-01B-01H-1850-01"])
    {'TCGA-02-0001-01': 'TCGA-02-0001-01A-01R-2090-01'}
    """
    read = [(barcode, name) for name in sorted(set(names)) if (barcode := read_barcode(name)) is not None]
    # Each sort keeps the order of the one before, so the last is the weightiest.
    read.sort(key=lambda one: (one[0].plate, one[0].rest), reverse=True)
    read.sort(key=lambda one: (one[0].sample, one[0].vial, _ANALYTES.get(one[0].analyte, 5)))
    chosen: dict[str, str] = {}
    for barcode, name in read:
        chosen.setdefault(barcode.sample, name)
    return chosen


def is_barcode(column: pl.Expr) -> pl.Expr:
    """Whether texts are barcodes of any level."""
    return _written(column).str.contains(BARCODE)


def patient_of(column: pl.Expr) -> pl.Expr:
    """The patients that barcodes name, as TCGA writes them; null where a text is no barcode."""
    written = _written(column)
    return pl.concat_str(
        pl.lit("TCGA"), written.str.extract(BARCODE, 1), written.str.extract(BARCODE, 2), separator="-"
    )


def sample_of(column: pl.Expr) -> pl.Expr:
    """The samples that barcodes name; of a patient, the primary solid tumour; null where a text is no barcode."""
    code = _written(column).str.extract(BARCODE, 3).fill_null(_PRIMARY)
    return pl.concat_str(patient_of(column), code, separator="-")


def names_patient(column: pl.Expr) -> pl.Expr:
    """Whether barcodes name a patient and no sample."""
    return is_barcode(column) & _written(column).str.extract(BARCODE, 3).is_null()


def sample_type_of(column: pl.Expr) -> pl.Expr:
    """What TCGA calls the type of the samples that barcodes name; null where they name a patient."""
    return _by_code(column, {code: kind.name for code, kind in _ALL_TYPES.items()})


def tissue_type_of(column: pl.Expr) -> pl.Expr:
    """The tissue type of the samples that barcodes name; null where they name a patient."""
    return _by_code(column, {code: kind.tissue_type for code, kind in _ALL_TYPES.items()})


def tumour_descriptor_of(column: pl.Expr) -> pl.Expr:
    """Which tumour of the patient barcodes name; null where it is normal tissue, or not said."""
    return _by_code(column, {code: kind.tumour_descriptor for code, kind in _ALL_TYPES.items()})


_ALL_TYPES = {code: kind for code in (f"{n:02}" for n in range(1, 100)) if (kind := sample_type(code)) is not None}


def _by_code(column: pl.Expr, values: dict[str, str] | dict[str, str | None]) -> pl.Expr:
    return _written(column).str.extract(BARCODE, 3).replace_strict(values, default=None, return_dtype=pl.String)


def _written(column: pl.Expr) -> pl.Expr:
    return column.str.strip_chars().str.to_uppercase()
