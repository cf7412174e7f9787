"""An engine's own process: builds its store, or answers the questions that its standard input names."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.cypher import NODES, QUERIES
from benchmarks.cypher_peers.embedded import Ladybug, TargetGraph
from benchmarks.cypher_peers.engine import Ask, Engine, Parameters, PeerError, exit_on_terminate
from benchmarks.cypher_peers.neo4j_server import Neo4j
from benchmarks.harness import percentiles

Question = tuple[str, Parameters]

OURS = "targetgraph"
ENGINES: dict[str, Callable[[], Engine]] = {OURS: TargetGraph, "ladybug": Ladybug, "neo4j": Neo4j}


def _build_here(engine: Engine, files: Path, store: Path) -> None:
    start = time.perf_counter()
    with engine.built(files, store):
        seconds = time.perf_counter() - start
    _tell({"build_s": seconds, "disk_mb": _disk_mb(engine.data(store)), "build_peak_gb": engine.peak_gb()})


def _answer_here(engine: Engine, store: Path, rounds: int) -> None:
    """Answer the lines of the standard input, `answers NAME` or `times NAME`; at its end, tell the memory."""
    start = time.perf_counter()
    with engine.answering(store) as ask:
        ask(*_question(engine, "point", 0))
        _tell({"open_s": time.perf_counter() - start})
        for line in sys.stdin:
            what, name = line.split()
            questions = [_question(engine, name, turn) for turn in range(rounds)]
            try:
                _tell(_answers(ask, questions) if what == "answers" else _times(ask, questions))
            # Each engine has errors of its own; whatever it is, this question has no figure and the next is asked.
            except Exception as error:  # noqa: BLE001
                _tell({"error": f"{type(error).__name__}: {error}".splitlines()[0]})
    _tell({"peak_gb": engine.peak_gb()})


def _answers(ask: Ask, questions: list[Question]) -> dict[str, Any]:
    return {"answers": [ask(*question) for question in questions]}


def _times(ask: Ask, questions: list[Question]) -> dict[str, Any]:
    following = itertools.cycle(questions)
    median, p95, _ = percentiles(lambda: ask(*next(following)), len(questions))
    return {"p50": median, "p95": p95}


def _question(engine: Engine, name: str, turn: int) -> Question:
    """A question as the engine spells it and the parameters of a round, those of the Cypher benchmark."""
    text = engine.dialect.get(name, QUERIES[name][0])
    ids = {"id": f"Gene:{turn * 7919 % NODES['Gene']}", "other": f"Gene:{(turn * 104_729 + 17) % NODES['Gene']}"}
    return text, {key: value for key, value in ids.items() if f"${key}" in text}


def _tell(found: Mapping[str, Any]) -> None:
    print(json.dumps(found), flush=True)


def _disk_mb(paths: list[Path]) -> float:
    files = [file for path in paths for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 2**20


def _main(name: str, phase: str, folder: str, rounds: str = "0") -> None:
    """`FOLDER` holds the files and one store for each engine."""
    exit_on_terminate()
    store = Path(folder, name)
    try:
        if phase == "build":
            _build_here(ENGINES[name](), Path(folder, "files"), store)
        else:
            _answer_here(ENGINES[name](), store, int(rounds))
    except PeerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main(*sys.argv[1:])
