"""Net benefit of sampling, by hand."""

import math

import numpy as np
import pytest

from nbsmodel.analysis.net_benefit_of_sampling import Study, net_benefit_of_sampling

STRATEGIES = ("none", "old", "new")
INCREMENTS = np.array([0.0, 2.0, 5.0])  # the third is best


def of(study, evsi=1.5, births=1000.0, decision=2):
    return net_benefit_of_sampling(evsi, INCREMENTS, study.waiting(STRATEGIES, 0, decision), study, births)


def test_births_meanwhile_get_the_comparator():
    found = of(Study(2, during=1.9, after=6.0, cost=400.0))
    assert found.delay_cost == pytest.approx(1.9 * 1000 * 5)
    assert found.net_benefit == pytest.approx(6 * 1000 * 1.5 - 400 - 9500)


def test_births_meanwhile_get_a_mixture():
    found = of(Study(2, during=1.9, after=6.0, cost=400.0, meanwhile={"new": 0.6, "old": 0.3}))
    assert found.delay_cost == pytest.approx(1.9 * 1000 * (5 - 0.6 * 5 - 0.3 * 2))


def test_nothing_is_lost_where_all_get_the_best_meanwhile():
    assert of(Study(2, 1.9, 6.0, 0.0, {"new": 1.0})).delay_cost == pytest.approx(0, abs=1e-9)
    assert of(Study(2, 1.9, 6.0, 0.0), decision=0).delay_cost == 0


def test_a_worse_strategy_meanwhile_costs_something():
    """The comparator is best now; a study that gives the new strategy to half of the births loses by it."""
    waiting = Study(1, 1.0, 5.0, 0.0, {"new": 0.5}).waiting(STRATEGIES, 0, 0)
    assert net_benefit_of_sampling(0.0, -INCREMENTS, waiting, Study(1, 1.0, 5.0, 0.0), 10).delay_cost == 25


def test_a_study_without_a_stated_cost_has_no_net_benefit():
    found = of(Study(2, 1.9, 6.0))
    assert math.isnan(found.net_benefit)
    assert found.delay_cost == pytest.approx(9500)


def test_weights_of_what_is_lost_add_up_to_nothing():
    for decision in range(3):
        waiting = Study(1, 1, 1, 0, {"old": 0.25}).waiting(STRATEGIES, 0, decision)
        assert waiting.sum() == pytest.approx(0)
        assert waiting[decision] > 0
