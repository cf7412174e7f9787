"""What visitors do on the pages of the real build: each page, several times, each time with something else."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.analyst._identifiers import mixed
from benchmarks.analyst._visitor import Drawn, Visitor
from benchmarks.harness import targetgraph
from warehouse.answer import Limits

_FAMOUS = ("TP53", "EGFR", "KRAS", "BRCA1", "PTEN", "MYC", "BRAF", "TNF", "APOE", "SKP1", "IL6", "ALK")
_QUESTIONS = {"pathways_of_gene": "gene", "drugs_of_gene": "gene", "repurposing_candidates": "disease"}
_OTHER_TYPES = ("Protein", "Drug", "Pathway", "Structure", "Disease")
_GENES = "SELECT symbol, id FROM gene WHERE id IN (SELECT object FROM associates) AND symbol IS NOT NULL ORDER BY id"
_DISEASES = "SELECT DISTINCT name FROM disease WHERE id IN (SELECT subject FROM associates) ORDER BY name"
_MEASURED = "SELECT symbol FROM gene WHERE id IN (SELECT gene_id FROM tcga_luad_expression) ORDER BY symbol"
_SOME = "SELECT id FROM entities WHERE type = $type ORDER BY hash(id) LIMIT 500"
_ALL = Limits(60, 1_000_000, 4000)
_SQL = "SELECT predicate, count(*) AS n FROM relationships GROUP BY ALL ORDER BY n DESC"
_CYPHER = "MATCH (d:Drug)-[:BINDS|TARGETS]->(g:Gene {symbol: '%s'}) RETURN d.id, d.name LIMIT 50"


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


class Visits:
    """What is visited on a build: other genes, diseases and texts in every turn, the same for the same turn.

    Args:
        home: the warehouse.
    """

    def __init__(self, home: Path) -> None:
        from warehouse.warehouse import Warehouse

        self._pasted = [given for given, _kind in mixed(home, 500)]
        with Warehouse.open(home) as warehouse:
            self._genes = warehouse.sql(_GENES, limits=_ALL).rows()
            self._measured = [row[0] for row in warehouse.sql(_MEASURED, limits=_ALL).rows()]
            self._diseases = [row[0] for row in warehouse.sql(_DISEASES).rows()]
            self._others = {
                label: [row[0] for row in warehouse.sql(_SOME, type=label).rows()] for label in _OTHER_TYPES
            }

    def of(self, turn: int) -> list[Visit]:
        """What is done in a turn, page by page; pages that are not known here are opened with their sample."""
        from dashboards.page import pages

        known = self._known(random.Random(turn))
        return [visit for page in pages() for visit in known.get(page.path, [Visit(page.path, dict(page.sample))])]

    def _known(self, chooser: random.Random) -> dict[str, list[Visit]]:
        famous = [gene for gene in self._genes if gene[0] in _FAMOUS]
        genes = chooser.sample(famous, 2) + chooser.sample(self._genes, 4)
        diseases = ["lung cancer", *chooser.sample(self._diseases, 5)]
        measured = chooser.sample(self._measured, 3)
        others = [chooser.choice(pool) for pool in self._others.values() if pool]
        symbol, ids = genes[0][0], [id_ for _symbol, id_ in genes]
        of = {"gene": symbol, "disease": diseases[1]}
        questions = [{"template": name, f"of_{about}": of[about]} for name, about in _QUESTIONS.items()]
        texts = [symbol.lower(), genes[2][0], ids[3], diseases[2], chooser.choice(self._pasted)]
        ends = zip([symbol for symbol, _id in genes], diseases, strict=True)
        return {
            "home": [Visit("home"), *(Visit("home", {"q": text}) for text in texts)],
            "report": [Visit("report", {"id": id_}) for id_ in [*ids, *others]],
            "questions": [Visit("questions", one, button="Ask") for one in questions],
            "console": [
                Visit("console", {"language": "SQL", "q": _SQL}, button="Ask"),
                Visit("console", {"language": "Cypher", "q": _CYPHER % symbol}, button="Ask"),
            ],
            "lists": [
                Visit("lists", {"type": "Gene"}),
                Visit("lists", {"type": "Gene"}, {"Identifiers": "\n".join(self._pasted)}, "See what they mean"),
            ],
            "targets": [Visit("targets", {"disease": disease}) for disease in diseases[:3]],
            "paths": [Visit("paths", {"from": gene, "to": disease}) for gene, disease in ends],
            "explorer": [
                *(Visit("explorer", {"ids": id_}) for id_ in ids),
                Visit("explorer", {"ids": f"{ids[0]},{ids[1]}", "most": "40"}),
            ],
            "cohorts": [Visit("cohorts", {"gene": one, "cohort": "tcga.study:LUAD"}) for one in measured],
        }


def publish_a_run(home: Path) -> None:
    """A small network with groups, so that the pages of runs have something to draw."""
    words = ["--cohort", "tcga_luad", "--groups", "mutation:KRAS", "--variables", "200", "--top-percent", "1"]
    targetgraph("analyze", "ecv", *words, "--home", str(home))
