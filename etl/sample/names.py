"""Names of the sample: a few public ones, which the documentation's questions ask for, and words to invent others from.

Identifiers of invented things lie where no database has put anything: HGNC ids from 990001, Entrez ids from 990000001.
"""

from __future__ import annotations

#: Symbol, HGNC, Entrez, Ensembl, UniProt, residues, location, previous symbol, alias, name.
KNOWN_GENES = """
TP53   11998 7157 ENSG00000141510 P04637 393  17p13.1  -     p53   tumor protein p53
MDM2   6973  4193 ENSG00000135679 Q00987 491  12q15    -     HDM2  MDM2 proto-oncogene
EGFR   3236  1956 ENSG00000146648 P00533 1210 7p11.2   ERBB  ERBB1 epidermal growth factor receptor
KRAS   6407  3845 ENSG00000133703 P01116 189  12p12.1  KRAS2 -     KRAS proto-oncogene, GTPase
F5     3542  2153 ENSG00000198734 P12259 2224 1q24.2   -     -     coagulation factor V
TBXT   11515 6862 ENSG00000164458 O15178 435  6q27     T     TFT   T-box transcription factor T
MET    7029  4233 ENSG00000105976 P08581 1390 7q31.2   -     HGFR  MET proto-oncogene, receptor tyrosine kinase
SKP1   10899 6500 ENSG00000113558 P63208 163  5q31.1   SKP1A OCP2  S-phase kinase associated protein 1
KMT2A  7132  4297 ENSG00000118058 Q03164 3969 11q23.3  MLL   HRX   lysine methyltransferase 2A
CDK4   1773  1019 ENSG00000135446 P11802 303  12q14.1  -     CMM3  cyclin dependent kinase 4
BRAF   1097  673  ENSG00000157764 P15056 766  7q34     -     BRAF1 B-Raf proto-oncogene, serine/threonine kinase
"""

FIRST_LETTERS = "BCDFGKLMNPRSTVW"
SECOND_LETTERS = "JQXZ"
LAST_LETTERS = "DKLNRST"

FAMILIES = (
    "kinase",
    "phosphatase",
    "transcription factor",
    "receptor",
    "ion channel",
    "transporter",
    "ubiquitin ligase",
    "scaffold protein",
)

#: Top-level pathways of Reactome, with their own identifiers; everything below them is invented.
TOP_PATHWAYS = (
    ("R-HSA-162582", "Signal Transduction"),
    ("R-HSA-1640170", "Cell Cycle"),
    ("R-HSA-73894", "DNA Repair"),
    ("R-HSA-1430728", "Metabolism"),
)
PATHWAY_WORDS = ("Signaling by", "Regulation of", "Degradation of", "Transport by", "Assembly of", "Response to")

#: Name and ChEBI number.
CHEMICALS = (
    ("water", 15377),
    ("ATP", 15422),
    ("ADP", 16761),
    ("phosphate", 18367),
    ("NAD(+)", 15846),
    ("glucose", 17234),
    ("oxygen", 15379),
    ("glutathione", 16856),
    ("citrate", 30769),
    ("pyruvate", 15361),
)

#: Disease Ontology number, name.
DISEASES = (
    (1324, "lung cancer"),
    (11934, "head and neck cancer"),
    (1612, "breast cancer"),
    (9256, "colorectal cancer"),
    (1909, "melanoma"),
    (10283, "prostate cancer"),
    (1793, "pancreatic cancer"),
    (10763, "hypertension"),
    (2841, "asthma"),
    (9352, "type 2 diabetes mellitus"),
    (6364, "migraine"),
    (1826, "epilepsy syndrome"),
)
SYMPTOMS = (
    ("D003371", "Cough"),
    ("D005221", "Fatigue"),
    ("D006261", "Headache"),
    ("D010146", "Pain"),
    ("D012640", "Seizures"),
    ("D004417", "Dyspnea"),
)
ANATOMIES = (
    ("UBERON:0002048", "lung"),
    ("UBERON:0000955", "brain"),
    ("UBERON:0002107", "liver"),
    ("UBERON:0000310", "breast"),
    ("UBERON:0001155", "colon"),
    ("UBERON:0002113", "kidney"),
)
PROCESSES = (
    ("GO:0006915", "apoptotic process"),
    ("GO:0008283", "cell population proliferation"),
    ("GO:0006281", "DNA repair"),
    ("GO:0007165", "signal transduction"),
)
FUNCTIONS = (("GO:0016301", "kinase activity"), ("GO:0003700", "DNA-binding transcription factor activity"))
COMPONENTS = (("GO:0005634", "nucleus"), ("GO:0005737", "cytoplasm"), ("GO:0005886", "plasma membrane"))
SIDE_EFFECTS = (
    ("C0027497", "Nausea"),
    ("C0018681", "Headache"),
    ("C0015230", "Rash"),
    ("C0011991", "Diarrhoea"),
    ("C0015672", "Fatigue"),
)
DRUG_CLASSES = (("N0000999001", "Sample Kinase Inhibitors"), ("N0000999002", "Sample Channel Blockers"))

DRUG_STARTS = ("bel", "cor", "dar", "fen", "gal", "lor", "mir", "nel", "pal", "rov", "sel", "tor", "vel", "zan")
DRUG_MIDDLES = ("a", "e", "i", "o", "ali", "eri", "ovi")
DRUG_ENDS = {"kinase": "tinib", "ion channel": "dipine", "receptor": "tant", "transporter": "gliflozin"}
