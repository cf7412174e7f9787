"""A small warehouse with a build, and a run to publish in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from tests.conftest import SmallBuild, stated
from warehouse.home import Build, Home
from warehouse.results.findings import Findings
from warehouse.results.record import RunRecord, run_name
from warehouse.results.store import Results
from warehouse.results.tables import ResultTable, number, text

TABLES = (
    ResultTable("samples", "A sample.", (text("sample", "The sample"), number("value", "Its value")), optional=True),
)
PREDICTS = ("Subnetwork", "HAS_MEMBER", "REGULATES")
GENES = {"hgnc:1": "AAA", "hgnc:2": "BBB", "hgnc:3": "CCC"}


def make_home(root: Path) -> Home:
    """A warehouse whose build has three genes, two of which interact, and a protein."""
    home = Home(root)
    publish_build(home, GENES)
    return home


def publish_build(home: Home, genes: dict[str, str], **previous: str) -> Build:
    """Make a build with these genes (id and symbol) current; `previous` are symbols that a gene had once."""
    with home.writing() as writer:
        folder = writer.new_build()
        small = SmallBuild(folder)
        rows: list[dict[str, object]] = [
            {"id": id_, "symbol": symbol, "previous_symbols": [previous[symbol]] if symbol in previous else None}
            for id_, symbol in genes.items()
        ]
        small.say("hgnc", stated("Gene", *rows), stated("Protein", id="uniprot:P1", name="receptor"), rank=1)
        small.say(
            "pc",
            stated("INTERACTS_WITH", subject="hgnc:1", object="hgnc:2", evidence="asserted"),
            stated("ENCODES", subject="hgnc:1", object="uniprot:P1", evidence="asserted"),
        )
        content_hash = small.finish().content_hash
        small.close(json.dumps({"content_hash": content_hash, "sources": [], "counts": {}}))
        return writer.publish(folder, content_hash, keep=5)


def account(home: Home, seed: int = 7, analysis: str = "ecv") -> RunRecord:
    """The account of a run that read the current build."""
    build = home.current()
    content = str(build.receipt()["content_hash"])
    parameters = {"cohort": "c1", "top_percent": 5.0}
    return RunRecord(
        run=run_name(analysis, parameters, seed, content, "0.1.0+abc"),
        analysis=analysis,
        title="Gene networks",
        parameters=parameters,
        seed=seed,
        code_version="0.1.0+abc",
        build=build.id,
        build_content_hash=content,
        started_at="2026-01-01T00:00:00+00:00",
        ended_at="2026-01-01T00:00:09+00:00",
    )


def findings() -> Findings:
    """Two predicted edges, of which one ends at AAA, and a subnetwork with two members."""
    return Findings(
        entities={"Subnetwork": pl.DataFrame({"id": ["all responders"], "name": ["Responders, common"], "nodes": [2]})},
        relationships={
            "REGULATES": pl.DataFrame(
                {
                    "subject": ["hgnc:2", "hgnc:3"],
                    "object": ["hgnc:1", "hgnc:2"],
                    "score": [0.5, 2.0],
                    "frequency": [0.9, 1.0],
                    "delta_ecv": [float("nan"), -1.5],
                }
            ),
            "HAS_MEMBER": pl.DataFrame(
                {"subject": ["all responders"] * 2, "object": ["hgnc:2", "uniprot:P1"], "role": ["hub", ""]}
            ),
        },
        tables={"samples": pl.DataFrame({"sample": ["s1", "s2"], "value": [1.0, 2.0]})},
        metrics={"auroc": 0.8},
        notes=("One gene was constant.",),
    )


@dataclass(frozen=True)
class Published:
    """A warehouse with one active run."""

    home: Home
    results: Results
    run: RunRecord


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse without runs, made once; nobody changes it."""
    return make_home(tmp_path_factory.mktemp("results") / "home")


@pytest.fixture
def home(bare_home: Home, tmp_path: Path) -> Home:
    """A warehouse without runs."""
    return copy_of(bare_home, tmp_path / "home")


def copy_of(home: Home, root: Path) -> Home:
    """A warehouse like another."""
    shutil.copytree(home.root, root)
    return Home(root)


@pytest.fixture(scope="session")
def asked(bare_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A warehouse with a run, made once for tests that only ask."""
    home = copy_of(bare_home, tmp_path_factory.mktemp("asked") / "home")
    results = Results(home)
    return Published(home, results, results.publish(account(home), findings(), PREDICTS, TABLES))


@pytest.fixture
def published(home: Home) -> Published:
    """A warehouse with a run."""
    results = Results(home)
    return Published(home, results, results.publish(account(home), findings(), PREDICTS, TABLES))
