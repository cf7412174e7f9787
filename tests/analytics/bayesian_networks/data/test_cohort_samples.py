"""The samples of a cohort that a comparison of networks uses, by rule or as a user's files name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.analysis import RunContext
from analytics.bayesian_networks.data.cohort import Wanted, read_cohort
from tests.cohorts import built, write_table, write_xena
from warehouse.analyst.samples import Samples
from warehouse.errors import AnalysisError, QuestionError
from warehouse.home import Home
from warehouse.warehouse import Warehouse

PATIENTS = [f"TCGA-ZZ-A{n:03d}" for n in range(8)]
#: All have a primary tumour, the last four normal tissue, the last a metastasis too.
SAMPLES = [*(f"{one}-01" for one in PATIENTS), *(f"{one}-11" for one in PATIENTS[4:]), f"{PATIENTS[-1]}-06"]


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunContext]:
    folder = tmp_path_factory.mktemp("paired")
    levels = {
        "EGFR": [*(10 + n for n in range(8)), 1, 2, 3, 4, 99],
        "KRAS": [*(5 + n % 3 for n in range(8)), 1, 3, 2, 4, 98],
    }
    write_xena(folder / "raw", levels, SAMPLES)
    with Warehouse.open(built(folder).root) as warehouse:
        yield RunContext(warehouse, 0, folder)


def _names(ids: tuple[str, ...]) -> list[str]:
    return [one.removeprefix("tcga.sample:TCGA-ZZ-A00") for one in ids]


def test_tumours_are_compared_unless_the_user_asks_otherwise(paired: RunContext) -> None:
    found = read_cohort(Wanted(cohort="xena_luad", groups="expression:EGFR:0.5"), paired)
    assert _names(found.dataset.samples) == [f"{n}-01" for n in range(8)]
    assert found.groups is not None
    high = found.groups.members[found.groups.names.index("EGFR high")]
    assert [found.dataset.samples[row][-6:-3] for row in high] == ["004", "005", "006", "007"]
    assert any(
        "8 tumour used; left out: 4 normal, 1 tumour (further of the same patient)" in note for note in found.notes
    )


def test_tumour_against_normal_tissue(paired: RunContext) -> None:
    wanted = Wanted(cohort="xena_luad", groups="tissue_type", samples=Samples.BOTH, strata="patient")
    found = read_cohort(wanted, paired)
    assert found.groups is not None
    assert dict(zip(found.groups.names, map(len, found.groups.members), strict=True)) == {"normal": 4, "tumour": 8}
    normal = read_cohort(Wanted(cohort="xena_luad", groups="expression:EGFR:0.5", samples=Samples.NORMAL), paired)
    assert _names(normal.dataset.samples) == [f"{n}-11" for n in range(4, 8)]


@pytest.mark.parametrize(
    "spelt",
    [
        lambda n: f"tcga.sample:{PATIENTS[n]}-01",
        lambda n: f"{PATIENTS[n]}-01",
        lambda n: f"{PATIENTS[n]}-01A",
        lambda n: f"{PATIENTS[n]}-01A-11R-A24H-07",
        lambda n: f"{PATIENTS[n]}-01A-11R-A24H-07".replace("-", "."),
        lambda n: PATIENTS[n].lower(),
        lambda n: PATIENTS[n],
        lambda n: f"tcga:{PATIENTS[n]}",
    ],
)
def test_names_of_a_user_mean_samples_at_every_level(paired: RunContext, tmp_path: Path, spelt: object) -> None:
    write_table(tmp_path / "own.tsv", ["sample", "group"], [[spelt(n), "AB"[n % 2]] for n in range(8)])  # type: ignore[operator]
    found = read_cohort(Wanted(cohort="xena_luad", sample_table=tmp_path / "own.tsv"), paired)
    assert found.groups is not None
    assert [_names(tuple(found.dataset.samples[row] for row in rows)) for rows in found.groups.members] == [
        ["0-01", "2-01", "4-01", "6-01"],
        ["1-01", "3-01", "5-01", "7-01"],
    ]


def test_named_samples_of_another_tissue_are_left_out_and_named(paired: RunContext, tmp_path: Path) -> None:
    rows = [[one, "B" if one.endswith(("-11", "3-01", "2-01")) else "A"] for one in SAMPLES]
    write_table(tmp_path / "own.tsv", ["sample", "group"], rows)
    found = read_cohort(Wanted(cohort="xena_luad", sample_table=tmp_path / "own.tsv"), paired)
    # The metastasis is named, so it is used.
    assert _names(found.dataset.samples) == [*(f"{n}-01" for n in range(7)), "7-01", "7-06"]
    assert any(
        note.startswith("4 named samples are not tumour and were left out: TCGA-ZZ-A004-11") for note in found.notes
    )


def test_pairs_name_samples_too(paired: RunContext, tmp_path: Path) -> None:
    rows = [[f"p{n}", f"{PATIENTS[n]}-11A", f"{PATIENTS[n]}-01A"] for n in (4, 5)]
    write_table(tmp_path / "pairs.tsv", ["pair", "before", "after"], rows)
    wanted = Wanted(cohort="xena_luad", pairs=tmp_path / "pairs.tsv", samples=Samples.BOTH)
    found = read_cohort(wanted, paired)
    ends = [(found.dataset.samples[pair.before[0]], found.dataset.samples[pair.after[0]]) for pair in found.pairs]
    assert [_names(one) for one in ends] == [["4-11", "4-01"], ["5-11", "5-01"]]
    with pytest.raises(AnalysisError, match=r"another tissue: TCGA-ZZ-A004-11A(.|\n)*--samples both"):
        read_cohort(Wanted(cohort="xena_luad", pairs=tmp_path / "pairs.tsv"), paired)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["TCGA-ZZ-A000-01", "TCGA-ZZ-B000-01"], "does not have: TCGA-ZZ-B000-01"),
        (["TCGA-ZZ-A000-01A", "TCGA-ZZ-A000-01B"], "tcga.sample:TCGA-ZZ-A000-01 more than once: .*01A, .*01B"),
    ],
)
def test_names_that_cannot_be_used(paired: RunContext, tmp_path: Path, names: list[str], message: str) -> None:
    write_table(tmp_path / "own.tsv", ["sample", "group"], [[name, "A"] for name in names])
    with pytest.raises(AnalysisError, match=message):
        read_cohort(Wanted(cohort="xena_luad", sample_table=tmp_path / "own.tsv"), paired)


def test_a_matrix_of_patients_has_no_normal_tissue(sample_home: Home, tmp_path: Path) -> None:
    wanted = Wanted(cohort="tcga_luad", groups="sex", samples=Samples.NORMAL)
    with (
        Warehouse.open(sample_home.root) as warehouse,
        pytest.raises(QuestionError, match="no sample of normal tissue"),
    ):
        read_cohort(wanted, RunContext(warehouse, 0, tmp_path))


def test_a_file_with_barcodes_of_another_level_and_normal_tissue(paired: RunContext, tmp_path: Path) -> None:
    """The table names samples, the matrix aliquots as R writes them; normal tissue in a file is used, and said."""
    aliquots = [f"{one}A-11R-A24H-07".replace("-", ".") for one in SAMPLES]
    rows = [["EGFR", *range(13)], ["KRAS", *(n * n % 7 for n in range(13))]]
    write_table(tmp_path / "matrix.tsv", ["gene", *aliquots], rows)
    groups = [[one, "normal" if one.endswith("-11") else "tumour"] for one in SAMPLES]
    write_table(tmp_path / "own.tsv", ["sample", "group"], groups)
    wanted = Wanted(matrix=tmp_path / "matrix.tsv", sample_table=tmp_path / "own.tsv")
    found = read_cohort(wanted, paired)
    assert found.groups is not None
    assert dict(zip(found.groups.names, map(len, found.groups.members), strict=True)) == {"normal": 4, "tumour": 9}
    assert "matrix.tsv: by their barcodes 4 of 13 samples are normal. All samples of a file are used." in found.notes
    write_table(tmp_path / "own.tsv", ["sample", "group"], [*groups, [f"{SAMPLES[0]}B", "tumour"]])
    with pytest.raises(AnalysisError, match="'TCGA-ZZ-A000-01' and 'TCGA-ZZ-A000-01B' name one sample"):
        read_cohort(wanted, paired)
