"""The tables beside the graph: clinical end points, single mutations, and the kinds of matrices."""

from __future__ import annotations

from warehouse.model.schema import MatrixKind, TableType, integer, number, string

SURVIVAL = TableType(
    "survival",
    "Time to an event or to the last contact, one row for each patient and end point.",
    ("patient_id", "endpoint"),
    (
        string("patient_id", "The patient", "tcga:TCGA-05-4249", required=True),
        string(
            "endpoint",
            "Overall (OS), disease-specific (DSS), disease-free (DFI, DFS), progression-free (PFI, PFS) survival, and "
            "whatever else a study follows (RFS, EFS, ...)",
            "OS",
            required=True,
        ),
        number("time_days", "Days from diagnosis to the event or the last contact", "1523", required=True, minimum=0),
        integer("event", "1 = the event was seen, 0 = censored", "1", required=True, minimum=0, maximum=1),
    ),
    {"patient_id": "Patient"},
)

MUTATIONS = TableType(
    "mutations",
    "Single somatic variants, one row for each sample, gene and change.",
    ("sample_id", "gene_id", "chromosome", "start_position", "tumour_allele"),
    (
        string("sample_id", "The sample", "cbioportal.sample:study_es_0.TCGA-A1-A0SB-01", required=True),
        string("gene_id", "The gene", "hgnc:11998", required=True),
        string("variant_class", "The class of the variant", "Missense_Mutation"),
        string("variant_type", "SNP, INS, DEL, ...", "SNP"),
        string("chromosome", "The chromosome", "17", required=True),
        integer("start_position", "First base, from 1", "7577121", required=True, minimum=0),
        integer("end_position", "Last base", "7577121", minimum=0),
        string("reference_allele", "The reference", "G"),
        string("tumour_allele", "The change", "A", required=True),
        string("protein_change", "The change of the protein", "p.R273C"),
        string("reference_genome", "The genome assembly", "GRCh37"),
    ),
    {"sample_id": "Sample", "gene_id": "Gene"},
)

_COHORT = string("cohort_id", "The cohort", "user.cohort:pancreas_e15", required=True)
_ROW_ID = string("row_id", "The cell or spot, as the cohort's matrices name it", "AAACCTGAGCAATCTC-1", required=True)

OBSERVATIONS = TableType(
    "observations",
    "Single cells, nuclei and spots, one row for each; `cohort_id` and `row_id` lead to the cohort's matrices.",
    ("cohort_id", "row_id"),
    (
        _COHORT,
        _ROW_ID,
        string("row_type", "What it is", "cell", required=True, values=("cell", "spot")),
        string("sample", "The sample that it was taken from, as the file names it", "E15_5"),
        string("donor", "The person or animal, as the file names it", "mouse_3"),
        string("section", "The tissue section, as the file names it", "V19L01-041"),
        string("cell_type", "The type of the cell, as the file names it", "Ductal"),
        string("cluster", "The cluster, as the file names it", "7"),
    ),
    {"cohort_id": "Cohort"},
)

OBSERVATION_POSITIONS = TableType(
    "observation_positions",
    "Where the spots and cells of a tissue section lie, one row for each.",
    ("cohort_id", "row_id"),
    (
        _COHORT,
        _ROW_ID,
        integer("in_tissue", "1 = under tissue, 0 = not", "1", minimum=0, maximum=1),
        integer("array_row", "The row of the spot in the array", "50", minimum=0),
        integer("array_col", "The column of the spot in the array", "102", minimum=0),
        number("pixel_row", "Down from the top of the full-resolution image, in pixels", "8468.0"),
        number("pixel_col", "Right from the left of the full-resolution image, in pixels", "9791.0"),
    ),
    {"cohort_id": "Cohort"},
)

OBSERVATION_ANNOTATIONS = TableType(
    "observation_annotations",
    "What else a file says of its cells and spots, one row for each of them and each column of the file.",
    ("cohort_id", "row_id", "name"),
    (
        _COHORT,
        _ROW_ID,
        string("name", "The column of the file", "latent_time", required=True),
        string("text", "The value as text", "0.25", required=True),
        number("number", "The value as a number, where the column holds numbers", "0.25"),
    ),
    {"cohort_id": "Cohort"},
)

TABLES = (SURVIVAL, MUTATIONS, OBSERVATIONS, OBSERVATION_POSITIONS, OBSERVATION_ANNOTATIONS)

#: Counts and values that single-cell files carry beside their main ones.
_LAYERS = ("spliced", "unspliced", "ambiguous", "counts")

#: What a region of an image or of a section is; none of them is an entity.
_REGIONS = ("cell", "spot", "tile", "structure")

MATRICES = (
    MatrixKind("expression", "Expression of genes; the unit is the matrix's own (see `matrices`)."),
    MatrixKind("mutation_status", "Whether a gene is mutated: 1 or 0.", minimum=0),
    MatrixKind("copy_number", "Copy number of genes: -2, -1, 0, 1, 2, or log2 ratios.", minimum=-20, maximum=20),
    MatrixKind("methylation", "Methylation of genes, beta values.", minimum=0, maximum=1),
    MatrixKind(
        "drug_response",
        "Response of cell lines to drugs; the unit is the matrix's own.",
        row_types=("cell_line",),
        feature_type="Drug",
    ),
    MatrixKind(
        "cell_expression",
        "Expression of genes in single cells or nuclei.",
        row_types=("cell",),
        sparse=True,
        layers=_LAYERS,
    ),
    MatrixKind(
        "spot_expression",
        "Expression of genes in the spots of a tissue section.",
        row_types=("spot",),
        sparse=True,
        layers=_LAYERS,
    ),
    MatrixKind(
        "image_features",
        "Measured features of the regions of an image: tiles, structures, cells, spots.",
        row_types=_REGIONS,
        feature_type="feature",
    ),
    MatrixKind(
        "embedding",
        "Vectors that a model gives for each row.",
        row_types=("Patient", "Sample", "Gene", "Protein", "Drug", *_REGIONS),
        feature_type="component",
        vector=True,
    ),
)
