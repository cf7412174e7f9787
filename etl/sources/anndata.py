"""A user's own AnnData files: single cells or spots with their layers, annotations, embeddings and positions."""

from __future__ import annotations

from etl.formats.anndata import AnnData
from etl.source import DocumentOf, Licence, Source, SourceFile
from etl.sources._observed import observations

SOURCE = Source(
    name="anndata",
    title="AnnData",
    description="Single cells, nuclei or spots of the user's own, in AnnData's files (.h5ad); each file is a cohort.",
    homepage="https://anndata.readthedocs.io",
    licence=Licence("the user's own", False, "https://anndata.readthedocs.io/en/latest/fileformat-prose.html"),
    rank=91,
    files=(
        SourceFile(
            "cells",
            ("*.h5ad",),
            AnnData(),
            observations,
            required=False,
            many=True,
            document=DocumentOf("Cohort"),
        ),
    ),
    is_public=False,
)
