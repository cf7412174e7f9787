"""The figures of all engines beside ours, whether their answers are equal, and the table of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.cypher import QUERIES
from benchmarks.cypher_peers.engine import Rows
from benchmarks.harness import Figure


@dataclass
class Measured:
    """What was measured of one engine: its version, figures by name, answers to each question in all rounds."""

    title: str
    values: dict[str, float]
    answers: dict[str, list[Rows]]


def figures(measured: Mapping[str, Measured]) -> list[Figure]:
    """Our figures, with each peer's beside them."""
    ours, *peers = measured.values()
    if not peers:
        return [Figure(metric, value, _unit(metric)) for metric, value in ours.values.items()]
    found = []
    for name, peer in measured.items():
        if peer is ours:
            continue
        found += [
            Figure(f"{metric}_{name}", value, _unit(metric), None, peer.title, peer.values.get(metric))
            for metric, value in ours.values.items()
        ]
        # Neo4j's answers are what ours must be; another engine may differ from both.
        goal = ">= 1" if name == "neo4j" else None
        found += [
            Figure(f"{question}_equal_share_{name}", share, "", goal, peer.title)
            for question, share in _equal_shares(ours, peer).items()
        ]
    return found


def _equal_shares(ours: Measured, peer: Measured) -> dict[str, float]:
    """For every question that both answered, the share of rounds with equal answers."""
    return {
        question: sum(map(_equal, answers, peer.answers[question])) / len(answers)
        for question, answers in ours.answers.items()
        if question in peer.answers
    }


def _equal(first: Rows, second: Rows) -> bool:
    """Whether two answers hold the same rows in any order."""
    if len(first) != len(second):
        return False
    pairs = zip(sorted(first, key=_row_key), sorted(second, key=_row_key), strict=True)
    return all(len(one) == len(other) and all(map(_equal_values, one, other)) for one, other in pairs)


def _row_key(row: Rows) -> str:
    return repr([f"{value:.8g}" if isinstance(value, float) else value for value in row])


def _equal_values(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return type(one) is type(other) and one == other


def _unit(metric: str) -> str:
    suffix = metric.rsplit("_", 1)[-1]
    return {"mb": "MB", "gb": "GB"}.get(suffix, suffix)


def table(measured: Mapping[str, Measured]) -> str:
    """The measured values as a Markdown table."""
    ours, *_ = measured.values()
    metrics = [metric for metric in ours.values if not metric.endswith(("_p50_ms", "_p95_ms"))]
    lines = [
        "| | " + " | ".join(one.title for one in measured.values()) + " |",
        "|---|" + "---|" * len(measured),
    ]
    for metric in metrics:
        values = [f"{one.values.get(metric, math.nan):.3g}" for one in measured.values()]
        lines.append(f"| {metric} | " + " | ".join(values) + " |")
    for question in QUERIES:
        lines.append(f"| {question} | " + " | ".join(_cell(question, one, ours) for one in measured.values()) + " |")
    return "\n".join(lines)


def _cell(question: str, one: Measured, ours: Measured) -> str:
    """Median and 95th percentile in ms, and the rounds in which the answer was equal to ours."""
    if question not in one.answers:
        return "no answer"
    times = " / ".join(f"{one.values.get(f'{question}_{share}_ms', math.nan):.3g}" for share in ("p50", "p95"))
    if one is ours or question not in ours.answers:
        return times
    rounds = len(ours.answers[question])
    equal = round(_equal_shares(ours, one)[question] * rounds)
    return f"{times}; equal" if equal == rounds else f"{times}; {equal} of {rounds} equal"
