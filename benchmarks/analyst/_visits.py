"""What visitors do on the pages of the real build: each page, several times, each time with something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.analyst._visitor import Drawn, Visitor
from benchmarks.harness import targetgraph

_GENES = {
    "TP53": "hgnc:11998",
    "EGFR": "hgnc:3236",
    "KRAS": "hgnc:6407",
    "BRCA1": "hgnc:1100",
    "PTEN": "hgnc:9588",
    "SKP1": "hgnc:10899",
}
_DISEASES = ("lung cancer", "breast cancer", "asthma", "multiple sclerosis", "prostate cancer", "psoriasis")
_WORDS = ("TP53", "mll", "gefitinib", "lung cancer", "apoptosis", "P04637")
_OTHERS = ("doid:1324", "uniprot:P00533", "drugbank:DB00317", "reactome:R-HSA-109581", "pdb:1jm7")
_QUESTIONS = (
    {"template": "pathways_of_gene", "of_gene": "TP53"},
    {"template": "drugs_of_gene", "of_gene": "EGFR"},
    {"template": "repurposing_candidates", "of_disease": "lung cancer"},
)
_SQL = "SELECT predicate, count(*) AS n FROM relationships GROUP BY ALL ORDER BY n DESC"
_CYPHER = "MATCH (d:Drug)-[:BINDS|TARGETS]->(g:Gene {symbol: 'EGFR'}) RETURN d.id, d.name LIMIT 50"


@dataclass(frozen=True)
class Visit:
    """One opening of a page, and what is done there.

    Args:
        page: its path.
        parameters: those of its address.
        texts: what is typed in, by the label of the input.
        button: what is pressed then; empty = the page is only opened.
    """

    page: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    button: str = ""

    @property
    def name(self) -> str:
        """Its name in the figures."""
        return f"{self.page}_{self.button.split()[0].lower()}" if self.button else self.page


def pay(visit: Visit, visitor: Visitor) -> Drawn:
    """Open the page; where a button is pressed, the answer to that is what is given back."""
    from dashboards.page import pages

    # The first page stands at the root.
    path = "" if visit.page == pages()[0].path else visit.page
    opened = visitor.open(path, visit.parameters)
    if not visit.button or opened.faults:
        return opened
    return visitor.use(path, visit.parameters, visit.texts, visit.button, opened)


def visits(identifiers: Sequence[str]) -> list[Visit]:
    """Everything that is done, page by page; pages that are not known here are opened with their sample.

    Args:
        identifiers: what is pasted into the page of lists.
    """
    from dashboards.page import pages

    known = _known(identifiers)
    return [visit for page in pages() for visit in known.get(page.path, [Visit(page.path, dict(page.sample))])]


def _known(identifiers: Sequence[str]) -> dict[str, list[Visit]]:
    genes, symbols = list(_GENES.values()), list(_GENES)
    pasted = {"Identifiers": "\n".join(identifiers)}
    return {
        "home": [Visit("home"), *(Visit("home", {"q": word}) for word in _WORDS)],
        "report": [Visit("report", {"id": id_}) for id_ in (*genes, *_OTHERS)],
        "questions": [Visit("questions", one, button="Ask") for one in _QUESTIONS],
        "console": [
            Visit("console", {"language": "SQL", "q": _SQL}, button="Ask"),
            Visit("console", {"language": "Cypher", "q": _CYPHER}, button="Ask"),
        ],
        "lists": [Visit("lists", {"type": "Gene"}), Visit("lists", {"type": "Gene"}, pasted, "See what they mean")],
        "targets": [Visit("targets", {"disease": disease}) for disease in _DISEASES],
        "paths": [
            Visit("paths", {"from": symbol, "to": disease}) for symbol, disease in zip(symbols, _DISEASES, strict=True)
        ],
        "explorer": [
            *(Visit("explorer", {"ids": id_}) for id_ in genes),
            Visit("explorer", {"ids": f"{genes[0]},{genes[1]}", "most": "40"}),
        ],
        "cohorts": [Visit("cohorts", {"gene": symbol, "cohort": "tcga.study:LUAD"}) for symbol in symbols],
    }


def publish_a_run(home: Path) -> None:
    """A small network with groups, so that the pages of runs have something to draw."""
    words = ["--cohort", "tcga_luad", "--groups", "mutation:KRAS", "--variables", "200", "--top-percent", "1"]
    targetgraph("analyze", "ecv", *words, "--home", str(home))
