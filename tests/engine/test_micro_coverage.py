"""A reported 95% interval covers the exact value in about 95 of 100 runs."""

from functools import cache

import numpy as np
import pytest
from micro_models import Z95, shipped

import nbsmodel
from nbsmodel.config.scenario import make_settings
from nbsmodel.engine.microsimulation import make_walks, simulate
from nbsmodel.engine.simulation import Simulation
from nbsmodel.engine.timegrid import time_grid

SEEDS = 200
RUNS = {"krijkamp_simple": 2000, "models/sma/uk": 5000}


@cache
def results(name):
    """Exact result, and one for each seed."""
    model = shipped(name)
    settings = make_settings(model, {})
    grids = {cohort: time_grid(c, settings.horizon) for cohort, c in model.cohorts.items()}
    walks = make_walks(model, settings, grids, {})
    runs = [
        simulate(model, None, settings, Simulation(RUNS[name], seed), base={}, options={}, walks=walks)
        for seed in range(SEEDS)
    ]
    return nbsmodel.evaluate(model), runs


def coverage(name, value, error):
    """Share of runs whose interval holds the exact value, and the scores."""
    exact, runs = results(name)
    z = np.array([(value(run) - value(exact)) / error(run.simulation) for run in runs])
    return np.mean(np.abs(z) <= Z95), z


def net_benefit(result, threshold):
    return np.diff(threshold * result.by_strategy("qaly")[0] - result.by_strategy("cost")[0])[0]


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("quantity", ["cost", "qaly", "net benefit", "mean cost", "mean qaly"])
def test_coverage(name, quantity):
    """Between 90% and 99% of 200 seeds, for increments with the same luck in both arms, and for means."""
    outcome = quantity.split()[-1]
    if quantity == "net benefit":
        threshold = results(name)[0].settings.thresholds[0]
        share, z = coverage(
            name, lambda r: net_benefit(r, threshold), lambda e: e.of_net_benefit("qaly", threshold, 1, 0)[0]
        )
    elif quantity.startswith("mean"):
        share, z = coverage(name, lambda r: r.by_strategy(outcome)[0, 0], lambda e: e.of_mean(outcome, 0)[0])
    else:
        share, z = coverage(
            name, lambda r: np.diff(r.by_strategy(outcome)[0])[0], lambda e: e.of_increment(outcome, 1)[0]
        )
    assert 0.90 <= share <= 0.99
    assert abs(z.mean()) < 4 / np.sqrt(SEEDS)
