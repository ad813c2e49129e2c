"""Probabilistic analyses of published teaching models, through the whole run."""

from functools import cache

import numpy as np
import pytest
from oracle import MODELS, load

import nbsmodel

#: DARTH cohort tutorial (time-independent): distributions and what its text says of the curves.
SHARES = {"r_HD": 20 / 10_000, "r_HS1": 30 / 200, "r_S1S2": 84 / 800, "c_H": 100 * 20, "u_S2": 0.5, "u_trtA": 300 / 315}
#: Exercise 4.7 of Briggs, Claxton and Sculpher (2006): 1,000 runs; mean, standard error, 95% interval.
BRIGGS = {
    ("mono", "cost"): (45_924, 613, 22_627, 98_857),
    ("comb", "cost"): (51_759, 595, 28_714, 103_447),
    ("mono", "life_years"): (8.488, 0.0065, 8.08, 8.89),
    ("comb", "life_years"): (9.413, 0.0084, 8.87, 9.93),
}


@cache
def made(name, *sets):
    return nbsmodel.run(MODELS / name, ["analyses.psa.draws=4000", *sets], write=False)


def test_sick_sicker_curves_say_what_the_source_says():
    """Below about 80,000 a QALY usual care is most probably cost-effective and best on average."""
    output = made("sick_sicker_timeindep", "analyses.psa.ceac_to=200000", "settings.thresholds=[50000, 100000]")
    for name, mean in SHARES.items():
        drawn = output.psa.draws[name]
        assert drawn.mean() == pytest.approx(mean, abs=4 * drawn.std() / 4000**0.5)
    table = output.tables["ceac"]
    usual = table[table["strategy"] == output.result.model.comparator].set_index("threshold")
    best = table.loc[table.groupby("threshold")["probability"].idxmax()].set_index("threshold")["strategy"]
    low = usual.index[usual.index <= 70_000]
    assert (best[low] == output.result.model.comparator).all() and usual.loc[low, "frontier"].all()
    high = usual.index[usual.index >= 90_000]
    assert not usual.loc[high, "frontier"].any()
    switch = usual.index[~usual["frontier"]].min()
    assert 70_000 < switch < 90_000


def test_restricted_life_expectancy_over_draws():
    """DARTH time-dependent tutorial: 40.8 (38.4 to 43.6) over 1,000 draws; 40.70 at base values."""
    model = load("sick_sicker_agedep")
    n = 4000
    result = nbsmodel.evaluate(model, model.parameters.draws(n, seed=1), keep_trace=True)
    (cohort,) = result.traces
    dead = [i for i, state in enumerate(model.cohorts[cohort].states) if state.dead]
    usual = result.strategies.index(model.comparator)
    alive = 1 - result.trace(cohort)[:, usual][..., dead].sum(axis=-1)
    years = alive[:, :76].sum(axis=1)  # cycles 0 to 75
    error = years.std(ddof=1) * (1 / n + 1 / 1000) ** 0.5
    assert years.mean() == pytest.approx(40.8, abs=4 * error + 0.05)
    low, high = np.quantile(years, [0.025, 0.975])
    assert (low, high) == pytest.approx((38.4, 43.6), rel=0.01)


@pytest.mark.parametrize("strategy, outcome", BRIGGS)
def test_hiv_lamivudine_over_draws(strategy, outcome):
    mean, error, low, high = BRIGGS[strategy, outcome]
    halves = "settings.within_cycle_correction={default: end, life_years: life_table}"
    table = made("hiv_lamivudine", halves).tables["psa_summary"]
    (row,) = table[
        (table["strategy"] == strategy) & (table["against"] == "") & (table["quantity"] == outcome)
        & (table["per"] == "patient")
    ].to_dict("records")  # fmt: skip
    assert row["mean"] == pytest.approx(mean, abs=4 * (error**2 + row["se"] ** 2) ** 0.5)
    near = 0.1 if outcome == "cost" else 0.01  # tails of 1,000 skewed runs
    assert row["low95"] == pytest.approx(low, rel=near) and row["high95"] == pytest.approx(high, rel=near)
