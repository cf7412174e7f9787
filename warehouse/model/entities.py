"""The entity types: node labels of the graph, each with a typed table of its own."""

from __future__ import annotations

from warehouse.barcodes import TUMOUR_DESCRIPTORS
from warehouse.model.schema import (
    BIOLOGY,
    EntityType,
    Property,
    SynonymKind,
    Use,
    date,
    integer,
    number,
    string,
    strings,
)


def _name(example: str, meaning: str = "The name that is shown") -> Property:
    return string("name", meaning, example, synonym=SynonymKind.NAME)


def _aliases(example: str = "") -> Property:
    return strings("aliases", "Other names", example, synonym=SynonymKind.ALIAS)


def _identifiers(example: str) -> Property:
    return strings(
        "identifiers", "The same thing in other databases, as CURIEs", example, synonym=SynonymKind.IDENTIFIER
    )


def _term(
    label: str,
    table: str,
    meaning: str,
    prefixes: tuple[str, ...],
    example: str,
    *,
    biolink: str = "NamedThing",
    uses: Use = BIOLOGY,
) -> EntityType:
    """A vocabulary term: an id, a name, nothing else."""
    return EntityType(label, table, meaning, prefixes, (_name(example),), biolink=biolink, uses=uses)


GENE = EntityType(
    "Gene",
    "gene",
    "A human gene, keyed by HGNC; where HGNC has none, by NCBI.",
    ("hgnc", "ncbigene"),
    (
        string("symbol", "The approved symbol", "TP53", synonym=SynonymKind.SYMBOL),
        _name("tumor protein p53"),
        strings(
            "previous_symbols",
            "Symbols that were approved once",
            "['MLL']",
            synonym=SynonymKind.PREVIOUS_SYMBOL,
        ),
        strings("aliases", "Other symbols in use", "['LFS1']", synonym=SynonymKind.ALIAS),
        _identifiers("['ncbigene:7157', 'ensembl:ENSG00000141510', 'omim:191170']"),
        string("chromosome", "The chromosome", "17"),
        string("location", "The cytogenetic band", "17p13.1"),
        string("gene_type", "The kind of locus in NCBI's words", "protein-coding"),
        strings("categories", "Gene groups that nomenclature assigns", "['KINASE']"),
        integer("taxon_id", "The organism in NCBI Taxonomy", "9606", minimum=1),
    ),
    symbol_prefix="hgnc.symbol",
    identifier_prefixes=("ensembl", "omim", "mirbase", "refseq"),
    biolink="Gene",
    uses=BIOLOGY | Use.CHOICES | Use.OVERVIEW,
    number_prefix="ncbigene",
)

PROTEIN = EntityType(
    "Protein",
    "protein",
    "A protein, keyed by its UniProt accession.",
    ("uniprot",),
    (
        _name("Cellular tumor antigen p53"),
        _aliases(),
        string("entry_name", "The UniProt entry name", "P53_HUMAN", synonym=SynonymKind.ALIAS),
        integer("taxon_id", "The organism in NCBI Taxonomy", "9606", minimum=1),
    ),
    biolink="Protein",
    uses=BIOLOGY | Use.CHOICES | Use.OVERVIEW,
)

PATHWAY = EntityType(
    "Pathway",
    "pathway",
    "A pathway as its source draws it.",
    (
        "reactome",
        "kegg.pathway",
        "panther.pathway",
        "smpdb",
        "pathbank",
        "biofactoid",
        "humancyc",
        "inoh",
        "netpath",
        "pid",
        "wikipathways",
        "pathwaycommons",
        "hetionet.pathway",
        "targetgraph.pathway",
    ),
    (
        _name("Mitotic G1 phase and G1/S transition"),
        _aliases(),
        string("organism", "The species, by its scientific name", "Homo sapiens"),
        strings("data_sources", "The databases that the source names as origin", "['Reactome']"),
        integer("step_count", "Direct components and steps", "82", minimum=0),
    ),
    biolink="Pathway",
    uses=BIOLOGY | Use.CHOICES | Use.OVERVIEW,
)

COMPLEX = EntityType(
    "Complex",
    "complex",
    "Molecules that act as one.",
    ("reactome.complex",),
    (_name("CDK4:CCND1"), _aliases(), string("organism", "The species", "Homo sapiens")),
    biolink="MacromolecularComplex",
)

SMALL_MOLECULE = EntityType(
    "SmallMolecule",
    "small_molecule",
    "A metabolite, ligand or other chemical that is not looked at as a drug.",
    ("chebi", "pdb.ligand"),
    (
        _name("ATP"),
        _aliases(),
        string("formula", "The sum formula", "C10 H16 N5 O13 P3"),
        number("molecular_weight_dalton", "The molecular weight", "507.18", minimum=0),
    ),
    biolink="SmallMolecule",
    biolink_also=("Drug",),
    uses=BIOLOGY | Use.CHOICES,
    number_prefix="chebi",
)

STRUCTURE = EntityType(
    "Structure",
    "structure",
    "An experimentally determined structure of the Protein Data Bank.",
    ("pdb",),
    (
        string("name", "The title of the entry", "CRYSTAL STRUCTURE OF ...", synonym=SynonymKind.NAME),
        string("method", "The experimental method; several are joined by `;`", "X-RAY DIFFRACTION"),
        number("resolution_angstrom", "The best resolution that is reported", "1.8", minimum=0, maximum=200),
        date("deposition_date", "When it was deposited", "1994-09-28"),
        date("release_date", "When it was first released", "1995-01-26"),
        date("revision_date", "When it was last revised", "2024-02-07"),
        strings("organisms", "Source organisms of its polymers", "['Homo sapiens']"),
        strings("taxon_ids", "The same in NCBI Taxonomy", "['9606']"),
        integer("polymer_entity_count", "Different polymers", "1", minimum=0),
        integer("assembly_count", "Biological assemblies", "1", minimum=0),
        integer("polymer_residue_count", "Residues of all polymer chains", "137", minimum=0),
        integer("model_count", "Models in the entry", "1", minimum=0),
        strings("enzyme_classes", "EC numbers of its entities", "['3.2.1.17']"),
    ),
    biolink="InformationContentEntity",
    uses=Use.GENE_SETS | Use.OVERVIEW,
    panels=("structure",),
)

DRUG = EntityType(
    "Drug",
    "drug",
    "A compound or biological that is used or developed as a drug; keys are the source's own.",
    (
        "drugbank",
        "chembl.compound",
        "rxnorm",
        "ncit",
        "wikidata",
        "iuphar.ligand",
        "hemonc",
        "chemidplus",
        "drugsatfda.nda",
        "drugsatfda.anda",
        "dgidb.claim",
        "targetgraph.drug",
    ),
    (_name("Gefitinib"), _aliases("['ZD1839']"), _identifiers("['drugbank:DB00317']")),
    biolink="Drug",
    biolink_also=("SmallMolecule",),
    uses=BIOLOGY | Use.CHOICES | Use.OVERVIEW,
)

DISEASE = EntityType(
    "Disease",
    "disease",
    "A disease; keys are the source's own and are merged by declared cross-references only.",
    ("doid", "mondo", "oncotree", "tcga.disease"),
    (_name("lung cancer"), _aliases(), _identifiers("['umls:C0242379']")),
    biolink="Disease",
    biolink_also=("PhenotypicFeature",),
    uses=BIOLOGY | Use.CHOICES | Use.OVERVIEW,
)

PHENOTYPE = _term(
    "Phenotype",
    "phenotype",
    "A symptom or an abnormality that a patient shows.",
    ("mesh", "hp"),
    "Headache",
    biolink="PhenotypicFeature",
)
ANATOMY = _term(
    "Anatomy",
    "anatomy",
    "An organ, tissue or other anatomical structure.",
    ("uberon",),
    "lung",
    biolink="AnatomicalEntity",
)
BIOLOGICAL_PROCESS = _term(
    "BiologicalProcess",
    "biological_process",
    "A biological process of the Gene Ontology.",
    ("go",),
    "apoptosis",
    biolink="BiologicalProcess",
)
MOLECULAR_FUNCTION = _term(
    "MolecularFunction",
    "molecular_function",
    "A molecular function of the Gene Ontology.",
    ("go",),
    "kinase activity",
    biolink="MolecularActivity",
)
CELLULAR_COMPONENT = _term(
    "CellularComponent",
    "cellular_component",
    "A cellular component of the Gene Ontology.",
    ("go",),
    "nucleus",
    biolink="CellularComponent",
)
SIDE_EFFECT = _term(
    "SideEffect", "side_effect", "An adverse reaction to a drug.", ("umls",), "Nausea", biolink="PhenotypicFeature"
)
PHARMACOLOGIC_CLASS = _term(
    "PharmacologicClass",
    "pharmacologic_class",
    "A class of drugs by action or chemistry.",
    ("ndfrt",),
    "Kinase Inhibitors",
    biolink="ChemicalRole",
)
GENE_CATEGORY = _term(
    "GeneCategory",
    "gene_category",
    "A category of genes by druggability or clinical use.",
    ("dgidb.category",),
    "DRUGGABLE GENOME",
)
PROTEIN_FAMILY = _term(
    "ProteinFamily",
    "protein_family",
    "A family or domain of Pfam.",
    ("pfam",),
    "P53 DNA-binding domain",
    biolink="ProteinFamily",
)
ENZYME_CLASS = _term(
    "EnzymeClass",
    "enzyme_class",
    "An enzyme class of the EC nomenclature.",
    ("ec",),
    "Lysozyme",
    biolink="MolecularActivity",
    uses=Use.GENE_SETS,
)
STRUCTURAL_DOMAIN = EntityType(
    "StructuralDomain",
    "structural_domain",
    "A domain of a structure as CATH or SCOP cut it.",
    ("cath.domain", "scop"),
    (_name("d101ma_"),),
    biolink="ProteinDomain",
    uses=Use.GENE_SETS,
)

COHORT = EntityType(
    "Cohort",
    "cohort",
    "A group of patients studied together.",
    ("tcga.study", "cbioportal", "user.cohort"),
    (
        _name("TCGA LUAD"),
        string("description", "What the study is", ""),
        strings("pubmed_ids", "Publications of the study", "['29625048']"),
        string("reference_genome", "The genome assembly of its variants", "hg19"),
    ),
    biolink="Cohort",
    uses=Use.GENE_SETS | Use.OVERVIEW,
)

PATIENT = EntityType(
    "Patient",
    "patient",
    "A person in a cohort.",
    ("tcga", "cbioportal.patient"),
    (
        string("name", "The patient's identifier as the source writes it", "TCGA-05-4249", synonym=SynonymKind.NAME),
        number("age_at_diagnosis_years", "Age at the first pathologic diagnosis", "67", minimum=0, maximum=120),
        string("sex", "Sex as recorded", "female", values=("female", "male")),
        string("race", "Race as recorded", "WHITE"),
        string("stage", "Pathologic or clinical stage", "Stage IIA"),
        string("grade", "Histological grade", "G2"),
        string("histological_type", "Histology as recorded", "Lung Adenocarcinoma"),
        string("vital_status", "Vital status at last contact", "Dead"),
        string("tumour_status", "Tumour at last contact", "WITH TUMOR"),
        integer("diagnosis_year", "Year of the first pathologic diagnosis", "2009", minimum=1900, maximum=2100),
        string("redaction", "Why the source withdrew the patient, if it did", "Redacted"),
    ),
    biolink="Case",
    uses=Use.GENE_SETS | Use.OVERVIEW,
)

SAMPLE = EntityType(
    "Sample",
    "sample",
    "A specimen of a patient.",
    ("tcga.sample", "cbioportal.sample", "user.sample"),
    (
        string("name", "The sample's identifier as the source writes it", "TCGA-A2-A04P-01", synonym=SynonymKind.NAME),
        string("sample_type", "What was sampled, in the words of the source", "Solid Tissue Normal"),
        string(
            "tissue_type",
            "Tumour, normal tissue, a control, or derived (cell line, xenograft), from the barcode or the sample type",
            "tumour",
            values=("tumour", "normal", "control", "derived"),
        ),
        string(
            "tumour_descriptor",
            "Which tumour of the patient it is",
            "primary",
            values=TUMOUR_DESCRIPTORS,
        ),
        string("subtype", "Molecular subtype as the source calls it", "basal-like"),
    ),
    biolink="MaterialSample",
    uses=Use.GENE_SETS,
)

PUBLICATION = EntityType(
    "Publication",
    "publication",
    "A paper.",
    ("pubmed", "doi"),
    (
        _name("Crystal structures of cellular retinoic acid binding proteins ...", "The title"),
        string("journal", "The journal, abbreviated", "Structure"),
        integer("year", "Year of publication", "1994", minimum=1600, maximum=2100),
        string("doi", "The digital object identifier", "10.1016/S0969-2126(94)00125-1"),
    ),
    biolink="Publication",
    uses=Use.GENE_SETS,
    number_prefix="pubmed",
)

SOURCE = EntityType(
    "Source",
    "source",
    "A public database or a cohort that this build was made from.",
    ("targetgraph.source",),
    (
        _name("Reactome"),
        string("licence", "The licence of its data", "CC0-1.0"),
        string("homepage", "Where to read about it", "https://reactome.org"),
        integer("rank", "Its priority: of two values the one with the smaller rank is shown", "20"),
    ),
    biolink="InformationContentEntity",
    uses=Use(0),
)

RELEASE = EntityType(
    "Release",
    "release",
    "A version of a source.",
    ("targetgraph.release",),
    (_name("reactome 2025-01"), string("version", "The version as the source calls it", "2025-01")),
    biolink="DatasetVersion",
    uses=Use(0),
)

ENTITIES = (
    GENE,
    PROTEIN,
    PATHWAY,
    COMPLEX,
    SMALL_MOLECULE,
    STRUCTURE,
    DRUG,
    DISEASE,
    PHENOTYPE,
    ANATOMY,
    BIOLOGICAL_PROCESS,
    MOLECULAR_FUNCTION,
    CELLULAR_COMPONENT,
    SIDE_EFFECT,
    PHARMACOLOGIC_CLASS,
    GENE_CATEGORY,
    PROTEIN_FAMILY,
    ENZYME_CLASS,
    STRUCTURAL_DOMAIN,
    COHORT,
    PATIENT,
    SAMPLE,
    PUBLICATION,
    SOURCE,
    RELEASE,
)
