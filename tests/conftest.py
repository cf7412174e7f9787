"""What all tests share: where the real data lie, and small builds that are made once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, settings

import analytics  # noqa: F401 - builds have the tables of analyses, whichever test comes first
from tests.neo4j.server import NoServerError, Server, shared
from tests.unavailable import unavailable
from warehouse.checks import Checker
from warehouse.home import DATABASE, Build, Home
from warehouse.statements import ROW, Statements
from warehouse.tables.finish import Finished, finish
from warehouse.tables.writer import BuildWriter, FileRecord, SourceRecord

ROOT = Path(__file__).parent.parent

# Timings on a busy machine say nothing about correctness.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("tests")

#: Tests that share what is dear, by the beginnings of their paths: compiled kernels, the one Neo4j server, the real
#: build. What takes longest stands first, so that no worker is left with it at the end.
TOGETHER = {
    "compiled": (
        "analytics/bayes",
        "analytics/test_analyses",
        "dashboards/test_gene_networks",
        "dashboards/test_pages_with_runs",
        "targetgraph/test_an",
        "targetgraph/test_verbs_with_runs",
    ),
    "neo4j": ("neo4j", "warehouse/graph", "targetgraph/test_publish"),
    "real build": ("test_real_build", "warehouse/analyst"),
    "browser": ("dashboards",),
    "builds": ("etl/builds",),
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each file to one worker, and files that share something to the same one."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first."""
    places = {name: number for number, name in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(_group(item.nodeid), len(places)))


def _group(nodeid: str) -> str:
    path = nodeid.split("::", maxsplit=1)[0].removeprefix("tests/")
    return next((name for name, starts in TOGETHER.items() if path.startswith(starts)), path)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it are skipped where it is not."""
    folder = Path(os.environ.get("TARGETGRAPH_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data are not at {folder}")
    return folder


class SmallBuild:
    """A build that a test states row by row.

    >>> small.say("hgnc", entity("Gene", id="hgnc:1", symbol="A"))
    """

    def __init__(self, folder: Path) -> None:
        self.writer = BuildWriter(folder / DATABASE, threads=1)
        self.folder = folder
        self._files: dict[str, int] = {}

    def say(self, source: str, *statements: Statements, rank: int = 50, release: str = "1") -> SmallBuild:
        """Let a source state something; what the check rejects goes to quarantine."""
        if source not in self._files:
            self.writer.add_source(SourceRecord(source, source.title(), "", "CC0-1.0", True, rank))
            file = FileRecord(source, release, "all", f"{source}.tsv", "0" * 64, 1, None)
            self._files[source] = self.writer.add_file(file)
        for stated in statements:
            checked = Checker().check(stated)
            self.writer.add_statements(stated.type, checked.valid, self._files[source])
            self.writer.quarantine(pl.concat([checked.rejected, checked.blanked]), self._files[source])
        return self

    def finish(self, **options: object) -> Finished:
        """Resolve everything."""
        return finish(self.writer, **options)  # type: ignore[arg-type]

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Ask the build in SQL."""
        return self.writer.connection.execute(sql, list(parameters)).fetchall()

    def close(self, receipt: str = '{"content_hash": "", "sources": [], "counts": {}}') -> Build:
        """Close the file and give it as a build."""
        self.writer.close()
        (self.folder / "receipt.json").write_text(receipt, encoding="utf-8")
        return Build(self.folder.name, self.folder)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallBuild]:
    """An empty build to state things in."""
    build = SmallBuild(tmp_path)
    yield build
    build.writer.connection.close()


@pytest.fixture
def new_small(tmp_path: Path) -> Iterator[Callable[[], SmallBuild]]:
    """Makes empty builds, each in a folder of its own."""
    made: list[SmallBuild] = []

    def make() -> SmallBuild:
        folder = tmp_path / f"build{len(made)}"
        folder.mkdir()
        made.append(SmallBuild(folder))
        return made[-1]

    yield make
    for build in made:
        build.writer.connection.close()


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The generated sample, built once for all tests of all workers; nobody changes it."""
    from etl.build import Plan, build
    from etl.sample import write_sample

    def make(home: Home) -> None:
        write_sample(home.root / "raw", 7)
        build(home, Plan(raw=home.root / "raw", threads=1))

    return built_once(tmp_path_factory, "sample", make)


@pytest.fixture(scope="session")
def homes_with_runs(sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Home]:
    """The sample by how many runs are active over it: none, one and three; made once, and nobody changes them."""
    from analytics.running import analyze

    proximity: dict[str, Any] = {"name": "proximity", "disease": "doid:1324", "permutations": 20}
    ecv: dict[str, Any] = {"name": "ecv", "cohort": "tcga_luad", "groups": "vital_status", "permutations": 20}
    ecv["top_percent"] = 50.0

    def make(home: Home, runs: list[dict[str, Any]]) -> None:
        for name in ("builds", "current"):
            (home.root / name).symlink_to(sample_home.root / name)
        for run in runs:
            analyze(home=home.root, **run)

    several = {1: [proximity], 3: [proximity, {**proximity, "permutations": 21}, ecv]}
    made = {
        number: built_once(tmp_path_factory, f"sample-with-{number}-runs", partial(make, runs=runs))
        for number, runs in several.items()
    }
    return {0: sample_home, **made}


@pytest.fixture(scope="session")
def real_home(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A build from the real data, made once for all tests of all workers; nobody changes it."""
    from etl.build import Plan, build

    return built_once(tmp_path_factory, "real", lambda home: build(home, Plan(raw=real_data)))


@pytest.fixture
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one Neo4j server of the run, for this test alone; its content is what the test before left.

    The first test that wants it starts it; it ends with the run, however that ends.
    """
    try:
        with shared(_common(tmp_path_factory), _run_process()) as server:
            yield server
    except NoServerError as error:
        unavailable(f"no Neo4j server: {error}")


@pytest.fixture
def empty_neo4j(neo4j_server: Server) -> Server:
    """The server of the run, without any content."""
    neo4j_server.clear()
    return neo4j_server


def _run_process() -> int:
    """The process that lives as long as the whole run: the one that started the workers, or this one."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _common(factory: pytest.TempPathFactory) -> Path:
    """A folder of the run that all its workers know."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def built_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Home], object]) -> Home:
    """A warehouse that the first worker makes, and the others wait for."""
    home = Home(_common(factory) / name)
    home.root.mkdir(exist_ok=True)
    with (home.root / "made.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.builds():
            make(home)
    return home


def stated(type_name: str, *rows: Mapping[str, object], **row: object) -> Statements:
    """Statements of one type, one for each dictionary (or one for the keywords)."""
    given: list[Mapping[str, object]] = list(rows) or [row]
    frame = pl.DataFrame([{**one, ROW: number} for number, one in enumerate(given, 1)], infer_schema_length=None)
    return Statements(type_name, frame)
