"""The Dutch SCID model against hand calculation, closed forms and what the papers print."""

from itertools import product
from pathlib import Path

import pytest

import nbsmodel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.report.assumptions import assumption_items

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "models" / "scid" / "netherlands"
CONFIG = ROOT / "configs" / "scid" / "netherlands.yaml"
PER = 100_000
SCREENING = ("screening_2019", "trec_6", "trec_10", "new_algorithm")
REFERRED = {"no_screening": 0, "screening_2019": 7.1, "trec_6": 25.2, "trec_10": 40.1, "new_algorithm": 21.2}
EARLY, LATE = 0.94 * 0.92, 0.78 * 0.80


@pytest.fixture(scope="module")
def model():
    return nbsmodel.load_model(FOLDER)


def total(model, outcome, strategy, **given):
    return PER * nbsmodel.evaluate(model, **given).total(outcome, strategy)[0]


def gain(model, **given):
    result = nbsmodel.evaluate(model, **given)
    return PER * (result.total("qaly", "trec_6") - result.total("qaly", "no_screening"))[0]


def hand_gain(good, medium, poor):
    """QALYs gained per 100,000 for the discounted life-years of the three levels of health."""
    early = 0.80 * 0.95 * good + 0.15 * 0.75 * medium + 0.05 * 0.5 * poor
    late = 0.50 * 0.95 * good + 0.30 * 0.75 * medium + 0.20 * 0.5 * poor
    return 1.72 * 0.8 * (EARLY * early - LATE * late)


def annuity(rate, years, timing):
    """Present value of 1 a year, year by year."""
    shift = {"year_end": 1.0, "year_start": 0.0, "mid_year": 0.5}[timing]
    return sum((1 + rate) ** -(year + shift) for year in range(years))


def test_deaths(model):
    late_arm = 1.72 * (0.2 * (1 - EARLY) + 0.8 * (1 - LATE))
    assert late_arm == pytest.approx(0.564, abs=0.0005)
    assert total(model, "scid_deaths", "no_screening") == pytest.approx(late_arm, rel=1e-12)
    for strategy in SCREENING:
        assert total(model, "scid_deaths", strategy) == pytest.approx(1.72 * 0.1352, rel=1e-12)
    assert late_arm == pytest.approx(0.57, abs=0.01)
    assert round(late_arm, 2) != 0.57  # only 1 in 58,000, the other form of the same row, rounds to it
    other = total(model, "scid_deaths", "no_screening", choices={"incidence": "one_in_58000"})
    assert round(other, 2) == 0.57


def test_qalys_with_printed_lives(model):
    assert gain(model) == pytest.approx(hand_gain(40.8, 30.3, 21.4), rel=1e-12)
    assert gain(model) == pytest.approx(17.26, abs=0.005)


@pytest.mark.parametrize("timing", ["year_end", "year_start", "mid_year"])
@pytest.mark.parametrize("rate", [0.015, 0.03, 0.035, 0.04])
def test_qalys_with_annuities(model, rate, timing):
    ours = gain(
        model, choices={"discounted_lives": "annuities", "annuity_counting": timing}, overrides={"rate_annuity": rate}
    )
    assert ours == pytest.approx(hand_gain(*(annuity(rate, n, timing) for n in (65, 40, 25))), rel=1e-12)


def test_three_percent_at_the_end_of_the_year_was_picked_as_the_nearest():
    every = {
        (rate, timing): hand_gain(*(annuity(rate, n, timing) for n in (65, 40, 25)))
        for rate, timing in product((0.015, 0.03, 0.035, 0.04), ("year_end", "year_start", "mid_year"))
    }
    assert min(every.values()) == pytest.approx(9.4, abs=0.05)
    assert max(every.values()) == pytest.approx(17.9, abs=0.05)
    nearest = min(every, key=lambda key: abs(every[key] - 11.7))
    assert nearest == (0.03, "year_end")
    assert every[nearest] == pytest.approx(11.78, abs=0.005)


def test_printed_totals_of_2019_are_per_100000():
    assert 390_800 / 33_400 == pytest.approx(11.70, abs=0.005)


def test_referred_children(model):
    result = nbsmodel.evaluate(model)
    found = PER * result.class_probability("incidental")[0]
    assert dict(zip(result.strategies, found, strict=True)) == pytest.approx(REFERRED, rel=1e-12)


@pytest.mark.parametrize(("option", "each"), [("implied", 3240), ("lowest", 985), ("highest", 8561)])
def test_costs_are_tests_and_referrals(model, option, each):
    for strategy, referred in REFERRED.items():
        expected = (636_000 if strategy != "no_screening" else 0) + referred * each
        assert total(model, "cost", strategy, choices={"referral_cost": option}) == pytest.approx(expected, rel=1e-12)


def ratio_difference(model, **given):
    result = nbsmodel.evaluate(model, **given)
    gained = (result.total("qaly", "trec_6") - result.total("qaly", "no_screening"))[0]
    return (result.total("cost", "trec_10") - result.total("cost", "trec_6"))[0] / gained


def test_difference_between_the_cut_offs_is_referrals(model):
    ours = ratio_difference(model)
    assert ours == pytest.approx(14.9 * 3240 / hand_gain(40.8, 30.3, 21.4), rel=1e-9)
    assert ours == pytest.approx(2800, abs=5)
    # whatever the test costs
    assert ratio_difference(model, overrides={"c_test": 20}) == pytest.approx(ours, rel=1e-9)
    # and the printed range of diagnostics has room for it
    low, high = (ratio_difference(model, choices={"referral_cost": c}) for c in ("lowest", "highest"))
    assert low < 2800 < high


def test_what_the_papers_say_in_words(model):
    cost = {s: total(model, "cost", s) for s in SCREENING}
    assert cost["new_algorithm"] < cost["trec_6"] < cost["trec_10"]  # fewer referrals are favourable
    assert cost["screening_2019"] < min(cost[s] for s in SCREENING[1:])  # data cost more than what was assumed


def test_treatment_is_not_counted_and_says_so(model):
    rows = model.parameters.rows
    for name in ("c_treatment_early", "c_treatment_late"):
        assert (rows[name].value, rows[name].status) == (0, "placeholder")
    items = {i.name: i.status for i in assumption_items(load_scenario(CONFIG))}
    assert items["c_treatment_early"] == items["c_treatment_late"] == "placeholder"
    assert items["c_referral_implied"] == items["rate_annuity"] == "calibrated"
    # given a cost, it enters for those who live to be treated
    prices = {"c_treatment_early": 90_000.0, "c_treatment_late": 200_000.0}
    base, paid = nbsmodel.evaluate(model), nbsmodel.evaluate(model, overrides=prices)
    change = PER * (
        (paid.total("cost", "trec_6") - paid.total("cost", "no_screening"))
        - (base.total("cost", "trec_6") - base.total("cost", "no_screening"))
    )
    assert change[0] == pytest.approx(1.72 * 0.8 * (0.94 * 90_000 - 0.78 * 200_000), rel=1e-9)


@pytest.mark.parametrize(("sensitivity", "deaths"), [(1.0, 0.2325), (0.99, 0.2359), (0.0, 0.5639)])
def test_sensitivity(model, sensitivity, deaths):
    ours = total(model, "scid_deaths", "trec_6", overrides={"p_sensitivity": sensitivity})
    assert ours == pytest.approx(deaths, abs=0.00005)


def test_discount_settings_change_nothing(model):
    given = {"discount_rate_costs": 0.04, "discount_rate_outcomes": 0.015, "discount_timing": "end"}
    for outcome, strategy in product(("cost", "qaly"), ("no_screening", "trec_10")):
        assert total(model, outcome, strategy, settings=given) == total(model, outcome, strategy)


def test_no_uncertainty_is_invented(model):
    assert not [p.name for p in model.parameters.rows.values() if p.uncertain]


def test_published(model):
    table = nbsmodel.reproduce(FOLDER).set_index("quantity")
    assert not table["verdict"].str.startswith("differs").any()
    fitted = table[table["reason"].str.contains("solved|picked")]
    assert len(fitted) == 2
    assert set(fitted["verdict"]) == {"calibrated"}
    ratios = table[
        table.index.str.startswith("Ratio, ")
        | table.index.str.startswith("Ratio at TREC") & ~table.index.str.contains("less")
    ]
    assert len(ratios) == 3
    assert set(ratios["verdict"]) == {"benchmark: inputs not public"}


def test_configs_run(tmp_path):
    for name in ("netherlands", "netherlands_annuities"):
        tables = nbsmodel.run(ROOT / "configs" / "scid" / f"{name}.yaml", write=False).tables
        cea = tables["cea"].set_index("strategy")
        expected = 17.26 if name == "netherlands" else 11.78
        assert PER * (cea.loc["trec_6", "qaly"] - cea.loc["no_screening", "qaly"]) == pytest.approx(expected, abs=0.005)
