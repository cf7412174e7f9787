"""What runs of analyses write: the one place where the types of predictions are declared.

A new type is one entry here; its tables, checks, Cypher, Neo4j's constraints and the page of the model follow. A build
holds none of these types: they stand beside it for as long as a run is active.
"""

from __future__ import annotations

from warehouse.model.schema import (
    EntityType,
    Property,
    RelationshipType,
    SynonymKind,
    Use,
    boolean,
    integer,
    number,
    string,
    strings,
)

RUN = string("run", "The run that predicts it", "ecv-3f2a9c41b7d0", required=True)

#: What every predicted relationship carries beside its own properties and the evidence `predicted`.
PREDICTION = (
    RUN,
    number("score", "The method's own score: the higher, the stronger the prediction", "2.31"),
    integer("rank", "The place among the predictions of this type of the run, from 1", "1", minimum=1),
    number("probability", "A calibrated probability, where the method gives one", "0.87", minimum=0, maximum=1),
    number("lower", "The lower end of the interval of the score, where the method gives one", "1.9"),
    number("upper", "The upper end of the interval of the score, where the method gives one", "2.7"),
)

#: A p-value and its correction, for the methods that test.
TESTED = (
    number("p_value", "The p-value, not corrected", "0.0009", minimum=0, maximum=1),
    number("q_value", "The p-value corrected for all tests of the run", "0.013", minimum=0, maximum=1),
)


def prediction(
    name: str,
    meaning: str,
    ends: tuple[tuple[str, str], ...],
    properties: tuple[Property, ...] = (),
    *,
    symmetric: bool = False,
    key: tuple[str, ...] = (),
    biolink: str = "related_to",
) -> RelationshipType:
    """A type of predicted relationship; two runs may predict one relationship, each in its own words.

    Args:
        name: upper snake case, of its own: no source states such a relationship.
        meaning: one sentence that reads from subject to object.
        ends: the allowed pairs of labels.
        properties: beside those of `PREDICTION`.
        symmetric: stored once, the smaller id first.
        key: properties that, with ends and run, tell two of them apart.
        biolink: the Biolink predicate that fits it best.
    """
    columns = (*PREDICTION, *properties)
    return RelationshipType(name, meaning, ends, columns, symmetric, ("run", *key), biolink=biolink, predicted=True)


ANALYSIS_RUN = EntityType(
    "AnalysisRun",
    "analysis_run",
    "One execution of an analysis whose results are active.",
    ("targetgraph.run",),
    (
        string("name", "The run, as commands and predictions name it", "ecv-3f2a9c41b7d0", synonym=SynonymKind.NAME),
        string("analysis", "The analysis", "ecv"),
        string("title", "What the analysis does", "Gene networks that differ between groups"),
        string("parameters", "Its options, as JSON", '{"cohort": "cbioportal:study_es_0"}'),
        integer("seed", "The seed", "7"),
        string("code_version", "The version of the code that computed it", "0.1.0+1f0e9d7c"),
        string("build", "The build that it read", "20261121T031400000000Z-1a2b3c4d"),
        string("build_content_hash", "The content of that build", "1a2b3c4d..."),
        boolean("older_build", "Whether the build that is asked has another content than the one it read", "false"),
        string("started_at", "When it started, in UTC", "2026-11-21T03:14:00+00:00"),
        string("ended_at", "When it ended, in UTC", "2026-11-21T03:16:41+00:00"),
        string("metrics", "Held-out metrics and other figures, as JSON", '{"auroc": 0.81}'),
        strings("notes", "What a reader of the results must know", "['12 genes were constant and left out']"),
        integer("vanished", "Rows whose members the build that is asked no longer has (`vanished_members`)", "0"),
    ),
    biolink="Activity",
    predicted=True,
    uses=Use(0),
)

SUBNETWORK = EntityType(
    "Subnetwork",
    "subnetwork",
    "A part of a network that a run found.",
    ("targetgraph.subnetwork",),
    (
        string("name", "The name that is shown", "responders, common to all", synonym=SynonymKind.NAME),
        RUN,
        string("description", "How it was made", "edges whose contribution differs in every responder"),
        integer("nodes", "How many members it has", "120", minimum=0),
        integer("edges", "How many predicted relationships it has", "311", minimum=0),
    ),
    biolink="InformationContentEntity",
    predicted=True,
    uses=Use.GENE_SETS,
)

PREDICTED_ENTITIES = (ANALYSIS_RUN, SUBNETWORK)

_MEMBERS = ("Gene", "Protein", "SmallMolecule", "Drug", "Disease", "Pathway")

PREDICTED_RELATIONSHIPS = (
    prediction("PRODUCED", "Found the subnetwork", (("AnalysisRun", "Subnetwork"),), biolink="has_output"),
    prediction(
        "HAS_MEMBER",
        "Has the member",
        tuple(("Subnetwork", label) for label in _MEMBERS),
        (string("role", "What the member is in it", "hub"),),
        biolink="has_member",
    ),
    prediction(
        "REGULATES",
        "Is a parent, in a learned network, of",
        (("Gene", "Gene"),),
        (
            number("frequency", "Share of the networks of the ensemble that hold it", "0.93", minimum=0, maximum=1),
            number(
                "mean_ecv", "Mean absolute contribution over all samples, in units of the object", "0.42", minimum=0
            ),
            number(
                "delta_ecv", "Difference of the mean contribution between the groups, in units of the object", "1.3"
            ),
            *TESTED,
            strings("subnetworks", "The ids of the run's subnetworks that hold it", "['targetgraph.subnetwork:...']"),
        ),
        biolink="regulates",
    ),
    prediction(
        "PROXIMAL_TO",
        "Has targets that lie nearer to the genes of the disease than random genes of equal degree",
        (("Drug", "Disease"),),
        (
            number("distance", "Mean distance from a target to the nearest gene of the disease", "1.4", minimum=0),
            number("z_score", "Standard scores from the mean of random sets of genes; below 0 is nearer", "-2.3"),
            *TESTED,
            integer("targets", "How many targets of the drug lie in the network", "3", minimum=1),
        ),
        biolink="associated_with",
    ),
)
