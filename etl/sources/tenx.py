"""A user's own output of Cell Ranger and Space Ranger (10x Genomics): counts, positions, images."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from etl.formats import WholeFile
from etl.formats.tenx import Barcodes, FeatureHdf5, MatrixMarket, Positions, SectionFile
from etl.formats.tenx_layout import is_hdf5_matrix, is_matrix, is_of_matrix, sample_place
from etl.rows import Rows
from etl.source import DocumentOf, Licence, Source, SourceFile
from etl.sources._observed import cohort_id, observations
from warehouse.statements import ROW, Stated, entities

_IMAGES = ("tissue_hires_image.png", "tissue_lowres_image.png", "aligned_fiducials.jpg", "detected_tissue_image.jpg")


def features(rows: Rows) -> Iterator[Stated]:
    """`features.tsv` or `genes.tsv`: read together with the matrix; here they are only accounted for."""
    yield from ()


def section(rows: Rows) -> Iterator[Stated]:
    """An image or the scale factors of a section: documents of its cohort."""
    cohort = cohort_id(str(rows.frame["cohort"][0]))
    rows.ledger.named_after = cohort, sample_place(rows.ledger.file)
    yield entities("Cohort", rows.frame.select(ROW, id=pl.lit(cohort), name="cohort"))


SOURCE = Source(
    name="tenx",
    title="10x Genomics",
    description="The user's own cells and spots, as Cell Ranger and Space Ranger write them; each sample is a cohort.",
    homepage="https://www.10xgenomics.com/support/software",
    licence=Licence("the user's own", False, "https://www.10xgenomics.com/support/software/space-ranger"),
    rank=92,
    files=(
        SourceFile(
            "barcodes", ("*barcodes.tsv",), Barcodes(), observations, required=False, many=True, belongs=is_of_matrix
        ),
        SourceFile(
            "features",
            ("*features.tsv", "*genes.tsv"),
            WholeFile(),
            features,
            required=False,
            many=True,
            belongs=is_of_matrix,
        ),
        SourceFile(
            "matrix", ("*matrix.mtx",), MatrixMarket(), observations, required=False, many=True, belongs=is_matrix
        ),
        SourceFile(
            "matrix_hdf5",
            ("*_feature_bc_matrix.h5", "*_gene_bc_matrices_h5.h5"),
            FeatureHdf5(),
            observations,
            required=False,
            many=True,
            belongs=is_hdf5_matrix,
        ),
        SourceFile(
            "positions",
            tuple(f"spatial/tissue_positions{end}" for end in ("_list.csv", ".csv", ".parquet")),
            Positions(),
            observations,
            required=False,
            many=True,
        ),
        SourceFile(
            "images",
            tuple(f"spatial/{name}" for name in (*_IMAGES, "scalefactors_json.json")),
            SectionFile(),
            section,
            required=False,
            many=True,
            document=DocumentOf("Cohort"),
        ),
    ),
    is_public=False,
)
