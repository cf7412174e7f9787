"""The cases of `cases.py` over every analysis, and what their declarations share."""

from __future__ import annotations

import dataclasses
import inspect
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.analysis import Analysis, Findings, RunContext, analyses, option
from analytics.options import declared_options, parameters, read_options
from analytics.page import page
from analytics.running import PlannedRun, find_analysis
from targetgraph.cli import analysing
from tests.analytics.cases import AnalysisCases, Ran, assert_same, fingerprint, plan_on
from tests.conftest import ROOT
from warehouse import extras
from warehouse.errors import AnalysisError
from warehouse.extras import MissingExtraError
from warehouse.home import Home


@pytest.fixture(scope="module", params=list(analyses()))
def analysis(request: pytest.FixtureRequest) -> Analysis[Any]:
    """Every analysis in turn."""
    return analyses()[request.param]


@pytest.fixture(scope="module")
def ran(analysis: Analysis[Any], sample_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The analysis, run on a copy of the sample."""
    home = _copy(sample_home, tmp_path_factory.mktemp(analysis.name))
    before = fingerprint(home)
    planned = plan_on(home, analysis)
    assert planned.state == "new"
    yield Ran(home, planned, planned.execute(), before)


@pytest.fixture
def sample_copy(sample_home: Home, tmp_path: Path) -> Home:
    """A copy of the sample that a test may change."""
    return _copy(sample_home, tmp_path)


def _copy(home: Home, folder: Path) -> Home:
    shutil.copytree(home.root / "builds", folder / "home" / "builds")
    shutil.copy(home.root / "current", folder / "home" / "current")
    return Home(folder / "home")


class TestAnalyses(AnalysisCases):
    """Every case over every analysis."""


class Method(StrEnum):
    """Two choices."""

    FAST = "fast"
    EXACT = "exact"


@dataclass(frozen=True)
class Options:
    """Options of every type."""

    cohort: str = option("The cohort")
    share: float = option("A share", default=0.5, minimum=0, maximum=1)
    top: int | None = option("How many", default=None, minimum=1)
    groups: tuple[str, ...] = option("Groups", default=())
    method: Method = option("How", default=Method.FAST)
    file: Path | None = option("A file", default=None)
    strict: bool = option("Whether", default=False)


def _run(options: Options, context: RunContext) -> Findings:
    return Findings()


EVERY = Analysis("every", "Every option", "Has every option.", Options, _run, (), {"cohort": "c"}, extra="analytics")


def test_options_are_read_from_words() -> None:
    given = {"cohort": "c1", "share": "0.25", "groups": ["a", "b"], "method": "exact", "strict": "true", "top": "3"}
    assert read_options(EVERY, given) == Options("c1", 0.25, 3, ("a", "b"), Method.EXACT, None, True)
    assert read_options(EVERY, {"cohort": "c1", "groups": "a"}).groups == ("a",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "needs --cohort"),
        ({"cohort": "c", "shrae": 1}, "no option shrae"),
        ({"cohort": "c", "share": "half"}, "--share: 'half' is no float"),
        ({"cohort": "c", "share": 1.5}, "0 to 1"),
        ({"cohort": "c", "share": float("nan")}, "out of range"),
        ({"cohort": "c", "top": 0}, "at least 1"),
        ({"cohort": "c", "method": "slow"}, "One of: fast, exact"),
        ({"cohort": "c", "strict": "perhaps"}, "is no bool"),
    ],
)
def test_a_wrong_option_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message.replace("(", r"\(")):
        read_options(EVERY, given)


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    path, other = tmp_path / "groups.tsv", tmp_path / "elsewhere" / "groups.tsv"
    other.parent.mkdir()
    for one in (path, other):
        one.write_text("a\tb\n")
    known = parameters(Options("c", file=path))
    assert known == parameters(Options("c", file=other))
    other.write_text("a\tc\n")
    assert known != parameters(Options("c", file=other))
    with pytest.raises(AnalysisError, match="cannot be read"):
        parameters(Options("c", file=tmp_path / "none"))


def test_a_missing_extra_is_named_before_a_run_exists(sample_copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    planned = PlannedRun(EVERY, Options("c"), 0, sample_copy, sample_copy.current())
    with pytest.raises(MissingExtraError, match="targetgraph analyze every needs the extra 'analytics'"):
        planned.execute()
    assert planned.state == "new"
    assert not sample_copy.results.exists()


def test_an_analysis_that_is_not_there_is_told() -> None:
    with pytest.raises(AnalysisError, match="Did you mean proximity"):
        find_analysis("proximty")


_DECLARED = """from analytics.analysis import Analysis, Findings
from tests.analytics.test_analyses import Options, _run
ANALYSIS = Analysis("{name}", "Title", "Text.", Options, _run, (), {{}})
"""


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Adds an analysis in a folder below a temporary package that counts as part of `analytics`."""
    import analytics

    monkeypatch.setattr(analytics, "__path__", [*analytics.__path__, str(tmp_path)])

    def add(folder: str, name: str) -> None:
        for part in [*Path(folder).parents[:-1], Path(folder)]:
            (tmp_path / part).mkdir(exist_ok=True)
            (tmp_path / part / "__init__.py").touch()
        (tmp_path / folder / "analysis.py").write_text(_DECLARED.format(name=name))
        analyses.cache_clear()

    yield add
    analyses.cache_clear()
    for name in [name for name in sys.modules if name.startswith("analytics.temporary_kind")]:
        del sys.modules[name]


def test_analyses_of_one_kind_may_stand_in_a_folder(declare: Callable[[str, str], None]) -> None:
    before = set(analyses())
    declare("temporary_kind/one", "one_of_a_kind")
    declare("temporary_kind/one/deeper", "too_deep")
    assert set(analyses()) == before | {"one_of_a_kind"}


def test_two_analyses_of_one_name_are_refused(declare: Callable[[str, str], None]) -> None:
    declare("temporary_kind/twin", "proximity")
    with pytest.raises(AnalysisError, match=r"analytics\.temporary_kind\.twin\.analysis"):
        analyses()


def test_equality_over_workers_is_exact_or_within_what_is_declared() -> None:
    one, near = pl.DataFrame({"id": ["a"], "score": [1.0]}), pl.DataFrame({"id": ["a"], "score": [1.0 + 1e-7]})
    assert_same(one, near, 1e-6)
    for tolerance in (0.0, 1e-9):
        with pytest.raises(AssertionError):
            assert_same(one, near, tolerance)
    with pytest.raises(AssertionError):
        assert_same(one, near.with_columns(id=pl.lit("b")), 1e-6)


def test_options_of_analyses_and_of_runs_have_different_names() -> None:
    shared = set(inspect.signature(analysing._run).parameters) - {"name", "options"}
    for one in analyses().values():
        own = {declared.name for declared in declared_options(one)}
        assert not own & shared, one.name
        assert dataclasses.is_dataclass(one.options)


def test_the_page_of_the_analyses_is_that_of_the_code() -> None:
    assert (ROOT / "docs" / "analyses.md").read_text(encoding="utf-8") == page(analyses().values()), "run `make docs`"


def test_listing_the_analyses_loads_no_heavy_library() -> None:
    heavy = ("numba", "scipy", "pgmpy", "torch", "pandas", "neo4j", "streamlit", "sklearn")
    code = f"""import sys; from analytics.analysis import analyses
analyses(); print([name for name in {heavy} if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
