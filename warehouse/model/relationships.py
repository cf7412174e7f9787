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


def _interaction(name: str, meaning: str, biolink: str, *, symmetric: bool = False) -> RelationshipType:
    """An interaction type of Pathway Commons: between genes, chemicals, or one of each."""
    return RelationshipType(name, meaning, _MOLECULES, symmetric=symmetric, biolink=biolink)


PATHWAY_COMMONS = (
    _interaction("CONTROLS_STATE_CHANGE_OF", "Controls a reaction that changes the state of", "regulates"),
    _interaction("CONTROLS_TRANSPORT_OF", "Controls a reaction that moves", "affects"),
    _interaction("CONTROLS_PHOSPHORYLATION_OF", "Controls a reaction that changes the phosphorylation of", "regulates"),
    _interaction("CONTROLS_EXPRESSION_OF", "Controls the transcription or translation of", "regulates"),
    _interaction(
        "CATALYSIS_PRECEDES", "Catalyses a reaction whose product enters one that is catalysed by", "precedes"
    ),
    _interaction("IN_COMPLEX_WITH", "Is in a complex with", "in_complex_with", symmetric=True),
    _interaction("INTERACTS_WITH", "Takes part in a molecular interaction with", "interacts_with", symmetric=True),
    _interaction("NEIGHBOR_OF", "Is in one interaction or its control with", "related_to", symmetric=True),
    _interaction("CONSUMPTION_CONTROLLED_BY", "Is consumed by a reaction that is controlled by", "affected_by"),
    _interaction("CONTROLS_PRODUCTION_OF", "Controls a reaction that produces", "affects"),
    _interaction("CONTROLS_TRANSPORT_OF_CHEMICAL", "Controls a reaction that moves the chemical", "affects"),
    _interaction("CHEMICAL_AFFECTS", "Has an effect on the state of", "affects"),
    _interaction("REACTS_WITH", "Is on the same side of a reaction as", "related_to", symmetric=True),
    _interaction("USED_TO_PRODUCE", "Is used by a reaction that produces", "derives_into"),
)

MEMBERSHIP = (
    RelationshipType("ENCODES", "Encodes the protein", (("Gene", "Protein"),), biolink="has_gene_product"),
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
        biolink="participates_in",
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
        biolink="part_of",
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
        biolink="has_part",
    ),
    RelationshipType(
        "HAS_STRUCTURAL_DOMAIN",
        "Is cut into the domain",
        (("Structure", "StructuralDomain"),),
        (_CHAINS,),
        biolink="has_part",
    ),
    RelationshipType(
        "HAS_ENZYME_ACTIVITY",
        "Has the enzyme activity",
        (("Protein", "EnzymeClass"), ("Structure", "EnzymeClass")),
        (_CHAINS,),
        biolink="capable_of",
    ),
    RelationshipType(
        "CONTAINS", "Contains the ligand or other small molecule", (("Structure", "SmallMolecule"),), biolink="has_part"
    ),
    RelationshipType(
        "DESCRIBED_IN",
        "Is described in",
        (("Structure", "Publication"), ("Cohort", "Publication")),
        biolink="mentioned_in",
    ),
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
        biolink="binds",
    ),
    RelationshipType(
        "TARGETS",
        "Interacts with the product of, as drug-gene databases collect it",
        (("Drug", "Gene"),),
        (
            strings("actions", "What the drug does there", "['inhibitor']"),
            number("interaction_score", "The source's score of the interaction", "0.82", combine=Combine.MAXIMUM),
        ),
        biolink="interacts_with",
    ),
    RelationshipType("HAS_CATEGORY", "Is assigned to the category", (("Gene", "GeneCategory"),), biolink="member_of"),
    RelationshipType("TREATS", "Is a disease-modifying treatment of", (("Drug", "Disease"),), biolink="treats"),
    RelationshipType("PALLIATES", "Relieves symptoms of", (("Drug", "Disease"),), biolink="ameliorates_condition"),
    RelationshipType("CAUSES", "Causes the side effect", (("Drug", "SideEffect"),), biolink="has_side_effect"),
    RelationshipType("INCLUDES", "Includes the drug", (("PharmacologicClass", "Drug"),), biolink="has_member"),
)

BIOLOGY = (
    RelationshipType("ASSOCIATES", "Is associated with the gene", (("Disease", "Gene"),), biolink="associated_with"),
    RelationshipType("PRESENTS", "Shows the symptom", (("Disease", "Phenotype"),), biolink="has_phenotype"),
    RelationshipType("LOCALISES", "Occurs in", (("Disease", "Anatomy"),), biolink="located_in"),
    RelationshipType(
        "RESEMBLES",
        "Resembles",
        (("Disease", "Disease"), ("Drug", "Drug")),
        (number("similarity", "How similar, where the source says", "0.7", combine=Combine.MAXIMUM),),
        symmetric=True,
        biolink="similar_to",
    ),
    RelationshipType("EXPRESSED_IN", "Is expressed in", (("Gene", "Anatomy"),), biolink="expressed_in"),
    RelationshipType(
        "UPREGULATES",
        "Raises the expression of, or shows raised expression of",
        (("Drug", "Gene"), ("Disease", "Gene"), ("Anatomy", "Gene")),
        (_Z_SCORE,),
        biolink="affects",
    ),
    RelationshipType(
        "DOWNREGULATES",
        "Lowers the expression of, or shows lowered expression of",
        (("Drug", "Gene"), ("Disease", "Gene"), ("Anatomy", "Gene")),
        (_Z_SCORE,),
        biolink="affects",
    ),
    RelationshipType(
        "COVARIES",
        "Has evolutionary rates that vary with those of",
        _GENE_GENE,
        symmetric=True,
        biolink="correlated_with",
    ),
    RelationshipType(
        "INTERACTS_PHYSICALLY_WITH",
        "Has a product that binds the product of",
        _GENE_GENE,
        symmetric=True,
        biolink="physically_interacts_with",
    ),
    RelationshipType(
        "REGULATES_EXPRESSION_OF",
        "Changes, when knocked down or over-expressed, the expression of",
        _GENE_GENE,
        biolink="regulates",
    ),
)

CLINICAL = (
    RelationshipType("HAS_PATIENT", "Includes the patient", (("Cohort", "Patient"),), biolink="has_member"),
    RelationshipType("HAS_SAMPLE", "Gave the sample", (("Patient", "Sample"),), biolink="derives_into"),
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
