import numpy as np
import pytest

from analytics.bayesian_networks.assessment.simulate import Setting, simulate
from analytics.bayesian_networks.data.dataset import Kind
from warehouse.errors import AnalysisError

CONTINUOUS = [setting for setting in Setting if setting is not Setting.DISCRETE]


@pytest.mark.parametrize("setting", Setting)
def test_a_seed_fixes_network_and_data(setting: Setting) -> None:
    first, again, other = (simulate(setting, 30, 60, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.values, again.values)
    assert first.network.edges() == again.network.edges()
    assert first.network.edges() != other.network.edges()
    assert first.values.shape == (60, 30)
    assert first.network.is_acyclic()
    assert np.bincount(first.network.children).max() <= 4
    assert len(first.dataset().variables) <= 30


@pytest.mark.parametrize("setting", CONTINUOUS)
def test_every_variable_has_about_unit_variance(setting: Setting) -> None:
    deviations = simulate(setting, 60, 4000, seed=3).values.std(axis=0)
    assert np.median(deviations) == pytest.approx(1, abs=0.2)


def test_two_parents_on_average_and_three_quarters_curved() -> None:
    simulation = simulate("nonlinear", 2000, 2, seed=0)
    assert simulation.network.count / 2000 == pytest.approx(2, abs=0.1)
    assert simulation.model is not None
    functions = [term.functions[0] for equation in simulation.model.equations for term in equation.terms]
    assert np.mean([name != "line" for name in functions]) == pytest.approx(0.75, abs=0.03)


def test_linear_models_have_lines_only() -> None:
    model = simulate("linear", 50, 2, seed=0).model
    assert model is not None
    assert {name for equation in model.equations for term in equation.terms for name in term.functions} == {"line"}


def test_interactions_join_two_parents_of_the_network() -> None:
    simulation = simulate("interactions", 50, 2, seed=0)
    assert simulation.model is not None
    products = [
        (child, term.parents)
        for child, equation in enumerate(simulation.model.equations)
        for term in equation.terms
        if len(term.parents) == 2
    ]
    assert products
    for child, parents in products:
        assert set(parents) <= set(simulation.network.parents_of(child).tolist())


def test_hidden_variables_are_in_the_model_but_not_in_the_network() -> None:
    simulation = simulate("confounded", 50, 20, seed=0)
    assert simulation.model is not None
    assert simulation.model.observed == 50
    assert len(simulation.model.equations) == 55
    assert simulation.values.shape[1] == len(simulation.network.variables) == 50
    assert len(simulation.model.network.children_of(50)) == 4


def test_heavy_tails_and_uneven_noise() -> None:
    heavy = simulate("heavy-tails", 20, 4000, seed=5)
    assert heavy.model is not None
    noise = heavy.model.noise(4000, 0)
    assert np.abs(noise).max() > 10
    uneven = simulate("uneven-noise", 20, 10, seed=5)
    assert uneven.model is not None
    assert uneven.model.network.edges() == uneven.network.edges()
    assert any(equation.spread_parent is not None for equation in uneven.model.equations)


@pytest.mark.parametrize("setting", CONTINUOUS)
def test_effects_are_those_of_separate_draws_and_only_on_descendants(setting: Setting) -> None:
    model = simulate(setting, 25, 2, seed=7).model
    assert model is not None
    target = int(np.bincount(model.network.parents).argmax())
    target = target if target < 25 else 0
    effect = model.total_effect(target, -2.0, samples=300, seed=4)
    control, treated = model.draw(300, seed=4), model.draw(300, seed=4, do={target: -2.0})
    assert effect == pytest.approx((treated - control).mean(axis=0))
    others = np.setdiff1d(np.arange(25), np.append(model.descendants(target), target))
    assert (effect[others] == 0).all()
    assert (treated[:, target] == -2).all()
    both = model.total_effects({target: -2.0, int(others[0]): 1.0}, samples=300, seed=4)
    assert both[0] == pytest.approx(effect)


def test_the_effect_in_a_linear_model_is_the_product_of_slopes() -> None:
    model = simulate("linear", 12, 2, seed=2).model
    assert model is not None
    slopes = np.zeros((12, 12))
    for child, equation in enumerate(model.equations):
        for term in equation.terms:
            slopes[child, term.parents[0]] = term.weight / term.scale / equation.scale
    total = np.linalg.inv(np.eye(12) - slopes)
    effect = model.total_effect(3, 1.5, samples=50, seed=0) - model.total_effect(3, 0.5, samples=50, seed=0)
    assert effect == pytest.approx(total[:, 3])


def test_discrete_data_have_kinds() -> None:
    simulation = simulate("discrete", 20, 200, seed=0)
    assert simulation.model is None
    assert (simulation.values < simulation.categories).all()
    assert set(simulation.dataset().kinds) == {Kind.BINARY, Kind.CATEGORICAL}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"setting": "odd", "variables": 5, "samples": 5}, "no setting 'odd'"),
        ({"setting": "linear", "variables": 1, "samples": 5}, "at least two"),
        ({"setting": "linear", "variables": 5, "samples": 5, "mean_parents": 5}, "does not fit a maximum"),
    ],
)
def test_impossible_settings_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        simulate(**arguments)  # type: ignore[arg-type]
