"""What is planted in the sample, so that a test can ask whether an analysis finds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """The planted facts, by the ids and names that the warehouse shows.

    The disease runs through a pathway. One gene of it, the target, makes patients of the cohort live shorter the more
    of it they express, and sets the expression of other genes. A drug binds the target and treats a related disease;
    nobody says that it treats this one.

    Args:
        seed: the seed that the sample was made with.
        disease, disease_name: the disease, as Hetionet keys it.
        study, cohort: the study of the cohort (`LUAD`) and its id.
        expression_matrix: the table of the cohort's expression.
        pathway, pathway_name: the causal pathway.
        target, target_symbol, target_protein: the target.
        regulated: the symbols of the genes whose expression it sets.
        hazard_ratio: the hazard of death for one standard deviation more of the target's expression.
        weibull_shape: the shape of the distribution of survival times.
        drug, drug_name: the drug that binds the target.
        treated_disease: the related disease that the drug treats.
        structures, best_structure: the target's structures, and the one with the best resolution.
        disputed_gene, disputed_property: a gene of which two sources state different values.
        disputed_values: source and value, the one that is shown first.
        ambiguous_alias, ambiguous_genes: an alias that fits two genes and so resolves to neither.
        withdrawn_gene, withdrawn_symbol: an entry that HGNC withdrew.
        renamed_gene, previous_symbol: a gene and the symbol under which it went before.
        quarantined: rows that are set aside on purpose, by the path of their file.
        bad_values: single values that are set aside on purpose, by the path of their file.
    """

    seed: int
    disease: str
    disease_name: str
    study: str
    cohort: str
    expression_matrix: str
    pathway: str
    pathway_name: str
    target: str
    target_symbol: str
    target_protein: str
    regulated: tuple[str, ...]
    hazard_ratio: float
    weibull_shape: float
    drug: str
    drug_name: str
    treated_disease: str
    structures: tuple[str, ...]
    best_structure: str
    disputed_gene: str
    disputed_property: str
    disputed_values: tuple[tuple[str, str], ...]
    ambiguous_alias: str
    ambiguous_genes: tuple[str, ...]
    withdrawn_gene: str
    withdrawn_symbol: str
    renamed_gene: str
    previous_symbol: str
    quarantined: dict[str, int]
    bad_values: dict[str, int]
