"""The relationship types. Each meaning reads from subject to object.

Pathway Commons' interaction types stand under their own names, in upper snake case. Names of other types are Biolink
predicates where one fits, else the name that the source uses.
"""

from __future__ import annotations

from warehouse.model.entities import ENTITIES
from warehouse.model.schema import Combine, RelationshipType, integer, number, string, strings

_CHAINS = strings("chains", "The chains of the structure it holds for", "['A', 'B']")
_GENE_GENE = (("Gene", "Gene"),)
_MOLECULES = (
    ("Gene", "Gene"),
    ("Gene", "SmallMolecule"),
    ("SmallMolecule", "Gene"),
    ("SmallMolecule", "SmallMolecule"),
)
_Z_SCORE = number("z_score", "Standard scores from the mean, where the source gives it", "2.4")


def _interaction(name: str, meaning: str, *, symmetric: bool = False) -> RelationshipType:
    """An interaction type of Pathway Commons: between genes, chemicals, or one of each."""
    return RelationshipType(name, meaning, _MOLECULES, symmetric=symmetric)


PATHWAY_COMMONS = (
    _interaction("CONTROLS_STATE_CHANGE_OF", "Controls a reaction that changes the state of"),
    _interaction("CONTROLS_TRANSPORT_OF", "Controls a reaction that moves"),
    _interaction("CONTROLS_PHOSPHORYLATION_OF", "Controls a reaction that changes the phosphorylation of"),
    _interaction("CONTROLS_EXPRESSION_OF", "Controls the transcription or translation of"),
    _interaction("CATALYSIS_PRECEDES", "Catalyses a reaction whose product enters one that is catalysed by"),
    _interaction("IN_COMPLEX_WITH", "Is in a complex with", symmetric=True),
    _interaction("INTERACTS_WITH", "Takes part in a molecular interaction with", symmetric=True),
    _interaction("NEIGHBOR_OF", "Is in one interaction or its control with", symmetric=True),
    _interaction("CONSUMPTION_CONTROLLED_BY", "Is consumed by a reaction that is controlled by"),
    _interaction("CONTROLS_PRODUCTION_OF", "Controls a reaction that produces"),
    _interaction("CONTROLS_TRANSPORT_OF_CHEMICAL", "Controls a reaction that moves the chemical"),
    _interaction("CHEMICAL_AFFECTS", "Has an effect on the state of"),
    _interaction("REACTS_WITH", "Is on the same side of a reaction as", symmetric=True),
    _interaction("USED_TO_PRODUCE", "Is used by a reaction that produces"),
)

MEMBERSHIP = (
    RelationshipType("ENCODES", "Encodes the protein", (("Gene", "Protein"),)),
    RelationshipType(
        "PARTICIPATES_IN",
        "Takes part in",
        (
            ("Gene", "Pathway"),
            ("Protein", "Pathway"),
            ("SmallMolecule", "Pathway"),
            ("Complex", "Pathway"),
            ("Drug", "Pathway"),
            ("Gene", "BiologicalProcess"),
            ("Gene", "MolecularFunction"),
            ("Gene", "CellularComponent"),
        ),
        (strings("evidence_codes", "Evidence codes of the source", "['TAS']"),),
    ),
    RelationshipType(
        "PART_OF",
        "Is a part of",
        (
            ("Pathway", "Pathway"),
            ("Complex", "Complex"),
            ("Protein", "Complex"),
            ("SmallMolecule", "Complex"),
        ),
    ),
)

STRUCTURES = (
    RelationshipType(
        "HAS_STRUCTURE",
        "Is seen, whole or in part, in the structure",
        (("Protein", "Structure"),),
        (
            _CHAINS,
            integer(
                "residue_start", "First residue of the protein that is seen, from 1", "94", combine=Combine.MINIMUM
            ),
            integer("residue_end", "Last residue of the protein that is seen", "312", combine=Combine.MAXIMUM),
            strings("segments", "Chain and residue range of every aligned segment", "['A:94-312']"),
            number(
                "coverage",
                "Share of the chain's sequence that is aligned to the protein, best chain",
                "0.98",
                combine=Combine.MAXIMUM,
                minimum=0,
                maximum=1,
            ),
        ),
    ),
    RelationshipType(
        "HAS_DOMAIN",
        "Holds the domain or belongs to the family",
        (("Protein", "ProteinFamily"), ("Structure", "ProteinFamily")),
        (
            _CHAINS,
            number(
                "coverage",
                "Share of the domain that is seen, best chain",
                "1.0",
                combine=Combine.MAXIMUM,
                minimum=0,
                maximum=1,
            ),
        ),
    ),
    RelationshipType(
        "HAS_STRUCTURAL_DOMAIN", "Is cut into the domain", (("Structure", "StructuralDomain"),), (_CHAINS,)
    ),
    RelationshipType(
        "HAS_ENZYME_ACTIVITY",
        "Has the enzyme activity",
        (("Protein", "EnzymeClass"), ("Structure", "EnzymeClass")),
        (_CHAINS,),
    ),
    RelationshipType("CONTAINS", "Contains the ligand or other small molecule", (("Structure", "SmallMolecule"),)),
    RelationshipType("DESCRIBED_IN", "Is described in", (("Structure", "Publication"), ("Cohort", "Publication"))),
)

DRUGS = (
    RelationshipType(
        "BINDS",
        "Binds the product of",
        (("Drug", "Gene"),),
        (
            strings("actions", "What the drug does there", "['inhibitor']"),
            number("affinity_nanomolar", "The affinity, smallest value", "33", combine=Combine.MINIMUM, minimum=0),
        ),
    ),
    RelationshipType(
        "TARGETS",
        "Interacts with the product of, as drug-gene databases collect it",
        (("Drug", "Gene"),),
        (
            strings("actions", "What the drug does there", "['inhibitor']"),
            number("interaction_score", "The source's score of the interaction", "0.82", combine=Combine.MAXIMUM),
        ),
    ),
    RelationshipType("HAS_CATEGORY", "Is assigned to the category", (("Gene", "GeneCategory"),)),
    RelationshipType("TREATS", "Is a disease-modifying treatment of", (("Drug", "Disease"),)),
    RelationshipType("PALLIATES", "Relieves symptoms of", (("Drug", "Disease"),)),
    RelationshipType("CAUSES", "Causes the side effect", (("Drug", "SideEffect"),)),
    RelationshipType("INCLUDES", "Includes the drug", (("PharmacologicClass", "Drug"),)),
)

BIOLOGY = (
    RelationshipType("ASSOCIATES", "Is associated with the gene", (("Disease", "Gene"),)),
    RelationshipType("PRESENTS", "Shows the symptom", (("Disease", "Phenotype"),)),
    RelationshipType("LOCALISES", "Occurs in", (("Disease", "Anatomy"),)),
    RelationshipType(
        "RESEMBLES",
        "Resembles",
        (("Disease", "Disease"), ("Drug", "Drug")),
        (number("similarity", "How similar, where the source says", "0.7", combine=Combine.MAXIMUM),),
        symmetric=True,
    ),
    RelationshipType("EXPRESSED_IN", "Is expressed in", (("Gene", "Anatomy"),)),
    RelationshipType(
        "UPREGULATES",
        "Raises the expression of, or shows raised expression of",
        (("Drug", "Gene"), ("Disease", "Gene"), ("Anatomy", "Gene")),
        (_Z_SCORE,),
    ),
    RelationshipType(
        "DOWNREGULATES",
        "Lowers the expression of, or shows lowered expression of",
        (("Drug", "Gene"), ("Disease", "Gene"), ("Anatomy", "Gene")),
        (_Z_SCORE,),
    ),
    RelationshipType("COVARIES", "Has evolutionary rates that vary with those of", _GENE_GENE, symmetric=True),
    RelationshipType(
        "INTERACTS_PHYSICALLY_WITH", "Has a product that binds the product of", _GENE_GENE, symmetric=True
    ),
    RelationshipType(
        "REGULATES_EXPRESSION_OF", "Changes, when knocked down or over-expressed, the expression of", _GENE_GENE
    ),
)

CLINICAL = (
    RelationshipType("HAS_PATIENT", "Includes the patient", (("Cohort", "Patient"),)),
    RelationshipType("HAS_SAMPLE", "Gave the sample", (("Patient", "Sample"),)),
    RelationshipType("HAS_DIAGNOSIS", "Was diagnosed with", (("Patient", "Disease"),)),
    RelationshipType("STUDIES", "Studies the disease", (("Cohort", "Disease"),)),
)

PROVENANCE = (
    RelationshipType("HAS_RELEASE", "Was read in the release", (("Source", "Release"),), derived=True),
    RelationshipType(
        "DISPUTED_VALUE",
        "Has a value on which sources disagree; this source states",
        tuple((entity.label, "Source") for entity in ENTITIES if entity.label not in {"Source", "Release"}),
        (
            string("property", "The property in dispute", "name", required=True),
            string("value", "What this source states", "tumor protein p53", required=True),
            string("shown", "`yes` where this value won", "yes"),
            string("release", "The release that states it", "2020-10"),
            string("file", "The file that states it", "Homo_sapiens.gene_info.gz"),
            integer("row", "The row in that file", "6743"),
        ),
        key=("property", "value"),
        derived=True,
    ),
)

RELATIONSHIPS = (*MEMBERSHIP, *PATHWAY_COMMONS, *STRUCTURES, *DRUGS, *BIOLOGY, *CLINICAL, *PROVENANCE)
