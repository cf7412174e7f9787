"""The same graph and questions beside Ladybug and Neo4j: `python -m benchmarks cypher_peers [--scale N] [--rounds N]`.

The graph of the Cypher benchmark is written to files once. Every engine builds its store from them and then answers in
a process of its own; each question goes to all engines before the next, so that other work on the machine meets all
alike. A peer that is not installed is left out with one line that says why. Linux only: peak memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.cypher import NODES, QUERIES, RELATIONSHIPS, generate
from benchmarks.cypher_peers.child import ENGINES, OURS
from benchmarks.cypher_peers.comparison import Measured, figures, table
from benchmarks.cypher_peers.engine import THREADS, PeerError, exit_on_terminate, last_line, stop
from benchmarks.harness import Figure


def run(arguments: list[str]) -> list[Figure]:
    """The figures of this benchmark: ours, with each peer's beside them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks cypher_peers")
    parser.add_argument("--scale", type=int, default=1, help="times 317,000 nodes and 1.5 million relationships")
    parser.add_argument("--rounds", type=int, default=60, help="how often each question is asked")
    options = parser.parse_args(arguments)
    exit_on_terminate()
    with tempfile.TemporaryDirectory(prefix="targetgraph-") as folder:
        measured = _measure(Path(folder), options.scale, options.rounds)
    print(table(measured), end="\n\n")
    return figures(measured)


class _Child:
    """An engine in a process of its own, which tells one JSON object a line."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed with the child)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.cypher_peers.child", name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)
        self._output.close()
        self._errors.close()

    def hear(self) -> dict[str, Any]:
        """The next object; `PeerError` with the last line of its errors if it ended instead."""
        line = self._output.readline()
        if line:
            return dict(json.loads(line))
        self._process.wait()
        self._errors.seek(0)
        raise PeerError(last_line(self._errors.read()))

    def ask(self, line: str) -> dict[str, Any]:
        """Say a line and hear what came of it."""
        # Where the child has ended, hearing it tells why.
        with suppress(BrokenPipeError):
            self._input.write(f"{line}\n")
            self._input.flush()
        return self.hear()

    def end(self) -> dict[str, Any]:
        """Say that no question follows and hear the last word."""
        self._input.close()
        return self.hear()


def _measure(folder: Path, scale: int, rounds: int) -> dict[str, Measured]:
    """Measure every engine that runs here."""
    files = folder / "files"
    files.mkdir()
    _export(files, scale)
    _print_load("before the builds")
    measured = {}
    for name in ENGINES:
        try:
            measured[name] = _built(name, files, folder / name)
        except PeerError as error:
            _leave_out(name, error)
    with ExitStack() as stack:
        children = {}
        for name in list(measured):
            child = stack.enter_context(_Child(name, "answer", str(folder), str(rounds)))
            try:
                measured[name].values |= child.hear()
                children[name] = child
            except PeerError as error:
                _leave_out(name, error)
                del measured[name]
        _ask_all(children, measured)
    return measured


def _leave_out(name: str, error: PeerError) -> None:
    """Go on without a peer; without us there is nothing to compare."""
    if name == OURS:
        raise error
    print(f"{name} is left out: {error}", flush=True)


def _built(name: str, files: Path, store: Path) -> Measured:
    version = ENGINES[name]().prepare()
    store.mkdir()
    with _Child(name, "build", str(files.parent)) as child:
        return Measured(f"{name} {version}", child.hear(), {})


def _ask_all(children: dict[str, _Child], measured: Mapping[str, Measured]) -> None:
    """First every answer, which warms what can be warmed; then every question again with the clock."""
    for question in QUERIES:
        for name, found in _ask_each(children, f"answers {question}"):
            measured[name].answers[question] = found["answers"]
    for question in QUERIES:
        _print_load(question)
        for name, found in _ask_each(children, f"times {question}"):
            measured[name].values |= {f"{question}_{share}_ms": found[share] for share in ("p50", "p95")}
    for name, child in children.items():
        measured[name].values |= child.end()


def _ask_each(children: dict[str, _Child], line: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each engine has to say; one that ended is left out from then on."""
    for name in list(children):
        try:
            found = children[name].ask(line)
        except PeerError as error:
            _leave_out(name, error)
            del children[name]
            continue
        if "error" in found:
            print(f"{name} did not give {line}: {found['error']}", flush=True)
        else:
            yield name, found


def _export(files: Path, scale: int) -> None:
    """Write the graph as Parquet and as CSV with the headers of Neo4j's import."""
    with duckdb.connect(str(files / "generated.duckdb"), config={"threads": THREADS}) as connection:
        generate(connection, scale)
        for label in NODES:
            rows = f"SELECT id, name, year FROM graph.{label.lower()} ORDER BY _nid"
            _write(connection, rows, files / label, '"id:ID", name, "year:long"')
        for name, (start, end, _) in RELATIONSHIPS.items():
            rows = (
                f"SELECT s.id AS start_id, o.id AS end_id, score FROM graph.{name.lower()} "
                f"JOIN graph.{start.lower()} s ON s._nid = _s JOIN graph.{end.lower()} o ON o._nid = _o ORDER BY _rid"
            )
            _write(connection, rows, files / name, '":START_ID", ":END_ID", "score:double"')


def _write(connection: duckdb.DuckDBPyConnection, rows: str, path: Path, header: str) -> None:
    connection.execute(f"COPY ({rows}) TO '{path}.parquet'")
    connection.execute(f"COPY (SELECT * FROM ({rows}) AS rows({header})) TO '{path}.csv' (HEADER)")


def _print_load(moment: str) -> None:
    print(f"load of the machine, {moment}: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
