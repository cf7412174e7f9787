"""Networks as pgmpy's models: inference and do-queries there agree with what the data and the tables say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analytics.bayesian_networks.data.dataset import Dataset, Prepared, prepare
from analytics.bayesian_networks.interchange.bif import parse_bif, read_bif, write_bif
from analytics.bayesian_networks.interchange.pgmpy_models import (
    discretise,
    from_pgmpy,
    linear_gaussian,
    structure_from_pgmpy,
    to_pgmpy,
)
from analytics.bayesian_networks.network import Network
from warehouse import extras
from warehouse.errors import AnalysisError
from warehouse.extras import MissingExtraError

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:pgmpy", "ignore::DeprecationWarning")

SLOPES = {("a", "b"): 2.0, ("a", "c"): -1.0, ("b", "c"): 0.5}


@pytest.fixture(scope="module")
def data() -> Prepared:
    generator = np.random.default_rng(3)
    a = generator.normal(5, 2, 4000)
    b = 1 + 2 * a + generator.normal(0, 1, 4000)
    c = -a + 0.5 * b + generator.normal(0, 0.5, 4000)
    return prepare(Dataset.of(np.column_stack([a, b, c]), ["a", "b", "c"]))


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.of_names(["a", "b", "c"], SLOPES.keys())


def test_a_linear_gaussian_model_has_the_coefficients_of_the_data(data: Prepared, network: Network) -> None:
    model = linear_gaussian(data, network)
    factor = model.get_cpds("c")
    fitted = dict(zip(factor.evidence, factor.beta[1:], strict=True))
    assert fitted == pytest.approx({"a": -1.0, "b": 0.5}, abs=0.05)
    assert factor.std == pytest.approx(0.5, abs=0.02)
    mean, covariance = model.to_joint_gaussian()
    values = data.z * data.scale + data.mean
    assert mean == pytest.approx(values.mean(axis=0), abs=1e-6)
    assert covariance == pytest.approx(np.cov(values.T), abs=0.02)


def test_do_in_the_linear_gaussian_model(data: Prepared, network: Network) -> None:
    model = linear_gaussian(data, network)
    low, high = (model.simulate(20_000, do={"b": level}, seed=1)["c"].mean() for level in (0.0, 10.0))
    # b does not move a: the change is the direct slope alone.
    assert high - low == pytest.approx(5.0, abs=0.1)


def test_a_discretised_model_answers_and_does(data: Prepared, network: Network) -> None:
    from pgmpy.inference import CausalInference, VariableElimination

    states = discretise(data, network)
    assert states.network.states == (("low", "middle", "high"),) * 3
    model = to_pgmpy(states.network)
    codes = [states.network.states[1].index(states.state_of("b", value)) for value in (0.0, 11.0, 30.0)]
    assert codes == [0, 1, 2]
    seen = VariableElimination(model).query(["c"], evidence={"b": "high"}, show_progress=False)
    done = CausalInference(model).query(["c"], do={"b": "high"}, show_progress=False)
    tables = states.network.tables
    # Truncated factorisation by hand: sum over a of P(a) P(c | a, b = high).
    by_hand = tables[0] @ tables[2][:, 2, :]
    assert done.get_value(c="high") == pytest.approx(by_hand[2])
    # Seeing b high speaks for a high, which lowers c; setting b does not.
    assert done.get_value(c="high") > seen.get_value(c="high") + 0.03


def test_few_values_stay_states() -> None:
    generator = np.random.default_rng(0)
    sex = generator.integers(0, 2, 300).astype(float)
    dose = generator.integers(0, 5, 300).astype(float)
    skewed = np.where(generator.random(300) < 0.9, 0.0, generator.random(300))
    prepared = prepare(
        Dataset.of(np.column_stack([sex, dose, skewed]), ["sex", "dose", "skewed"], kinds={"sex": "binary"})
    )
    found = discretise(prepared, Network.of_names(["sex", "dose", "skewed"], [("sex", "dose")]), states=4)
    assert [len(states) for states in found.network.states] == [2, 4, 2]
    assert all(np.isfinite(means).all() and (np.diff(means) > 0).all() for means in found.means)


def test_what_cannot_be_a_model(data: Prepared) -> None:
    cycle = Network.of_names(["a", "b"], [("a", "b"), ("b", "a")])
    for make in (linear_gaussian, discretise):
        with pytest.raises(AnalysisError, match="cycle: "):
            make(data, cycle)
        with pytest.raises(AnalysisError, match="x: not among the columns"):
            make(data, Network.of_names(["a", "x"], [("a", "x")]))
    with pytest.raises(AnalysisError, match="at least two"):
        discretise(data, Network.of_names(["a"], []), states=1)
    wide = prepare(Dataset.of(np.random.default_rng(0).normal(size=(50, 14))))
    star = Network.of_names(wide.columns, [(f"x{number}", "x0") for number in range(1, 14)])
    with pytest.raises(AnalysisError, match="x0 has 13 parents: its table would have 4,782,969 cells"):
        discretise(wide, star)


def test_tables_go_to_pgmpy_and_back(tmp_path: Path) -> None:
    from pgmpy.inference import VariableElimination

    text = """
    variable r { type discrete [ 2 ] { no, yes }; } variable s { type discrete [ 3 ] { off, low, on }; }
    variable w { type discrete [ 2 ] { dry, wet }; }
    probability ( r ) { table 0.8, 0.2; }
    probability ( s | r ) { (no) 0.5, 0.3, 0.2; (yes) 0.9, 0.1, 0.0; }
    probability ( w | s, r ) { (off, no) 1, 0; (low, no) .5, .5; (on, no) .2, .8; default 0.1, 0.9; }"""
    network = parse_bif(text)
    model = to_pgmpy(network)
    again = from_pgmpy(model)
    write_bif(again, tmp_path / "again.bif")
    same = read_bif(tmp_path / "again.bif")
    assert (same.variables, same.states, same.parents) == (network.variables, network.states, network.parents)
    assert all(np.allclose(table, other) for table, other in zip(network.tables, same.tables, strict=True))
    joint = np.einsum("r,rs,srw->rsw", *network.tables)
    wet = VariableElimination(model).query(["w"], show_progress=False).get_value(w="wet")
    assert wet == pytest.approx(joint[..., 1].sum())


@pytest.mark.parametrize("name", ["asia", "alarm", "sachs"])
def test_our_reader_agrees_with_pgmpys(name: str, real_data: Path) -> None:
    import gzip

    from pgmpy.readwrite import BIFReader

    path = real_data / "bayes" / "bif" / f"{name}.bif.gz"
    theirs = from_pgmpy(BIFReader(string=gzip.decompress(path.read_bytes()).decode()).get_model())
    ours = read_bif(path)
    for variable, states, parents, table in zip(
        theirs.variables, theirs.states, theirs.parents, theirs.tables, strict=True
    ):
        number = ours.variables.index(variable)
        assert states == ours.states[number]
        assert {theirs.variables[axis] for axis in parents} == {ours.variables[axis] for axis in ours.parents[number]}
        axes = [
            [theirs.variables[axis] for axis in parents].index(ours.variables[axis]) for axis in ours.parents[number]
        ]
        np.testing.assert_allclose(np.transpose(table, [*axes, len(axes)]), ours.tables[number])


def test_structures_come_back(data: Prepared, network: Network) -> None:
    assert set(structure_from_pgmpy(linear_gaussian(data, network)).edges()) == set(SLOPES)
    import networkx

    with pytest.raises(AnalysisError, match="undirected"):
        structure_from_pgmpy(networkx.Graph([("a", "b")]))
    with pytest.raises(AnalysisError, match="a is its own parent"):
        structure_from_pgmpy(networkx.DiGraph([("a", "a")]))
    with pytest.raises(AnalysisError, match="one name as text"):
        structure_from_pgmpy(networkx.DiGraph([("1", 1)]))


def test_without_pgmpy_the_extra_is_named(data: Prepared, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"needs the extra 'pgmpy': pip install '\.\[pgmpy\]'"):
        linear_gaussian(data, network)
