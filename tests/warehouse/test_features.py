"""The gene of every feature of a matrix, in the forms in which publishers name it."""

from __future__ import annotations

import polars as pl
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.statements import ROW, Matrix

GENES = (
    {"id": "hgnc:11998", "symbol": "TP53", "identifiers": ["ncbigene:7157", "ensembl:ENSG00000141510"]},
    {"id": "hgnc:3236", "symbol": "EGFR", "identifiers": ["ncbigene:1956", "refseq:NM_005228"]},
    {"id": "hgnc:12811", "symbol": "XK", "previous_symbols": ["NA"], "identifiers": ["ncbigene:7504"]},
    {"id": "ncbigene:100130426", "symbol": "LOC100130426"},
)


def _resolved(small: SmallBuild, prefix: str, *features: str) -> list[tuple[object, ...]]:
    small.say("hgnc", stated("Gene", *GENES), stated("Cohort", id="tcga.study:ZZ", name="ZZ"))
    small.say("hgnc", stated("Patient", id="tcga:TCGA-ZZ-A001", name="TCGA-ZZ-A001"))
    rows = [{"row_id": "tcga:TCGA-ZZ-A001", "feature": one, "value": 1.0, ROW: n} for n, one in enumerate(features, 1)]
    frame = pl.DataFrame(rows)
    matrix = Matrix("zz_expression", "expression", "tcga.study:ZZ", "counts", "Patient", frame, feature_prefix=prefix)
    small.writer.add_matrix(matrix, 1)
    small.finish()
    found = small.rows("SELECT feature, gene_id, reason FROM features")
    return sorted(found, key=lambda row: features.index(str(row[0])))


def test_features_of_xena_and_tcga(small: SmallBuild) -> None:
    expected = {
        "TP53": ("hgnc:11998", None),
        "TP53|7157": ("hgnc:11998", None),
        "?|100130426": ("ncbigene:100130426", None),
        "?|1": (None, "unknown_reference"),
        "P53_OLD|7157": ("hgnc:11998", None),
        "TP53 (7157)": ("hgnc:11998", None),
        "ENSG00000141510.17": ("hgnc:11998", None),
        "ENSG00000141510.17|TP53": ("hgnc:11998", None),
        "NM_005228.5": ("hgnc:3236", None),
        # What is more stable stands for it, and the reason says that the symbol means another gene.
        "EGFR|7157": ("hgnc:11998", "disagreeing_references"),
        "TP53|EGFR": (None, "ambiguous_reference"),
        "TP53|NOPE": (None, "unknown_reference"),
        "ENSMUSG00000059552|TP53": (None, "unknown_reference"),
        "NA": (None, "missing_value"),
        "nan": (None, "missing_value"),
        "?|?": (None, "missing_value"),
        "NOPE": (None, "unknown_reference"),
    }
    assert _resolved(small, "hgnc.symbol", *expected) == [(name, *means) for name, means in expected.items()]


@pytest.mark.parametrize(
    ("feature", "means"),
    [
        ("ncbigene:7157", "hgnc:11998"),
        ("hgnc.symbol:TP53", "hgnc:11998"),
        ("hgnc.symbol:TP53|7157", "hgnc:11998"),
        ("hgnc.symbol:NA", None),
    ],
)
def test_features_that_are_curies(small: SmallBuild, feature: str, means: str | None) -> None:
    assert [row[1] for row in _resolved(small, "", feature)] == [means]
