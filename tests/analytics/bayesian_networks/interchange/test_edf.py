"""EDF, the expression data format of SiGN-BN and INGOR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bayesian_networks.data.dataset import Dataset, prepare
from analytics.bayesian_networks.interchange.edf import read_edf, write_edf
from warehouse.errors import AnalysisError

TEXT = """# made by hand
$Version\t1.0
@Condition\twt\twt\tko
@SampleID\ta\tb\tc
TP53\t1.5\t2\tNA
MDM2\t-1e-3\t0\t4
"""


def test_reads_every_section(tmp_path: Path) -> None:
    path = tmp_path / "data.edf"
    path.write_text(TEXT)
    data = read_edf(path)
    assert data.variables == ("TP53", "MDM2")
    assert data.metadata == {"Version": "1.0"}
    assert data.samples("SampleID") == ("a", "b", "c")
    assert data.samples() == ("s1", "s2", "s3")
    np.testing.assert_array_equal(data.values, [[1.5, -1e-3], [2, 0], [np.nan, 4]])
    assert Dataset.of(data.values, data.variables, data.samples("SampleID")).variables == data.variables


def test_commas_and_no_header(tmp_path: Path) -> None:
    path = tmp_path / "data.edf"
    path.write_text("a,1,2,3\nb,2,1,5\n")
    data = read_edf(path)
    assert prepare(Dataset.of(data.values, data.variables, data.samples())).columns == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\t1\t2\nb\t1\n", "line 2: 1 values for 2 samples"),
        ("a\t1\t2\na\t1\t2\n", "line 2: a is there twice"),
        ("a\t1\t2\nb\t1\thigh\n", "line 2, column '3': 'high' is not a number"),
        ("$Version\t1\n", "there is no gene"),
        ("\t1\t2\n", "no name"),
    ],
)
def test_refuses(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "data.edf"
    path.write_text(text)
    with pytest.raises(AnalysisError, match=message) as caught:
        read_edf(path)
    assert "data.edf" in caught.value.message


def test_samples_by_an_attribute_that_does_not_name_them(tmp_path: Path) -> None:
    path = tmp_path / "data.edf"
    path.write_text(TEXT)
    for attribute in ("Condition", "none"):
        with pytest.raises(AnalysisError, match=f"The attribute {attribute} does not name each of 3 samples"):
            read_edf(path).samples(attribute)


names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="#$@"), min_size=1, max_size=6
)


@settings(max_examples=60)
@given(
    names=st.lists(names, min_size=1, max_size=4, unique=True),
    samples=st.lists(names, min_size=2, max_size=4, unique=True),
    seed=st.integers(0, 2**32),
)
def test_what_is_written_is_read_again(names: list[str], samples: list[str], seed: int, tmp_path: Path) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(len(samples), len(names))) * 10.0 ** generator.integers(-300, 300)
    values[generator.random(values.shape) < 0.2] = np.nan
    write_edf(tmp_path / "data.edf", tuple(names), values, tuple(samples))
    again = read_edf(tmp_path / "data.edf")
    assert again.variables == tuple(names)
    assert again.samples("SampleID") == tuple(samples)
    np.testing.assert_array_equal(again.values, values)


def test_names_that_cannot_be_written(tmp_path: Path) -> None:
    for name in ("", "#a", "a\tb", " a"):
        with pytest.raises(AnalysisError, match="EDF cannot hold the name"):
            write_edf(tmp_path / "data.edf", (name,), np.ones((2, 1)))
