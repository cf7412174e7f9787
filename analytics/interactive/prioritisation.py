"""Which genes to look at first as targets for a disease: a table of evidence, with weights that the user sets.

Every column is a *criterion*: one Cypher query that counts, for each gene, and one that lists what was counted, so that
any cell of the table can be opened. A count v becomes a part v / (v + half) between 0 and 1: `half` is the count that
gives one half, so that the hundredth paper does not weigh as much as the first. The score is the weighted mean of the
parts. It orders a reading list; it is no probability.

One criterion is no count: `tumour_tpm`, how strongly the gene is expressed in the tumours of a cohort. Where no cohort
fits the disease it is left out, and the result says so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from warehouse.analyst.expression import Levels, levels_for
from warehouse.answer import Answer, Limits
from warehouse.errors import QuestionError

if TYPE_CHECKING:
    import polars as pl

#: A count for every gene is no answer that a row limit may cut.
_MOST_GENES = 1_000_000


class NoGenesError(QuestionError):
    """No gene is linked with the disease that was asked for: the warehouse has nothing to order."""


class Asks(Protocol):
    """What answers Cypher and SQL: a `Warehouse`."""

    limits: Limits

    def query(self, text: str, parameters: Mapping[str, Any] | None = None, *, limits: Limits | None = None) -> Answer:
        """Answer a query."""

    def sql(self, text: str, parameters: Mapping[str, Any] | None = None, *, limits: Limits | None = None) -> Answer:
        """Answer a statement."""


@dataclass(frozen=True)
class Criterion:
    """A column of the table.

    Args:
        name: snake case, with its unit where it has one.
        meaning: a sentence.
        count: a query that takes `$disease` and `$genes` and gives gene id and a number; empty for what is counted by
            database, or what a matrix holds.
        explain: a query that takes `$disease` and `$gene` and lists what was counted.
        half: the number that gives one half of the part.
        weight: the default weight.
    """

    name: str
    meaning: str
    count: str
    explain: str
    half: float
    weight: float = 1.0

    @property
    def general(self) -> bool:
        """Whether it counts the same for a gene whatever the disease."""
        return bool(self.count) and "$disease" not in self.count


#: What narrows a count to some genes.
_AMONG = "WHERE g.id IN $genes "
_LINK = "(:Disease {id: $disease})-[r:ASSOCIATES]->"
_CHANGE = "(:Disease {id: $disease})-[r:UPREGULATES|DOWNREGULATES]->"
_SITES = "(:Disease {id: $disease})-[l:LOCALISES]->(a:Anatomy)<-[e:EXPRESSED_IN]-"
_PARTNER = "INTERACTS_WITH|IN_COMPLEX_WITH|INTERACTS_PHYSICALLY_WITH|CONTROLS_STATE_CHANGE_OF|CONTROLS_EXPRESSION_OF"
#: The criterion that is counted by database.
EVIDENCE = "evidence"
#: The criterion that a matrix answers.
TUMOUR_TPM = "tumour_tpm"

#: The columns, in the order of the table. A new one is one entry.
CRITERIA = (
    Criterion(
        EVIDENCE,
        "Databases that associate the gene with the disease; the columns after the criteria tell which",
        "",
        f"MATCH {_LINK}(:Gene {{id: $gene}}) RETURN type(r) AS relation, r.sources AS sources, "
        "r.data_sources AS databases, r.pubmed_ids AS papers",
        half=2,
        weight=2,
    ),
    Criterion(
        "similar_diseases",
        "Diseases that resemble this one and are associated with the gene",
        f"MATCH (:Disease {{id: $disease}})-[:RESEMBLES]-(d:Disease)-[:ASSOCIATES]->(g:Gene) {_AMONG}"
        "RETURN g.id, count(DISTINCT d) AS n",
        "MATCH (:Disease {id: $disease})-[r:RESEMBLES]-(d:Disease)-[a:ASSOCIATES]->(:Gene {id: $gene}) "
        "RETURN d.id AS disease_id, d.name AS disease, r.similarity AS similarity, a.sources AS sources",
        half=2,
    ),
    Criterion(
        "drugs",
        "Drugs that act on the product of the gene",
        f"MATCH (g:Gene)<-[:BINDS|TARGETS]-(d:Drug) {_AMONG}RETURN g.id, count(DISTINCT d) AS n",
        "MATCH (:Gene {id: $gene})<-[r:BINDS|TARGETS]-(d:Drug) RETURN d.id AS drug_id, d.name AS drug, "
        "type(r) AS relation, r.actions AS actions, r.sources AS sources",
        half=3,
    ),
    Criterion(
        "drugs_in_use",
        "Of these, drugs that treat some disease",
        f"MATCH (g:Gene)<-[:BINDS|TARGETS]-(d:Drug)-[:TREATS]->(:Disease) {_AMONG}RETURN g.id, count(DISTINCT d) AS n",
        "MATCH (:Gene {id: $gene})<-[:BINDS|TARGETS]-(d:Drug)-[t:TREATS]->(x:Disease) "
        "RETURN d.id AS drug_id, d.name AS drug, collect(DISTINCT x.name) AS treats",
        half=1,
    ),
    Criterion(
        "structures",
        "Structures of the proteins that the gene encodes",
        f"MATCH (g:Gene)-[:ENCODES]->(:Protein)-[:HAS_STRUCTURE]->(s:Structure) {_AMONG}"
        "RETURN g.id, count(DISTINCT s) AS n",
        "MATCH (:Gene {id: $gene})-[:ENCODES]->(p:Protein)-[r:HAS_STRUCTURE]->(s:Structure) "
        "RETURN s.id AS structure_id, s.method AS method, s.resolution_angstrom AS angstrom, p.id AS protein_id, "
        "r.coverage AS coverage",
        half=3,
    ),
    Criterion(
        "druggable_families",
        "Druggability categories that the gene is assigned to",
        f"MATCH (g:Gene)-[:HAS_CATEGORY]->(c:GeneCategory) {_AMONG}RETURN g.id, count(DISTINCT c) AS n",
        "MATCH (:Gene {id: $gene})-[r:HAS_CATEGORY]->(c:GeneCategory) RETURN c.id AS category_id, c.name AS category, "
        "r.sources AS sources, r.data_sources AS databases",
        half=2,
    ),
    Criterion(
        "expression_change",
        "Measurements by which the disease raises or lowers the expression of the gene, by direction and source",
        f"MATCH {_CHANGE}(g:Gene) {_AMONG}UNWIND r.sources AS source RETURN g.id, count(*) AS n",
        f"MATCH {_CHANGE}(:Gene {{id: $gene}}) UNWIND r.sources AS source RETURN type(r) AS relation, source, "
        "r.z_score AS z_score, r.evidence AS evidence",
        half=1,
    ),
    Criterion(
        "expression_sites",
        "Parts of the body in which the disease occurs and the gene is expressed",
        f"MATCH {_SITES}(g:Gene) {_AMONG}RETURN g.id, count(DISTINCT a) AS n",
        f"MATCH {_SITES}(:Gene {{id: $gene}}) RETURN a.id AS anatomy_id, a.name AS anatomy, "
        "e.sources AS expressed_says, l.sources AS occurs_says",
        half=5,
        weight=0.5,
    ),
    Criterion(
        TUMOUR_TPM,
        "Median expression of the gene in the tumours of a cohort, in TPM; empty where it was not measured",
        "",
        "",
        half=10,
    ),
    Criterion(
        "disease_partners",
        "Interaction partners of the gene that are themselves associated with the disease",
        f"MATCH (:Disease {{id: $disease}})-[:ASSOCIATES]->(p:Gene)-[:{_PARTNER}]-(g:Gene) {_AMONG}"
        "RETURN g.id, count(DISTINCT p) AS n",
        f"MATCH (:Disease {{id: $disease}})-[:ASSOCIATES]->(p:Gene)-[r:{_PARTNER}]-(:Gene {{id: $gene}}) "
        "RETURN p.id AS partner_id, p.symbol AS partner, collect(DISTINCT type(r)) AS relations",
        half=5,
    ),
    Criterion(
        "predictions",
        "Subnetworks of analysis runs that hold the gene",
        f"MATCH (:Subnetwork)-[r:HAS_MEMBER]->(g:Gene) {_AMONG}RETURN g.id, count(r) AS n",
        "MATCH (s:Subnetwork)-[r:HAS_MEMBER]->(:Gene {id: $gene}) RETURN s.id AS subnetwork_id, s.name AS subnetwork, "
        "r.run AS run, r.role AS role, r.score AS score",
        half=1,
        weight=0,
    ),
)

#: The columns by name.
BY_NAME = {one.name: one for one in CRITERIA}

#: Columns that tell which database says so, `said_by DisGeNET`.
SAID_BY = "said_by"
_DATABASES = (
    f"MATCH {_LINK}(g:Gene) {_AMONG}UNWIND coalesce(r.data_sources, r.sources) AS database "
    "RETURN database, g.id AS gene, count(*) AS n ORDER BY database, gene"
)
_CANDIDATES = (
    "MATCH (:Disease {id: $disease})-[:ASSOCIATES|UPREGULATES|DOWNREGULATES]->(g:Gene) "
    "RETURN DISTINCT g.id AS gene_id, g.symbol AS gene ORDER BY gene_id"
)
_NEIGHBOURS = (
    f"MATCH (:Disease {{id: $disease}})-[:ASSOCIATES]->(p:Gene)-[:{_PARTNER}]-(g:Gene) "
    "WITH g, count(DISTINCT p) AS partners WHERE partners >= $least "
    "RETURN g.id AS gene_id, g.symbol AS gene ORDER BY partners DESC, gene_id"
)


@dataclass(frozen=True)
class Prioritised:
    """The table.

    Args:
        table: `rank`, `gene_id`, `gene`, `score`, then one column for each criterion and one for each database that
            associates a gene with the disease, the best score first.
        weights: the weights that made the score, by criterion.
        disease: the canonical id.
        seconds: how long it took.
        cohort: the cohort whose tumours `tumour_tpm` tells of; None = the column is not there.
        notes: what a reader must know: where expression comes from, or why it is missing.
    """

    table: pl.DataFrame
    weights: Mapping[str, float]
    disease: str
    seconds: float
    cohort: str | None = None
    notes: tuple[str, ...] = ()


def prioritise(
    warehouse: Asks,
    disease: str,
    weights: Mapping[str, float] | None = None,
    *,
    with_neighbours_of: int | None = None,
    cohort: str | None = None,
    known: Mapping[str, Mapping[str, float]] | None = None,
) -> Prioritised:
    """Order the genes of a disease.

    Args:
        warehouse: what answers.
        disease: the canonical id of the disease.
        weights: of criteria whose weight shall not be the default; 0 leaves one out of the score, not of the table.
        with_neighbours_of: also genes that are linked with the disease by no statement, but interact with at least so
            many genes that are.
        cohort: the id of the cohort whose tumours tell how strongly genes are expressed; None = one that studies the
            disease, where there is one.
        known: what `general_counts` gave for this build, where many diseases are asked one after the other.

    Raises:
        NoGenesError: no gene is linked with the disease.
        QuestionError: the cohort has no expression levels, or a weight is negative,
            all zero, or of no criterion.
    """
    start = time.perf_counter()
    used = _weights(weights or {})
    symbols = dict(_all_rows(warehouse, _CANDIDATES, {"disease": disease}))
    if with_neighbours_of is not None:
        near = _all_rows(warehouse, _NEIGHBOURS, {"disease": disease, "least": with_neighbours_of})
        symbols = {**dict(near), **symbols}
    if not symbols:
        raise NoGenesError(
            f"No gene is linked with {disease}.", "`targetgraph search TEXT --type Disease` finds others."
        )
    genes = sorted(symbols)
    levels, note = levels_for(warehouse, disease, cohort)
    by_database = _by_database(warehouse, disease, genes)
    counts = {
        one.name: known[one.name] if known and one.general else _counted(warehouse, one, disease, genes)
        for one in CRITERIA
        if one.count
    }
    counts = _with_levels({EVIDENCE: _totals(by_database), **counts}, warehouse, levels, genes)
    if levels is None:
        used[TUMOUR_TPM] = 0.0
        _verify_some(used)
    table = _table(genes, symbols, counts, used)
    table = table.with_columns(_said_by(by_database, table["gene_id"].to_list()))
    chosen = None if levels is None else levels.cohort
    return Prioritised(table, used, disease, time.perf_counter() - start, chosen, (note,))


def general_counts(warehouse: Asks) -> dict[str, dict[str, float]]:
    """The counts of all genes by the criteria that ask for no disease: what `prioritise` takes as `known`."""
    return {one.name: dict(_all_rows(warehouse, one.count.replace(_AMONG, ""), {})) for one in CRITERIA if one.general}


def explain(warehouse: Asks, disease: str, gene: str, criterion: str, cohort: str | None = None) -> Answer:
    """List what a cell of the table counts: the statements behind it, with their sources.

    Args:
        warehouse: what answers.
        disease: the canonical id of the disease.
        gene: that of the gene.
        criterion: the column.
        cohort: as for `prioritise`; for `tumour_tpm` every measurement is listed, with its file and row.

    Raises:
        QuestionError: there is no such criterion, or no cohort for it.
    """
    if criterion not in BY_NAME:
        raise QuestionError(f"There is no criterion {criterion!r}.", f"Criteria: {', '.join(BY_NAME)}.")
    if criterion == TUMOUR_TPM:
        levels, note = levels_for(warehouse, disease, cohort)
        if levels is None:
            raise QuestionError(note)
        return levels.measured(warehouse, gene)
    text = BY_NAME[criterion].explain
    given = {"disease": disease, "gene": gene}
    return warehouse.query(text, {name: value for name, value in given.items() if f"${name}" in text})


def _weights(given: Mapping[str, float]) -> dict[str, float]:
    unknown = sorted(set(given) - set(BY_NAME))
    if unknown:
        raise QuestionError(f"There is no criterion {unknown[0]!r}.", f"Criteria: {', '.join(BY_NAME)}.")
    used = {one.name: float(given.get(one.name, one.weight)) for one in CRITERIA}
    if any(not 0 <= weight < float("inf") for weight in used.values()):
        raise QuestionError("Weights are not negative, and not all of them are zero.")
    _verify_some(used)
    return used


def _verify_some(weights: Mapping[str, float]) -> None:
    if not any(weights.values()):
        raise QuestionError("Weights are not negative, and not all of them are zero.")


def _counted(warehouse: Asks, one: Criterion, disease: str, genes: Sequence[str]) -> dict[str, float]:
    given = {"disease": disease, "genes": list(genes)}
    return dict(
        _all_rows(warehouse, one.count, {name: value for name, value in given.items() if f"${name}" in one.count})
    )


def _with_levels(
    counts: Mapping[str, Mapping[str, float]], warehouse: Asks, levels: Levels | None, genes: Sequence[str]
) -> dict[str, Mapping[str, float]]:
    """The counts in the order of the criteria, with the levels where there are any."""
    found: dict[str, Mapping[str, float]] = dict(counts)
    if levels is not None:
        found[TUMOUR_TPM] = levels.medians(warehouse, genes, _all_limits(warehouse))
    return {one.name: found[one.name] for one in CRITERIA if one.name in found}


def _by_database(warehouse: Asks, disease: str, genes: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often each database associates a gene with the disease."""
    counted: dict[str, dict[str, int]] = {}
    for database, gene, count in _all_rows(warehouse, _DATABASES, {"disease": disease, "genes": list(genes)}):
        counted.setdefault(database, {})[gene] = count
    return counted


def _totals(by_database: Mapping[str, Mapping[str, int]]) -> dict[str, float]:
    totals: dict[str, float] = {}
    for counted in by_database.values():
        for gene, count in counted.items():
            totals[gene] = totals.get(gene, 0) + count
    return totals


def _said_by(counted: Mapping[str, Mapping[str, int]], genes: Sequence[str]) -> list[pl.Series]:
    """One column for each database that associates a gene with the disease, in the order of the genes."""
    import polars as pl

    return [
        pl.Series(f"{SAID_BY} {database}", [found.get(gene, 0) for gene in genes], pl.Int64)
        for database, found in sorted(counted.items())
    ]


def _all_limits(warehouse: Asks) -> Limits:
    return replace(warehouse.limits, rows=_MOST_GENES)


def _all_rows(warehouse: Asks, text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return warehouse.query(text, parameters, limits=_all_limits(warehouse)).rows()


def _table(
    genes: Sequence[str],
    symbols: Mapping[str, str],
    counts: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> pl.DataFrame:
    import polars as pl

    # A gene that was not measured has no level; of what is counted it has none.
    missing = {TUMOUR_TPM: None}
    columns = {name: [counted.get(gene, missing.get(name, 0)) for gene in genes] for name, counted in counts.items()}
    total = sum(weights.values())
    parts = [
        pl.col(one.name) / (pl.col(one.name) + one.half) * (weights[one.name] / total)
        for one in CRITERIA
        if weights[one.name]
    ]
    frame = pl.DataFrame({"gene_id": list(genes), "gene": [symbols[gene] for gene in genes], **columns})
    scored = frame.select("gene_id", "gene", pl.sum_horizontal(parts).alias("score"), *columns)
    return scored.sort("score", "gene_id", descending=[True, False]).with_row_index("rank", 1)
