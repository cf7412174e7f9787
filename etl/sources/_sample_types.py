"""What a source's words for the type of a sample say: which tissue, and which tumour of the patient."""

from __future__ import annotations

import re

import polars as pl

from warehouse.barcodes import SampleType, sample_type

#: What words say, in the order in which they are looked for: tissue type and tumour descriptor.
_WORDS = (
    (r"xenograft|\bpdx\b|\bcdx\b|cell[ _-]?line|organoid|\bcultured?\b", "derived", None),
    (r"\bnon[ _-]?(tumou?r|neoplastic|malignant|cancer)|normal|healthy|\bnat\b|germline", "normal", None),
    (r"\bcontrol\b", "control", None),
    (r"(?<!non)(?<!non[ _-])metasta|\bmets?\b", "tumour", "metastatic"),
    (r"recurren|relaps|progress", "tumour", "recurrent"),
    (r"new[ _-]primary|second[ _-]primary", "tumour", "new primary"),
    (r"(?=.*primary)(?=.*(blood|marrow|leuk))", "tumour", "primary blood-derived"),
    (r"primary", "tumour", "primary"),
    (r"\btumou?r|\bcancer|carcinoma|neoplas|\bmalignan|leuk[ae]?emia|lymphoma|sarcoma|melanoma", "tumour", None),
)


def read_sample_type(text: str) -> SampleType | None:
    """What a text says: words of cBioPortal and the Genomic Data Commons, or TCGA's two digits; None: it is unclear.

    >>> read_sample_type("Solid Tissue Normal").tissue_type, read_sample_type("Local Recurrence").tumour_descriptor
    ('normal', 'recurrent')
    """
    words = text.strip().lower()
    if re.fullmatch(r"\d{2}", words):
        return sample_type(words)
    for pattern, tissue, descriptor in _WORDS:
        if re.search(pattern, words):
            return SampleType(text.strip(), tissue, descriptor)
    return None


def tissue_types(frame: pl.DataFrame, column: str) -> tuple[pl.Expr, pl.Expr]:
    """The tissue type and the tumour descriptor that a column of words says, null where it is unclear."""
    read = {text: kind for text in frame[column].unique().drop_nulls().to_list() if (kind := read_sample_type(text))}
    tissues = {text: kind.tissue_type for text, kind in read.items()}
    descriptors = {text: kind.tumour_descriptor for text, kind in read.items()}
    tissue, which = (
        pl.col(column).replace_strict(said, default=None, return_dtype=pl.String) for said in (tissues, descriptors)
    )
    return tissue, which
