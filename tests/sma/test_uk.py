"""The UK model: what must hold whatever the inputs are worth."""

from pathlib import Path

import numpy as np
import pytest

import nbsmodel
from nbsmodel.config.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / "configs" / "sma"


@pytest.fixture(scope="module")
def model():
    return nbsmodel.load_model(ROOT / "models" / "sma" / "uk")


@pytest.fixture(scope="module")
def base(model):
    return nbsmodel.evaluate(model)


def increments(result):
    cost, qaly = result.by_strategy("cost")[0], result.by_strategy("qaly")[0]
    return cost[1] - cost[0], qaly[1] - qaly[0]


def scenario(name):
    return nbsmodel.run(CONFIGS / f"{name}.yaml", write=False)


def test_detected_cases_are_births_times_prevalence_times_sensitivity(base):
    births = 585_195
    found = base.class_probability("true_positive")[0, 1] * births
    assert found == pytest.approx(585_195 * 1e-4 * 0.96, rel=1e-12)
    assert round(found, 2) == 56.18
    assert base.births[0] == births


def test_every_birth_has_one_class_in_every_draw(model):
    draws = model.parameters.draws(200, seed=0)
    result = nbsmodel.evaluate(model, draws)
    classes = ("true_positive", "false_negative", "false_positive", "true_negative", "not_screened")
    total = sum(result.class_probability(c) for c in classes)
    assert np.allclose(total, 1.0, rtol=0, atol=1e-12)


def test_both_arms_have_the_same_affected_children(base):
    cases = base.case_probability()[0]
    assert cases[0] == pytest.approx(cases[1], rel=1e-12)


def test_no_uptake_is_no_screening(model):
    cost, qaly = increments(nbsmodel.evaluate(model, overrides={"p_uptake": 0.0}))
    assert cost == pytest.approx(0, abs=1e-9)
    assert qaly == pytest.approx(0, abs=1e-15)


def test_useless_test_adds_only_its_price(model):
    result = nbsmodel.evaluate(model, overrides={"p_deletion": 0.0})
    cost, qaly = increments(result)
    assert cost == pytest.approx(5.0, rel=1e-9)
    assert qaly == pytest.approx(0, abs=1e-15)


def test_price_of_the_test_moves_cost_by_tests_done(model, base):
    dearer = nbsmodel.evaluate(model, overrides={"c_test": 6.0})
    assert increments(dearer)[0] - increments(base)[0] == pytest.approx(1.0, rel=1e-9)
    assert increments(dearer)[1] == increments(base)[1]


def test_no_affected_births_no_benefit(model):
    result = nbsmodel.evaluate(model, overrides={"p_birth_prevalence": 0.0})
    assert increments(result)[1] == 0.0
    assert increments(result)[0] == pytest.approx(5.0, rel=1e-12)


def test_births_scale_totals_and_leave_the_ratio(model):
    one, two = nbsmodel.evaluate(model), nbsmodel.evaluate(model, overrides={"births": 2 * 585_195})
    assert two.births[0] == 2 * one.births[0]
    assert increments(one) == increments(two)


def test_discount_on_a_drug_is_linear(model):
    def cost(discount):
        return nbsmodel.evaluate(model, overrides={"discount_onasemnogene": discount}).by_strategy("cost")[0]

    assert np.allclose(cost(0.5), (cost(0.0) + cost(1.0)) / 2, rtol=1e-12)


def test_waning_lowers_benefit_and_more_so_the_earlier_it_begins():
    gains = [increments(scenario(n).result)[1] for n in ("uk_base_case", "uk_benefit_wanes_10y", "uk_benefit_wanes_5y")]
    assert gains[0] > gains[1] > gains[2] > 0


def test_sma_births_at_1_in_14000_scale_the_benefit():
    base, rarer = scenario("uk_base_case").result, scenario("uk_incidence_14000").result
    assert increments(rarer)[1] / increments(base)[1] == pytest.approx(10 / 14, rel=1e-9)


def test_lower_discount_rate_raises_the_gain_and_is_a_departure():
    output = scenario("uk_discount_1_5")
    assert increments(output.result)[1] > increments(scenario("uk_base_case").result)[1]
    assert {d[0] for d in output.scenario.departures()} == {"discount_rate_costs", "discount_rate_outcomes"}


def test_qalys_never_exceed_life_years_and_walkers_follow_the_life_table(model):
    result = nbsmodel.evaluate(model, keep_trace=True, settings={"discount_rate_outcomes": 0})
    assert np.all(result.by_strategy("qaly") <= result.by_strategy("life_years"))
    trace = result.trace("course")[0]
    walking = result.states("course").index("walking")
    survivors = trace[:, :, walking] / trace[:, :1, walking]
    qx = model.tables["qx"](np.arange(100.0))
    alive = np.concatenate([[1.0], np.cumprod(1 - qx)])
    yearly = [0, 2, 4, 6, *range(7, 104)]  # rows at whole years: half-year cycles to age 3
    assert np.allclose(survivors[0][yearly], alive, rtol=1e-10)


def test_clinical_splits_beside_the_registry(model):
    """Type 1 half sitting, type 2 sitting, type 3 walking at the clinical split: close to SMARTCARE."""
    values = nbsmodel.evaluate(model).values
    type_1, type_2, type_3 = 0.58, 0.29, 0.13
    sit, pv = float(values["share_sit_type_1"]), float(values["share_pv_type_1"])
    ours = np.array([type_1 * (1 - sit), type_1 * sit + type_2, type_3])
    registry = np.array([49, 113, 28]) / 190
    assert pv < 0.2
    assert np.all(np.abs(ours - registry) < 0.05)


#: Run whole by test_uk_uncertainty and test_scenarios, which take their time.
WHOLE = ("uk_uncertainty", "uk_ise_prices", "uk_scenarios")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_config_runs(path):
    """With fewer draws than it asks for: what they say is tested elsewhere."""
    drawn = load_scenario(path).analyses.psa is not None
    fewer = ["analyses=null"] if path.stem in WHOLE else ["analyses.psa.draws=1000"] if drawn else []
    output = nbsmodel.run(path, sets=fewer, write=False)
    assert np.isfinite(output.tables["cea"][["cost", "qaly"]].to_numpy()).all()


def test_drugs_are_paid_for_the_living_only(model):
    """Gene therapy after symptoms: price times those alive, between survival at 6 and at 12 months."""
    result = nbsmodel.evaluate(
        model,
        settings={"discount_rate_costs": 0},
        overrides={"share_onasemnogene_type_1": 1.0, "c_onasemnogene_administration_euro": 0.0},
        keep_trace=True,
    )
    paid = result.total("cost", "no_screening", component="onasemnogene")[0]
    price, prevalence = 1_795_000, 1e-4
    type_1 = float(result.values["p_type_1"]) * prevalence
    assert paid < price * type_1
    everybody_died_first = nbsmodel.evaluate(
        model,
        settings={"discount_rate_costs": 0},
        overrides={"share_onasemnogene_type_1": 1.0, "die_not_sitting": 1e6, "die_sitting": 1e6, "die_ventilated": 1e6},
    )
    dead = everybody_died_first.total("cost", "no_screening", component="onasemnogene")[0]
    assert dead == pytest.approx(0, abs=1e-9 * paid)
