"""Stopping at a precision, and splitting variance between parameters and simulation."""

import numpy as np
import pytest
from engine_models import one_cohort
from micro_models import ARMS, SETTINGS, Z95, model_of, screening, simulated

import nbsmodel
from nbsmodel.config.scenario import make_settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.engine.microsimulation import FIRST_STAGE
from nbsmodel.engine.simulation import Decomposition, Simulation, decompose


def run(model, simulation, draws=None, **how):
    return evaluate(model, draws, make_settings(model, SETTINGS), simulation=simulation, **how)


def half_width(result, s):
    error = result.simulation
    return Z95 * error.of_net_benefit("qaly", 20000, s, error.comparator)[0]


@pytest.fixture(scope="module")
def model():
    return model_of(screening())


@pytest.fixture(scope="module")
def first_width(model):
    """What the first stage reaches."""
    return half_width(run(model, Simulation(FIRST_STAGE)), 1)


@pytest.mark.parametrize(("threads", "block"), [(1, None), (2, 8192), (3, 4096)])
def test_it_stops_at_the_precision(model, first_width, threads, block):
    """With the bytes of a plain run of that size, and not many more children than needed."""
    asked = first_width / 2.5
    found = run(model, Simulation(10**6, 1, asked), keep_trace=True, threads=threads, block=block)
    n = found.simulation.individuals
    assert half_width(found, 1) <= asked
    assert 0.9 * 2.5**2 * FIRST_STAGE < n < 1.5 * 2.5**2 * FIRST_STAGE
    plain = run(model, Simulation(n), keep_trace=True)
    assert all(found.sums[key].tobytes() == plain.sums[key].tobytes() for key in plain.sums)
    assert all(found.traces[key].tobytes() == plain.traces[key].tobytes() for key in plain.traces)
    for name in ("sums", "products", "mass", "differ", "rerouted"):
        assert getattr(found.simulation, name).tobytes() == getattr(plain.simulation, name).tobytes()


def test_one_stage_may_be_enough(model, first_width):
    """And it is the first one; fewer children when fewer are allowed."""
    assert run(model, Simulation(10**6, 1, first_width)).simulation.individuals == FIRST_STAGE
    assert run(model, Simulation(1000, 1, 1e9)).simulation.individuals == 1000


def test_it_stops_at_the_most(model, first_width):
    """A precision out of reach: the most that is allowed, and the error says what was reached."""
    found = run(model, Simulation(40_000, 1, first_width / 1000))
    assert found.simulation.individuals == 40_000
    assert half_width(found, 1) > first_width / 1000


def test_the_least_certain_strategy_decides():
    """All strategies reach it."""
    model = model_of(screening(), {**ARMS, "half": {"screened": 0.5}})
    both = [half_width(run(model, Simulation(FIRST_STAGE)), s) for s in (1, 2)]
    assert both[0] != both[1]
    found = run(model, Simulation(10**6, 1, max(both) / 2))
    assert max(half_width(found, s) for s in (1, 2)) <= max(both) / 2
    assert run(model, Simulation(10**6, 1, min(both))).simulation.individuals > FIRST_STAGE


def test_one_strategy_stops_at_its_own_net_benefit():
    """There is no increment."""
    model = model_of(screening(), {"screening": {"screened": 1}})
    wide = Z95 * run(model, Simulation(FIRST_STAGE)).simulation.of_net_benefit("qaly", 20000, 0)[0]
    found = run(model, Simulation(10**6, 1, wide / 2)).simulation
    assert Z95 * found.of_net_benefit("qaly", 20000, 0)[0] <= wide / 2
    assert FIRST_STAGE < found.individuals < 6 * FIRST_STAGE


def test_a_precision_is_for_one_draw(model):
    """Over draws each has its own error: refused."""
    with pytest.raises(nbsmodel.InputError, match="precision"):
        run(model, Simulation(1000, 1, 1.0), {"h_ill": np.array([0.1, 0.2])})


# --- nested runs -----------------------------------------------------------------------------

#: A child's net benefit at 20,000 is 3x - x - theta, x uniform on (-1, 1).
TOY = one_cohort(
    {
        "cycles": {"length": "1 year", "count": 1},
        "states": {"living": {}},
        "payoffs": [
            {"starting_in": "living", "outcome": "cost", "value": "lever * (theta + x)"},
            {"starting_in": "living", "outcome": "qaly", "value": "lever * 3 * x / 20000"},
        ],
    }
) | {"attributes": {"x": {"distribution": "uniform(low=-1, high=1)"}}}
WITHIN = 4 / 3  # variance of 2x
KURTOSIS = 1.8


@pytest.fixture(scope="module")
def toy():
    return model_of(TOY, {"none": {"lever": 0}, "some": {"lever": 1}}, {"theta": 5.0})


def split(toy, draws, children, spread):
    """Decomposition of the incremental net benefit, its draws of theta having this standard deviation."""
    theta = 5 + spread * np.random.default_rng(7).standard_normal(draws)
    result = simulated(toy, children, draws={"theta": theta})
    weights = result.simulation.net_benefit_weights("qaly", 20000, 1, 0)
    means = np.diff(20000 * result.by_strategy("qaly") - result.by_strategy("cost"))[:, 0]
    return decompose("INMB", means, result.simulation, weights), theta


@pytest.mark.parametrize(("children", "spread"), [(20, 0.3), (200, 0.3), (5, 0.05)])
def test_both_parts_of_the_variance_are_found(toy, children, spread):
    """Within four standard errors: of the mean of sample variances, and of the variance of the draws' means."""
    draws = 3000
    found, _ = split(toy, draws, children, spread)
    simulation = WITHIN / children
    relative = np.sqrt((2 / (children - 1) + (KURTOSIS - 3) / children) / draws)
    assert abs(found.simulation / simulation - 1) < 4 * relative
    total = spread**2 + simulation
    assert abs(found.total / total - 1) < 4 * np.sqrt(2 / draws)
    assert abs(found.parameters - spread**2) < 4 * (np.sqrt(2 / draws) * total + relative * simulation)
    assert found.noise == pytest.approx(simulation / total, rel=0.15)
    assert (found.quantity, found.individuals) == ("INMB", children)


def test_advice_is_right_when_it_is_taken(toy):
    """As many children as it says for a noise of 5%: the next run has that."""
    found, _ = split(toy, 3000, 20, 0.3)
    n = found.individuals_for(0.05)
    assert n == pytest.approx(WITHIN * 0.95 / (0.05 * 0.3**2), rel=0.15)
    again, _ = split(toy, 3000, int(n), 0.3)
    assert again.noise == pytest.approx(0.05, rel=0.15)


def test_without_parameter_uncertainty_all_is_noise(toy):
    """The estimate of what remains is never negative, and no number of children gives it a share."""
    found, _ = split(toy, 50, 50, 0.0)
    assert found.total == pytest.approx(found.simulation, rel=4 * np.sqrt(2 / 50))
    assert found.parameters >= 0
    nothing = Decomposition("x", 1.0, 1.5, 10)
    assert nothing.parameters == 0
    assert nothing.individuals_for(0.1) == nothing.worthwhile == float("inf")
    still = Decomposition("x", 0.0, 0.0, 10)
    assert still.noise == 0


def test_one_draw_has_no_variance(toy):
    """Nothing to divide by."""
    result = simulated(toy, 100, draws={"theta": np.array([5.0])})
    weights = result.simulation.net_benefit_weights("qaly", 20000, 1, 0)
    assert decompose("INMB", [1.0], result.simulation, weights).total == 0


def test_individuals_for_gives_the_share_of_noise():
    """The smallest number of children that does: within = 60, parameters 4, so 60 / n is a tenth of all at n = 135."""
    found = Decomposition("x", 10.0, 6.0, 10)
    assert found.parameters == 4
    assert found.individuals_for(0.1) == 135
    shares = {n: 60 / n / (60 / n + 4) for n in (134, 135)}
    assert shares[134] > 0.1 >= shares[135]


@pytest.mark.parametrize(("within", "between"), [(60.0, 4.0), (3.0, 1.0), (500.0, 0.7)])
def test_worthwhile_makes_the_best_of_a_fixed_number_of_children(within, between):
    """The variance of the estimated parameters' variance, for normal values and many draws, over all numbers.

    2 (P + W/n)^2 / D of the variance of means, 2 (W/n)^2 / ((n - 1) D) of its correction, with n D children.
    """
    n = np.arange(2, 5000)
    variance = n * (2 * (between + within / n) ** 2 + 2 * (within / n) ** 2 / (n - 1))
    best = n[np.argmin(variance)]
    found = Decomposition("x", between + within / 10, within / 10, 10).worthwhile
    assert abs(found - best) <= 1
    assert found == np.ceil(1 + within / between)
