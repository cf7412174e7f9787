"""The same question to both engines: what each answers, in one form, and what came of the comparison."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import neo4j
import neo4j.time
from neo4j.exceptions import Neo4jError
from neo4j.graph import Node, Path, Relationship

from benchmarks.harness import Figure
from tests.warehouse.cypher.conformance import comparable, recorded, same_rows
from warehouse.cypher.engine.run import CypherEngine
from warehouse.errors import TargetGraphError

TIMEOUT_S = 20.0


@dataclass
class Comparison:
    """What became of the questions so far.

    Args:
        kinds: how many ended equal, different, refused (by us alone), strict (by both) or laxer (by Neo4j alone).
        refusals: why we refused, with how many.
        examples: a question for each of those reasons.
        different: the questions that were answered differently.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)

    def note(self, kind: str, query: str, detail: str = "") -> None:
        """Count a question."""
        self.kinds[kind] += 1
        if kind == "refused":
            reason = _reason(detail)
            self.refusals[reason] += 1
            self.examples.setdefault(reason, query)
        if kind in {"different", "laxer"}:
            self.different.append(f"{kind}: {query}\n   {detail}")

    def figures(self, name: str) -> list[Figure]:
        """The counts, and a printed list of what was refused or differs."""
        for text in self.different:
            print(text)
        for reason, count in self.refusals.most_common():
            print(f"refused {count}: {reason}: {self.examples[reason]}")
        asked = sum(self.kinds.values())
        return [
            Figure(f"{name}_asked", asked, ""),
            Figure(f"{name}_equal", self.kinds["equal"], ""),
            Figure(f"{name}_different", self.kinds["different"], "", "<= 0"),
            Figure(f"{name}_refused", self.kinds["refused"], ""),
            Figure(f"{name}_refused_by_both", self.kinds["strict"], ""),
            Figure(f"{name}_laxer", self.kinds["laxer"], ""),
        ]


def compare(
    found: Comparison,
    engine: CypherEngine,
    session: neo4j.Session,
    query: str,
    parameters: Mapping[str, Any],
    *,
    ordered: bool,
    numbers: tuple[Mapping[int, int], Mapping[str, int]] | None = None,
) -> None:
    """Ask both and note what came of it.

    Args:
        found: where it is noted.
        engine, session: the two engines over the same graph.
        query, parameters: the question.
        ordered: whether the order of rows counts.
        numbers: our internal ids and Neo4j's element ids → the number of a node or relationship; None = they are
            compared by labels and properties.
    """
    try:
        result = session.run(neo4j.Query(query, timeout=TIMEOUT_S * 3), dict(parameters))
        columns = list(result.keys())
        theirs = [tuple(_value(value, numbers and numbers[1]) for value in row) for row in result.values()]
        refused = None
    except Neo4jError as error:
        refused = error.code or "error"
    try:
        answer = engine.query(query, dict(parameters), timeout_s=TIMEOUT_S, row_limit=None)
        ours = [tuple(comparable(value, numbers and numbers[0]) for value in row) for row in answer.rows()]
    except TargetGraphError as error:
        found.note("refused" if refused is None else "strict", query, error.message)
        return
    if refused is not None:
        found.note("laxer", query, refused)
    elif list(answer.columns) != columns:
        found.note("different", query, f"columns {answer.columns} instead of {columns}")
    elif same_rows(ours, theirs, ordered, query):
        found.note("equal", query)
    else:
        found.note("different", query, f"{ours[:5]}\n   instead of {theirs[:5]}")


def _value(value: Any, numbers: Mapping[str, int] | None) -> Any:  # noqa: PLR0911
    """A value of the driver in the form in which both sides are compared."""
    if isinstance(value, Node):
        return {"node": numbers[value.element_id] if numbers else _whole(value, labels=sorted(value.labels))}
    if isinstance(value, Relationship):
        return {"relationship": numbers[value.element_id] if numbers else _whole(value, type=value.type)}
    if isinstance(value, Path):
        inner = {
            "nodes": [next(iter(_value(one, numbers).values())) for one in value.nodes],
            "relationships": [next(iter(_value(one, numbers).values())) for one in value.relationships],
        }
        return {"path": inner}
    if isinstance(value, list):
        return [_value(item, numbers) for item in value]
    if isinstance(value, dict):
        return {"map": {key: _value(item, numbers) for key, item in value.items()}}
    if isinstance(value, neo4j.time.DateTime | neo4j.time.Date | neo4j.time.Time):
        return recorded({"datetime": value.iso_format()})
    if isinstance(value, neo4j.time.Duration):
        return recorded({"duration": str(value)})
    return value


def _whole(value: Node | Relationship, **told: Any) -> dict[str, Any]:
    return {**told, "properties": {key: _value(one, None) for key, one in dict(value).items()}}


def _reason(message: str) -> str:
    """The kind of a refusal: the message without places, names and numbers."""
    text = re.sub(r"^line \d+, column \d+: ", "", message.splitlines()[0])
    return re.sub(r"'[^']*'|`[^`]*`|\"[^\"]*\"|\b\d+\b", "…", text)[:100]
