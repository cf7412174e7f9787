"""The page of cohorts: which samples it uses, and against which group the hazard ratio is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from tests.cohorts import built, write_xena
from warehouse.home import Home

Draw = Callable[..., AppTest]
ASKED = {"cohort": "tcga.study:LUAD", "gene": "EGFR", "endpoint": "OS"}


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Twelve tumours; the higher the value, the earlier the patient dies; six patients have normal tissue too."""
    folder = tmp_path_factory.mktemp("page")
    samples = [f"TCGA-ZZ-A{n:03d}-{code}" for code, count in (("01", 12), ("11", 6)) for n in range(count)]
    levels = [100 - int(one[9:12]) if one.endswith("11") else int(one[9:12]) for one in samples]
    survival = [[one, one[:12], 1, 2000 - 100 * int(one[9:12])] for one in samples]
    write_xena(folder / "raw", {"EGFR": levels}, samples, survival)
    return built(folder)


def _captions(test: AppTest) -> str:
    """The captions as a visitor reads them: Markdown's escapes are not shown."""
    return "\n".join(str(caption.value).replace("\\", "") for caption in test.caption)


def test_tumours_are_used_and_the_low_group_is_the_reference(draw: Draw, paired: Home) -> None:
    test = draw("cohorts", ASKED, paired)
    assert not test.exception
    [ratio] = [metric for metric in test.metric if metric.label.startswith("Hazard ratio")]
    assert ratio.label == "Hazard ratio, high vs low"
    assert float(ratio.value) > 1
    assert "12 tumour used; left out: 6 normal." in _captions(test)


def test_normal_tissue_can_be_asked_for(draw: Draw, paired: Home) -> None:
    test = draw("cohorts", {**ASKED, "samples": "both"}, paired)
    assert "12 tumour used; left out: 6 normal (further of the same patient)." in _captions(test)
    test = draw("cohorts", {**ASKED, "samples": "normal"}, paired)
    # Six samples make no two groups of five.
    assert "Fewer than two groups" in test.error[0].value
