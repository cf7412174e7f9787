"""TCGA barcodes at every level, in every way to write them, and which of several stands for a sample."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.barcodes import (
    is_barcode,
    patient_of,
    preferred,
    read_barcode,
    sample_of,
    sample_type,
    tissue_type_of,
)

_PARTS = st.tuples(
    st.from_regex(r"[A-Z0-9]{2}", fullmatch=True),
    st.from_regex(r"[A-Z0-9]{4}", fullmatch=True),
    st.integers(1, 99).map(lambda code: f"{code:02}"),
    st.sampled_from(["", "A", "C"]),
    st.sampled_from([[], ["01"], ["01D"], ["11R", "A24H"], ["01D", "0182", "01"], ["00", "DX1"]]),
)


@given(_PARTS, st.sampled_from("-._"), st.sampled_from([str.lower, str.upper]), st.sampled_from(["", " "]))
def test_every_level_and_spelling_names_its_sample_and_patient(
    parts: tuple[str, str, str, str, list[str]], separator: str, case: object, blank: str
) -> None:
    site, participant, code, vial, rest = parts
    patient = f"TCGA-{site}-{participant}"
    sample = f"{patient}-{code}"
    written = separator.join(["TCGA", site, participant, code + vial, *rest])
    text = blank + case(written) + blank  # type: ignore[operator]
    barcode = read_barcode(text)
    assert barcode is not None
    assert (barcode.patient, barcode.sample, barcode.vial) == (patient, sample, vial)
    frame = pl.DataFrame({"text": [text]}).select(
        patient=patient_of(pl.col("text")), sample=sample_of(pl.col("text")), tissue=tissue_type_of(pl.col("text"))
    )
    kind = sample_type(code)
    assert frame.row(0) == (patient, sample, kind and kind.tissue_type)


def test_a_patient_stands_for_the_primary_tumour() -> None:
    barcode = read_barcode("TCGA-02-0001")
    assert barcode is not None
    assert (barcode.code, barcode.sample) == (None, "TCGA-02-0001-01")
    assert pl.select(tissue_type_of(pl.lit("TCGA-02-0001"))).item() is None


@pytest.mark.parametrize(
    "text", ["", "TCGA", "TCGA-02", "TCGA-2-0001", "TCGA-02-0001-1", "TCGA-02-0001-01AB", "XTCGA-02-0001", "P-1"]
)
def test_what_is_not_a_barcode(text: str) -> None:
    assert read_barcode(text) is None
    assert not pl.select(is_barcode(pl.lit(text))).item()
    assert pl.select(sample_of(pl.lit(text))).item() is None


@pytest.mark.parametrize(
    ("code", "tissue", "descriptor"),
    [
        ("01", "tumour", "primary"),
        ("03", "tumour", "primary blood-derived"),
        ("06", "tumour", "metastatic"),
        ("08", "tumour", None),
        ("10", "normal", None),
        ("19", "normal", None),
        ("20", "control", None),
        ("29", "control", None),
        ("40", "tumour", "recurrent"),
        ("60", "derived", None),
    ],
)
def test_codes_of_sample_types(code: str, tissue: str, descriptor: str | None) -> None:
    kind = sample_type(code)
    assert kind is not None
    assert (kind.tissue_type, kind.tumour_descriptor) == (tissue, descriptor)


@pytest.mark.parametrize("code", ["00", "30", "99", None])
def test_codes_that_say_nothing(code: str | None) -> None:
    assert sample_type(code) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # Broad's analyte filter: H before R before T; the later plate; then the last in alphabetical order.
        (["01A-01R-1850-01", "01A-01T-2090-01", "01A-01H-1600-13"], "01A-01H-1600-13"),
        (["01A-01R-1850-01", "01A-11R-1600-07"], "01A-01R-1850-01"),
        (["01A-01R-1850-01", "01A-11R-1850-07"], "01A-11R-1850-07"),
        (["01A-01W-0728-08", "01A-01D-0728-08"], "01A-01D-0728-08"),
        # The first vial: later ones are often fixed in formalin.
        (["01B-01R-9999-01", "01A-01R-1850-01"], "01A-01R-1850-01"),
        (["01", "01A"], "01"),
    ],
)
def test_which_aliquot_stands_for_a_sample(names: list[str], expected: str) -> None:
    barcodes = [f"TCGA-AB-2807-{name}" for name in names]
    for order in (barcodes, barcodes[::-1]):
        assert preferred([*order, "other"]) == {"TCGA-AB-2807-01": f"TCGA-AB-2807-{expected}"}
