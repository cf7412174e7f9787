"""The sample: its files are what they claim to be, and what is planted in them can be found again."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb
import fastexcel
import numpy as np
import pytest

from etl.build import Plan, build
from etl.locate import Folder, find
from etl.reading import new_ledger, read
from etl.sample import Story, write_sample, writers
from etl.sample.workbook import workbook
from etl.source import sources
from warehouse.home import Home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sample")


@pytest.fixture(scope="module")
def story(folder: Path) -> Story:
    return write_sample(folder)


@pytest.fixture(scope="module")
def warehouse(
    folder: Path, story: Story, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    made = build(Home(tmp_path_factory.mktemp("home")), Plan(raw=folder))
    assert {source["status"] for source in made.receipt()["sources"]} == {"green"}
    assert not made.receipt()["unused_files"]
    with duckdb.connect(str(made.database), read_only=True) as connection:
        yield connection


def test_every_source_has_a_sample() -> None:
    assert set(writers()) == {name for name, one in sources().items() if one.is_public}


def test_the_same_seed_gives_the_same_bytes(folder: Path, story: Story, tmp_path: Path) -> None:
    again = write_sample(tmp_path / "again", story.seed)
    other = write_sample(tmp_path / "other", story.seed + 1)
    assert again == story
    assert _checksums(tmp_path / "again") == _checksums(folder)
    assert other.regulated != story.regulated
    assert _checksums(tmp_path / "other").keys() == _checksums(folder).keys()


def test_every_row_is_accounted_for(folder: Path, story: Story) -> None:
    downloads = Folder(folder)
    quarantined: dict[str, int] = {}
    bad_values: dict[str, int] = {}
    for source in sources().values():
        withdrawn: set[str] = set()
        for file in find(source, downloads).files:
            ledger = new_ledger(file, source.options, withdrawn)
            for _batch in read(file, source.part(file.part), ledger):
                pass
            assert ledger.rows_read == file.expected_rows, file.name
            quarantined |= {file.name: ledger.rows_quarantined} if ledger.rows_quarantined else {}
            bad_values |= {file.name: sum(ledger.cells.values())} if ledger.cells else {}
    assert quarantined == story.quarantined
    assert bad_values == story.bad_values


def test_names_resolve_as_the_story_says(warehouse: duckdb.DuckDBPyConnection, story: Story) -> None:
    assert _ids(warehouse, f"hgnc.symbol:{story.target_symbol}") == [story.target]
    assert _ids(warehouse, f"hgnc.symbol:{story.previous_symbol}") == [story.renamed_gene]
    assert _ids(warehouse, f"hgnc.symbol:{story.ambiguous_alias}") == [None]
    assert _ids(warehouse, f"hgnc.symbol:{story.withdrawn_symbol}") == []
    assert _column(warehouse, "SELECT id FROM gene WHERE list_contains(aliases, ?)", story.ambiguous_alias) == sorted(
        story.ambiguous_genes
    )


def test_the_disputed_value_is_shown_with_both_sides(warehouse: duckdb.DuckDBPyConnection, story: Story) -> None:
    stated = warehouse.execute(
        """SELECT DISTINCT shown, f.source, value FROM record.disputes JOIN record.files AS f USING (_file)
        WHERE entity_id = ? AND property = ? AND f.release > '2021' ORDER BY shown DESC""",
        [story.disputed_gene, story.disputed_property],
    ).fetchall()
    assert [(source, value) for _shown, source, value in stated] == list(story.disputed_values)


def test_the_drug_binds_the_target_and_is_not_said_to_treat_the_disease(
    warehouse: duckdb.DuckDBPyConnection, story: Story
) -> None:
    assert (story.drug, story.target) in _edges(warehouse, "BINDS")
    treats = _edges(warehouse, "TREATS")
    assert (story.drug, story.treated_disease) in treats
    assert (story.drug, story.disease) not in treats
    assert (story.disease, story.target) in _edges(warehouse, "ASSOCIATES")
    assert {(story.target, story.pathway)} <= _edges(warehouse, "PARTICIPATES_IN")


def test_the_target_has_its_structures(warehouse: duckdb.DuckDBPyConnection, story: Story) -> None:
    seen = {object_ for subject, object_ in _edges(warehouse, "HAS_STRUCTURE") if subject == story.target_protein}
    assert seen == set(story.structures)
    best = """SELECT id FROM structure WHERE list_contains(?, id) ORDER BY resolution_angstrom NULLS LAST LIMIT 1"""
    assert _column(warehouse, best, list(story.structures)) == [story.best_structure]


def test_the_target_sets_the_expression_of_the_genes_it_regulates(
    warehouse: duckdb.DuckDBPyConnection, story: Story
) -> None:
    controlled = {
        object_ for subject, object_ in _edges(warehouse, "CONTROLS_EXPRESSION_OF") if subject == story.target
    }
    driver = _expression(warehouse, story, story.target_symbol)
    for symbol in story.regulated:
        assert set(_ids(warehouse, f"hgnc.symbol:{symbol}")) <= controlled
        assert abs(np.corrcoef(driver, _expression(warehouse, story, symbol))[0, 1]) > 0.5


def test_survival_follows_the_expression_of_the_target(warehouse: duckdb.DuckDBPyConnection, story: Story) -> None:
    rows = warehouse.execute(
        "SELECT time_days, event FROM survival WHERE endpoint = 'OS' ORDER BY patient_id"
    ).fetchnumpy()
    expression = _expression(warehouse, story, story.target_symbol)
    estimate, error = _cox(rows["time_days"], rows["event"], expression)
    assert abs(estimate - np.log(story.hazard_ratio)) < 2 * error
    assert 0.2 < rows["event"].mean() < 0.9


def test_a_workbook_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(workbook({"first": [["a", "b<&>"], [1, None], [2.5, "text"]], "second": [["c"], ["x"]]}))
    book = fastexcel.read_excel(path)
    assert book.sheet_names == ["first", "second"]
    assert book.load_sheet("first").to_polars().rows() == [(1.0, None), (2.5, "text")]
    assert book.load_sheet("first").to_polars().columns == ["a", "b<&>"]


def _checksums(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def _column(warehouse: duckdb.DuckDBPyConnection, sql: str, *parameters: object) -> list[object]:
    return [row[0] for row in warehouse.execute(f"FROM ({sql}) ORDER BY ALL", list(parameters)).fetchall()]


def _ids(warehouse: duckdb.DuckDBPyConnection, reference: str) -> list[object]:
    return _column(warehouse, "SELECT id FROM identity.gene WHERE reference = ?", reference)


def _edges(warehouse: duckdb.DuckDBPyConnection, predicate: str) -> set[tuple[str, str]]:
    rows = warehouse.execute("SELECT subject, object FROM relationships WHERE predicate = ?", [predicate]).fetchall()
    return {(subject, object_) for subject, object_ in rows}


def _expression(warehouse: duckdb.DuckDBPyConnection, story: Story, symbol: str) -> np.ndarray:
    sql = f"SELECT value FROM {story.expression_matrix} WHERE feature = ? ORDER BY coalesce(sample_id, patient_id)"
    return np.array([value for (value,) in warehouse.execute(sql, [symbol]).fetchall()])


def _cox(times: np.ndarray, events: np.ndarray, covariate: np.ndarray) -> tuple[float, float]:
    """The log hazard ratio of one covariate and its standard error (Cox 1972, Breslow's ties), by Newton's method."""
    order = np.argsort(-times)
    events, covariate = events[order].astype(bool), covariate[order]
    beta, information = 0.0, 1.0
    for _ in range(30):
        weight = np.exp(beta * covariate)
        total, first, second = (np.cumsum(weight * covariate**power) for power in range(3))
        mean = first / total
        information = float((second / total - mean**2)[events].sum())
        beta += float((covariate - mean)[events].sum()) / information
    return beta, information**-0.5
