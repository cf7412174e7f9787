"""What the form of an identifier says: missing values, prefixes, versions, isoforms, texts of several identifiers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.identifier_forms import MISSING_PATTERN, form_of, is_missing, parts_of
from warehouse.model import MODEL
from warehouse.model.biolink import TO_BIOLINK

TEXTS = st.text(alphabet="aNZ09|()[]_:/.-? \t\"'\u2011\ufeff", max_size=30)


@pytest.mark.parametrize(
    "text",
    ["NA", "nan", "NaN", "N/A", "n/a", "null", "NULL", "None", "-", "--", ".", "", "  ", "#N/A", "<NA>", '"NA"', "\\N",
     "?|?", "|"],
)  # fmt: skip
def test_missing_values(text: str) -> None:
    assert is_missing(text)
    assert is_missing(f" {text}\t")


@pytest.mark.parametrize("text", ["NAT1", "hgnc.symbol:NA", "NAN1", "TP53|NA", "0", "A-", "none of these"])
def test_names_that_are_not_missing(text: str) -> None:
    assert not is_missing(text)


@pytest.mark.parametrize(
    ("text", "prefix", "local"),
    [
        ("P04637-2", None, "p04637"),
        ("P04637.3", None, "p04637"),
        ("A0A024R1R8-1", None, "a0a024r1r8"),
        ("UniProtKB:P04637-2", "uniprot", "p04637"),
        ("NM_005228.5", None, "nm_005228"),
        ("XP_011542.1", None, "xp_011542"),
        ("ENSG00000141510.17", None, "ensg00000141510"),
        ("ENSG00000182378.14_PAR_Y", None, "ensg00000182378"),
        ("ENSG00000182378_PAR_Y", None, "ensg00000182378"),
        ("ENSG00000141510.17_2", None, "ensg00000141510"),  # GENCODE's mapping to GRCh37
        ("ENSG00000141510_7157", None, "ensg00000141510_7157"),  # joined to another identifier
        ("GeneID:7157", "ncbigene", "7157"),
        ("hsa:7157", "ncbigene", "7157"),
        ("ENSEMBL:ENSG00000141510.17", "ensembl", "ensg00000141510"),
        ("HGNC:HGNC:11998", "hgnc", "11998"),
        ("ncbigene:7157", "ncbigene", "7157"),
        ("Entrez: 7157", "ncbigene", "7157"),
        ("7157.0", None, "7157"),
        ("MONDO_0005233", "mondo", "0005233"),
        ("http://purl.obolibrary.org/obo/DOID_1324", "doid", "1324"),
        ("https://identifiers.org/uniprot/P04637", "uniprot", "p04637"),
        ("HLA\u2011A", None, "hla-a"),
        ("NKX2-1", None, "nkx2-1"),
        ("IL-2", None, "il-2"),
        ("RP11-206L10.9", None, "rp11-206l10.9"),
    ],
)
def test_forms(text: str, prefix: str | None, local: str) -> None:
    form = form_of(text)
    assert (form.prefix, form.local) == (prefix, local)


def test_every_prefix_that_exports_write_is_read_back() -> None:
    for entity in MODEL.entities.values():
        for prefix in entity.prefixes:
            written = TO_BIOLINK.get(prefix, prefix)
            for spelled in (written, written.lower(), written.upper()):
                assert form_of(f"{spelled}:X1").prefix == prefix


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sp|P38398|BRCA1_HUMAN", ["P38398", "BRCA1_HUMAN"]),
        (">sp|P04637-2|P53_HUMAN Cellular tumor antigen OS=Homo sapiens", ["P04637-2", "P53_HUMAN"]),
        ("tr|A0A024R1R8|A0A024R1R8_HUMAN", ["A0A024R1R8", "A0A024R1R8_HUMAN"]),
        ("sp|P38398", ["P38398"]),
        # The number of `gi` is that of a sequence, not of a gene.
        ("gi|120407068|ref|NP_000537.3|", ["NP_000537.3"]),
        ("gi|129369|sp|P04637.4|P53_HUMAN", ["P04637.4", "P53_HUMAN"]),
        ("ref|NM_005228.5|", ["NM_005228.5"]),
        ("ENSG00000141510.17|TP53", ["ENSG00000141510.17", "TP53"]),
        ("TP53|ENSG00000141510", ["ENSG00000141510", "TP53"]),
        ("ENSG00000141510_TP53", ["ENSG00000141510", "TP53"]),
        ("TP53_ENSG00000141510.17", ["ENSG00000141510.17", "TP53"]),
        ("TP53|7157", ["7157", "TP53"]),
        ("?|100130426", ["100130426"]),
        ("TP53|NA", ["TP53"]),
        ("TP53 (7157)", ["7157", "TP53"]),
        ("TP53(7157)", ["7157", "TP53"]),
        ("TP53 [ENSG00000141510]", ["ENSG00000141510", "TP53"]),
        ("PTGS2 (hgnc:9605)", ["hgnc:9605", "PTGS2"]),
        # GENCODE: 1657 is a length, and TEC the kind of a transcript.
        ("ENST00000456328.2|ENSG00000223972.5|-|-|X|1657|TEC|", ["ENSG00000223972.5", "ENST00000456328.2"]),
        ("TP53", []),
        ("asthma (disease)", []),
        ("carcinoma (small cell 2)", []),
        ("REV__sp|P38398|BRCA1_HUMAN", []),
        ("ensembl:ENSG00000141510", []),
        ("ENSG00000182378.14_PAR_Y", []),
        ("ENSG00000141510.17_2", []),
        ("ENSG00000141510_7157", ["ENSG00000141510", "7157"]),
    ],
)  # fmt: skip
def test_parts(text: str, parts: list[str]) -> None:
    assert [part.text for part in parts_of(text)] == parts


@given(TEXTS)
def test_any_text_has_a_form(text: str) -> None:
    assert form_of(text).local == form_of(text).local.lower()
    assert all(not is_missing(part.text) for part in parts_of(text))
    assert [part.rank for part in parts_of(text)] == sorted(part.rank for part in parts_of(text))
    if re.match(MISSING_PATTERN, text):
        assert is_missing(text)
