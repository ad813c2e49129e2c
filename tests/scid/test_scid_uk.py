"""The UK model of SCID screening: calibration, ridge, arithmetic by hand, counts, thresholds, scenarios."""

from pathlib import Path

import numpy as np
import pytest

import nbsmodel
from nbsmodel.config.scenario import load_scenario, make_settings
from nbsmodel.engine.evaluate import evaluate
from nbsmodel.errors import InputError
from nbsmodel.model.yamlfile import read_yaml
from nbsmodel.run.calibrate import calibrate
from nbsmodel.run.published import load_published
from nbsmodel.run.reproduce import reproduce
from nbsmodel.run.run import evaluate_scenario
from nbsmodel.run.validate import validate

ROOT = Path(__file__).resolve().parents[2]
MODEL, CONFIGS = ROOT / "models" / "scid" / "uk", ROOT / "configs" / "scid"
BIRTHS, CASES, FAMILY = 780_835, 17, 0.3
WITHOUT, WITH = "no_screening", "screening"

# Section "other solutions" of the README: births with SCID 1 in ..., mortality early and late that meet 8.1 and 1.7
RIDGE = {
    40_000: (0.087, 0.555), 43_000: (0.094, 0.597), 45_000: (0.098, 0.625), 46_000: (0.100, 0.639),
    47_000: (0.102, 0.653), 49_000: (0.107, 0.680), 52_000: (0.113, 0.722), 58_000: (0.126, 0.805),
}  # fmt: skip


@pytest.fixture(scope="module")
def base():
    return load_scenario(CONFIGS / "uk_base_case.yaml")


@pytest.fixture(scope="module")
def result(base):
    return evaluate_scenario(base)


@pytest.fixture(scope="module")
def calibrated():
    return calibrate(MODEL, write=False)


def at(base, perspectives=("health_system",), options=None, **columns):
    """Results over values of parameters, each an array."""
    settings = make_settings(base.model, {"perspectives": list(perspectives)})
    draws = {name: np.asarray(values, dtype=float) for name, values in columns.items()}
    return evaluate(base.model, draws, settings, options=options or {})


def increments(result):
    cost, qaly = (result.total(o, WITH) - result.total(o, WITHOUT) for o in ("cost", "qaly"))
    return cost, qaly


def icer(result):
    cost, qaly = increments(result)
    return cost / qaly


def value(base, name):
    return base.model.parameters.rows[name].value


# --- calibrated to the abstract: a regression test, not a validation


def test_the_abstract_is_met_because_the_model_was_calibrated_to_it(result):
    assert BIRTHS * result.total("deaths", WITHOUT)[0] == pytest.approx(8.1, abs=0.001)
    assert BIRTHS * result.total("deaths", WITH)[0] == pytest.approx(1.7, abs=0.001)
    assert icer(result)[0] == pytest.approx(18_222, abs=0.5)


def test_no_published_figure_is_claimed_to_be_reproduced(base):
    kinds = {target.quantity: target.kind for target in load_published(base.model).results}
    assert set(kinds.values()) == {"calibrated", "benchmark"}
    assert sum(kind == "calibrated" for kind in kinds.values()) == 3
    table = reproduce(MODEL)
    assert not table["verdict"].str.contains("exact|within|differs").any()
    for row in table[table["verdict"] == "calibrated"].to_dict("records"):
        assert row["ours"] == pytest.approx(row["published"], rel=1e-4)


def test_parameters_hold_what_the_command_gives(calibrated):
    """Stale when an input has changed since the calibration: run it again and copy the values."""
    assert calibrated.met
    table = calibrated.tables["calibration"]
    assert table["start"].tolist() == pytest.approx(table["fitted"].tolist(), rel=1e-5)
    assert not table["ridge"].any()
    assert (table["low"] == table["high"]).all()  # one solution once N and family history are fixed
    rows = load_scenario(MODEL).model.parameters.rows
    assert {rows[name].status for name in table["parameter"]} == {"calibrated"}


def test_the_profile_over_incidence_is_the_ridge(calibrated):
    """All of these fit as well: two numbers of deaths cannot tell incidence from mortality."""
    table = calibrated.tables["calibration_profile"]
    table = table[table["fixed"] == "p_scid"]
    assert table["targets_met"].all()
    by = table.pivot_table(index="at", columns="parameter", values="fitted")
    for one_in, (early, late) in RIDGE.items():
        row = by.loc[1 / one_in]
        assert (row["m_early"], row["m_late"]) == pytest.approx((early, late), abs=0.0006)
    assert by["n_residual_found"].is_monotonic_increasing  # fewer cases leave more to be explained
    assert (by["n_residual_found"] < 0).all()


@pytest.mark.parametrize("one_in", [40_000, 58_000])
def test_scenarios_of_other_solutions_are_of_the_profile(calibrated, one_in):
    table = calibrated.tables["calibration_profile"]
    table = table[(table["fixed"] == "p_scid") & np.isclose(table["at"], 1 / one_in, rtol=1e-12)]
    scenario = load_scenario(CONFIGS / f"uk_fits_{one_in}.yaml")
    for row in table.to_dict("records"):
        assert scenario.overrides[row["parameter"]] == pytest.approx(row["fitted"], rel=1e-5)
    assert icer(evaluate_scenario(scenario))[0] == pytest.approx(18_222, abs=1)


def test_spread_of_expected_deaths_beside_the_published_intervals(base):
    """8.1 (5 to 12) and 1.7 (0.6 to 4.0): the spread was chosen to look like them, so this is no validation."""
    drawn = base.model.parameters.draws(4_000, seed=3)
    result = evaluate(base.model, drawn)
    for strategy, mean, (low, high), off in ((WITHOUT, 8.1, (5, 12), 0.8), (WITH, 1.7, (0.6, 4.0), 0.7)):
        deaths = BIRTHS * result.total("deaths", strategy)
        assert deaths.mean() == pytest.approx(mean, abs=0.1)
        ends = np.quantile(deaths, [0.025, 0.975])
        assert ends == pytest.approx([low, high], abs=off)
        assert low <= ends[0]
        assert ends[1] <= high


# --- arithmetic by hand


@pytest.mark.parametrize(("m_early", "m_late", "cases", "family"), [(0.1, 0.65, 17, 0.3), (0.13, 0.376, 13.5, 0.2)])
def test_deaths_by_hand(base, m_early, m_late, cases, family):
    found = 1 - value(base, "p_repeat_card") ** 2  # a card spoilt twice leaves a baby untested
    result = at(base, m_early=[m_early], m_late=[m_late], p_scid=[cases / BIRTHS], p_family_history=[family])
    without = cases * (family * m_early + (1 - family) * m_late)
    screened = cases * ((family + (1 - family) * found) * m_early + (1 - family) * (1 - found) * m_late)
    assert BIRTHS * result.total("deaths", WITHOUT)[0] == pytest.approx(without, rel=1e-12)
    assert BIRTHS * result.total("deaths", WITH)[0] == pytest.approx(screened, rel=1e-12)


def test_deaths_before_and_after_transplant_stand_apart(base):
    """With the Dutch totals the Dutch steps come back: 22% before, then 20%; 6% before, then 8%."""
    result = at(base, m_late=[0.376], m_early=[0.1352])
    cases, early = CASES, CASES * FAMILY
    late = cases - early
    deaths = {
        part: BIRTHS * result.total("deaths", WITHOUT, component=f"{part} transplant")[0]
        for part in ("before", "after")
    }
    assert deaths["before"] == pytest.approx(late * 0.22 + early * 0.06, rel=1e-12)
    assert deaths["after"] == pytest.approx(late * 0.78 * 0.20 + early * 0.94 * 0.08, rel=1e-12)
    assert BIRTHS * result.total("transplants", WITHOUT)[0] == pytest.approx(late * 0.78 + early * 0.94, rel=1e-12)


def test_qalys_are_those_of_deaths_averted(base, result):
    """Every survivor has the life table and the norm: QALYs gained are deaths averted times one life."""
    averted = result.total("deaths", WITHOUT)[0] - result.total("deaths", WITH)[0]
    life = increments(result)[1][0] / averted
    years = (result.total("life_years", WITH) - result.total("life_years", WITHOUT))[0] / averted
    assert years == pytest.approx(26.9, abs=0.1)
    assert life == pytest.approx(0.95 * 24.5, rel=0.01)


def test_incremental_cost_by_hand(base, result):
    """Discounted at 3.5% from the days each is paid; euros at 0.85 and brought to 2016/17."""
    index = {2010: 72.894783, 2015: 77.524087, 2016: 79.144341, 2021: 0.0}
    table = (ROOT / "src/nbsmodel/reference/nhs_cost_indices.csv").read_text().splitlines()
    rows = [line.split(",") for line in table if not line.startswith("#")]
    column = rows[0].index("chain_hchs_nhscii_pay_prices_2025")
    index[2021] = next(float(r[column]) for r in rows[1:] if r[0] == "2021")

    def euros(amount, year):
        return amount * 0.85 * index[2016] / index[year]

    def when(years):
        return 1.035**-years

    repeat = value(base, "p_repeat_card")
    untested_known = CASES * FAMILY  # those known are not tested
    tested = BIRTHS - untested_known
    early, late = value(base, "m_early"), value(base, "m_late")
    found = CASES * (1 - FAMILY) * (1 - repeat**2)
    reach_early, reach_late = 1 - early * 0.06 / 0.1352, 1 - late * 0.22 / 0.376
    test = tested * 3.5 * when(5 / 365.25) * (1 + repeat) + tested * repeat * 20 * when(5 / 365.25)
    healthy, other, scid = (euros(x, 2021) for x in (985, 3240, 8561))
    flow_at, early_at, late_at = 6 * 7 / 365.25, 3.5 / 12, 6 / 12
    result_share = 1 - repeat**2
    second = BIRTHS * 561 / 485_912 * result_share
    tcl = BIRTHS * (1 / 15_300 - 50 / 3_252_156) * result_share
    others = BIRTHS - CASES - tcl / result_share - second / result_share
    alarms = others * 0.0004 * result_share + second * 0.05
    parts = {
        "screening": test,
        "confirmation": second * 23.5 * when(4 * 7 / 365.25) + (found + tcl + alarms) * healthy * when(flow_at),
        "other findings": tcl * (other - healthy),
        "diagnosis": found * ((scid - healthy) - scid * when(late_at)),
        "residual": found * value(base, "n_residual_found"),
        "transplant": found * (reach_early * euros(86_179, 2010) * when(early_at)
                               - reach_late * euros(195_776, 2010) * when(late_at)),
        "immunoglobulin": found * (late - early) * 0.5 * 12_124 * index[2016] / index[2015]
        * result.total("life_years", WITH)[0] * BIRTHS / (CASES - 1.7),
    }  # fmt: skip
    for component, amount in parts.items():
        ours = BIRTHS * (
            result.total("cost", WITH, component=component) - result.total("cost", WITHOUT, component=component)
        )
        assert ours[0] == pytest.approx(amount, rel=1e-4), component
    assert BIRTHS * increments(result)[0][0] == pytest.approx(sum(parts.values()), rel=1e-4)


def test_families_of_false_positives_lose_up_to_a_week(base, result):
    both = at(base, ("health_system", "carer"), weeks_false_positive=[0, 1])
    lost = -(increments(both)[1][1] - increments(both)[1][0])
    positives = BIRTHS * result.class_probability("false_positive")[0, 1]
    assert BIRTHS * lost == pytest.approx(positives * 7 / 365.25, rel=0.005)  # discounted a few weeks
    assert (
        increments(at(base, weeks_false_positive=[0, 1]))[1].tolist() == [pytest.approx(increments(result)[1][0])] * 2
    )


def test_gene_therapy_is_for_ada_deficiency_that_reaches_treatment(base):
    off, on = (at(base, options={"ada_treatment": o}, m_early=[0.1]) for o in ("transplant", "gene_therapy"))
    for strategy in (WITHOUT, WITH):
        reached = off.total("transplants", strategy)[0]
        assert on.total("gene_therapies", strategy)[0] == pytest.approx(3 / 14 * reached, rel=1e-12)
        assert on.total("transplants", strategy)[0] == pytest.approx(11 / 14 * reached, rel=1e-12)
        assert off.total("gene_therapies", strategy)[0] == 0
        assert on.total("deaths", strategy)[0] == off.total("deaths", strategy)[0]
    drug = on.total("cost", WITH, component="gene therapy")[0] / on.total("gene_therapies", WITH)[0]
    assert drug == pytest.approx(594_000 * 0.85 * 1.035 ** (-3.5 / 12), rel=2e-4)  # a list price, never uprated


def test_prices_of_another_year_are_those_of_2016_17_times_one_index():
    cost = {}
    for name in ("uk_base_case", "uk_prices_2024_25"):
        cost[name] = increments(evaluate_scenario(load_scenario(CONFIGS / f"{name}.yaml")))[0][0]
    assert cost["uk_prices_2024_25"] / cost["uk_base_case"] == pytest.approx(100 / 79.144341, rel=1e-9)


# --- counts


def test_the_two_by_two_table_adds_up(base, result):
    classes = ("true_positive", "false_negative", "false_positive", "true_negative", "not_screened", "known_before",
               "incidental")  # fmt: skip
    share = {c: result.class_probability(c)[0] for c in classes}
    assert sum(share.values()) == pytest.approx([1, 1], rel=1e-12)
    case = result.case_probability()[0]
    not_tested = value(base, "p_repeat_card") ** 2
    assert BIRTHS * case == pytest.approx([CASES, CASES], rel=1e-12)
    assert BIRTHS * share["true_positive"] == pytest.approx([0, CASES * 0.7 * (1 - not_tested)], rel=1e-12)
    assert BIRTHS * share["known_before"] == pytest.approx([CASES * 0.3] * 2, rel=1e-12)
    assert share["false_negative"] == pytest.approx([0, 0], abs=1e-18)
    assert share["true_positive"][0] == share["incidental"][0] == share["false_positive"][0] == 0


def test_counts_by_group(base, result):
    """The named counts of the model are what the tree has; groups of other findings are in the shares of New York."""
    paths = result.paths()
    paths = paths[paths["strategy"] == WITH]
    paths["group"] = paths["path"].str.split(" > ").str[0]
    births = BIRTHS * paths.groupby("group")["probability"].sum()
    assert births["leaky"] / (births["leaky"] + births["typical"]) == pytest.approx(10 / 52)
    tcl = {g: births[f"tcl_{g}"] for g in ("syndromic", "idiopathic", "secondary", "preterm")}
    assert tcl["syndromic"] / sum(tcl.values()) == pytest.approx(27 / 87)
    assert sum(tcl.values()) == pytest.approx(39.03, abs=0.01)
    assert births["preterm"] == pytest.approx(BIRTHS * 561 / 485_912)
    reached = 1 - value(base, "p_repeat_card") ** 2  # the named counts leave out the few never tested
    incidental = BIRTHS * result.class_probability("incidental")[0, 1]
    assert float(np.ravel(result.values["non_scid_found"])[0]) * reached == pytest.approx(incidental, rel=1e-9)
    alarms = BIRTHS * result.class_probability("false_positive")[0, 1]
    assert float(np.ravel(result.values["false_positives"])[0]) == pytest.approx(alarms, rel=1e-4)


def test_slots_for_the_evaluation_hold_placeholders_that_change_nothing(base, result):
    rows = base.model.parameters.rows
    slots = {name: row for name, row in rows.items() if name.startswith("ise_")}
    assert {row.status for row in slots.values()} == {"placeholder"}
    assert all("NOT FOUND" in row.note for row in slots.values())
    scenario = load_scenario(CONFIGS / "uk_ise_counts.yaml")
    assert set(scenario.overrides) == set(slots)  # every slot is shown in the config
    assert icer(evaluate_scenario(scenario))[0] == pytest.approx(icer(result)[0], rel=1e-4)
    missed = at(base, options={"counts": "ise"}, ise_scid_missed=[2.0], ise_scid_found=[10.0], ise_known=[5.0])
    assert missed.case_probability()[0, 1] == pytest.approx(17 / 800_000, rel=1e-12)
    assert missed.class_probability("false_negative")[0, 1] == pytest.approx(2 / 800_000, rel=1e-4)


def test_a_fitted_value_is_not_taken_for_certain(base, calibrated):
    """Otherwise the draws say more than is known; the spread covers the other solutions."""
    rows = base.model.parameters.rows
    assert all(rows[name].uncertain for name in calibrated.tables["calibration"]["parameter"])
    drawn = base.model.parameters.draws(4_000, seed=3)["n_residual_found"]
    assert drawn.mean() == pytest.approx(value(base, "n_residual_found"), rel=0.02)
    others = calibrated.tables["calibration_profile"]
    others = others[others["parameter"] == "n_residual_found"]["fitted"]
    assert np.quantile(drawn, 0.025) < others.min()
    assert others.max() < np.quantile(drawn, 0.975)


def test_other_findings_made_anyway_do_the_same_harm_without_screening(base):
    both = {"p_tcl_found_anyway": [0, 1], "qaly_lost_tcl": [0.5, 0.5]}
    gained, without_harm = increments(at(base, **both))[1], increments(at(base, m_early=[value(base, "m_early")]))[1][0]
    assert BIRTHS * (without_harm - gained[0]) == pytest.approx(0.5 * 39.03, rel=1e-4)
    assert gained[1] == pytest.approx(without_harm, rel=1e-9)


def test_shares_of_health_that_do_not_add_up_are_refused():
    sets = ["choices.utility_set=dutch", "overrides.p_good_late=0.9"]
    with pytest.raises(InputError, match="p_poor_late is -0.2"):
        evaluate_scenario(load_scenario(CONFIGS / "uk_base_case.yaml", sets))


def test_placeholders_and_what_is_from_memory_say_so(base):
    rows = base.model.parameters.rows
    assert all("from memory" in rows[name].note for name in ("m_early", "m_late"))
    for name in ("births", "c_test", "c_recall", "p_second_low", "qaly_lost_tcl", "c_follow_up"):
        assert rows[name].status == "placeholder", name
    assert "From memory" in rows["c_test"].note


# --- the result moves as it should


def test_icer_rises_with_test_cost_and_disutility_and_falls_with_incidence(base):
    cost = icer(at(base, c_test=np.linspace(1, 10, 9)))
    incidence = icer(at(base, p_scid=np.linspace(1, 4, 9) / 80_000))
    weeks = icer(at(base, ("health_system", "carer"), weeks_false_positive=np.linspace(0, 8, 9)))
    child = icer(at(base, du_child_false_positive=np.linspace(0, 1, 9)))
    alarms = icer(at(base, p_positive_20=np.linspace(0, 0.01, 9)))
    other = icer(at(base, p_tcl=np.linspace(0, 0.001, 9)))
    for name, rising in {"cost": cost, "weeks": weeks, "child": child, "alarms": alarms, "other": other}.items():
        assert (np.diff(rising) > 0).all(), name
    assert (np.diff(incidence) < 0).all()


def test_more_other_findings_end_by_costing_too_much(base, result):
    """Each costs its work-up, 3,240 euros, less the false alarm it takes the place of; nothing else changes."""
    n = np.array([39.03, 100, 145, 146, 500, 742, 743]) / BIRTHS
    cost, qaly = increments(at(base, p_tcl=n))
    assert (20_000 * qaly > cost).tolist() == [True, True, True, False, False, False, False]
    assert (30_000 * qaly > cost).tolist() == [True] * 6 + [False]
    assert np.ptp(np.diff(cost) / np.diff(n)) < 1e-6 * abs(np.diff(cost) / np.diff(n)).max()  # a straight line
    assert qaly == pytest.approx(increments(result)[1][0], rel=1e-12)
    harmed = increments(at(base, p_tcl=n[:1], qaly_lost_tcl=[0.1]))[1][0]
    reached = 1 - value(base, "p_repeat_card") ** 2
    assert BIRTHS * (qaly[0] - harmed) == pytest.approx(0.1 * 39.03 * reached, rel=1e-9)


@pytest.fixture(scope="module")
def thresholds():
    sets = [f"analyses.{key}=null" for key in ("psa", "population", "evppi", "one_way", "two_way")]
    table = nbsmodel.run(CONFIGS / "uk_uncertainty.yaml", sets, write=False).tables["threshold"]
    return table.set_index(["label", "threshold"])["value"]


def test_break_even_test_cost_by_hand(base, result, thresholds):
    """The cost of the test enters in a straight line: what is left of the net benefit, shared among the tests."""
    cost, qaly = increments(result)
    slope = increments(at(base, c_test=[3.5, 4.5]))[0]
    for threshold, about in ((20_000, 3.84), (30_000, 5.74)):
        expected = 3.5 + (threshold * qaly[0] - cost[0]) / (slope[1] - slope[0])
        assert thresholds["TREC test of a baby", threshold] == pytest.approx(expected, rel=1e-9)
        assert expected == pytest.approx(about, abs=0.01)


def test_break_even_incidence_and_other_findings(thresholds):
    assert thresholds["Births for one with SCID", 20_000] == pytest.approx(49_777, abs=5)
    label = "Children with other shortages of T cells found a year"
    assert thresholds[label, 20_000] == pytest.approx(145.2, abs=0.1)
    assert thresholds[label, 30_000] == pytest.approx(742.2, abs=0.1)


def test_qalys_lost_to_false_positives_at_the_thresholds(base, result):
    """About 13 and 59 QALYs a year can be lost: what the gain leaves once it is worth its cost."""
    sets = ["analyses.two_way=null"]
    table = nbsmodel.run(CONFIGS / "uk_disbenefit.yaml", sets, write=False).tables["threshold"]
    found = table.set_index(["label", "threshold"])["value"]
    cost, qaly = increments(result)
    for threshold in (20_000, 30_000):
        spare = BIRTHS * (qaly[0] - cost[0] / threshold)
        lost = found["QALYs lost to false positives a year", threshold]
        assert lost == pytest.approx(spare, rel=0.006)  # theirs are discounted a few weeks


# --- scenarios


def test_every_config_is_valid():
    configs = sorted(CONFIGS.glob("uk_*.yaml"))
    assert len(configs) >= 20
    problems, _ = validate(configs)
    assert problems == []


def test_every_scenario_stands_in_the_table_of_scenarios():
    listed = {
        name.removesuffix(".yaml") for name in read_yaml(CONFIGS / "uk_scenarios.yaml").data["analyses"]["scenarios"]
    }
    own = {"uk_base_case", "uk_scenarios", "uk_uncertainty", "uk_disbenefit"}
    assert listed == {p.stem for p in CONFIGS.glob("uk_*.yaml")} - own


@pytest.mark.parametrize(("name", "low", "high"), [
    ("uk_incidence_58000", 20_000, 30_000), ("uk_late_mortality_dutch", 20_000, 30_000),
    ("uk_late_mortality_canada", 25_000, 35_000), ("uk_mortality_transplant_only", 30_000, 40_000),
    ("uk_utilities_dutch", 15_000, 18_000), ("uk_gene_therapy", 20_000, 25_000), ("uk_cut_off_40", 50_000, 60_000),
    ("uk_discount_1_5", 12_000, 16_000), ("uk_test_cost_dutch", 25_000, 30_000), ("uk_leaky_missed", 18_300, 20_000),
    ("uk_tcl_found_anyway", 17_000, 18_200), ("uk_prices_2024_25", 22_000, 24_000), ("uk_no_residual", 25_400, 25_600),
])  # fmt: skip
def test_scenarios_move_the_ratio_the_way_they_should(name, low, high):
    """Both verdicts are within reach: at 20,000 pounds a QALY the base case is worth its cost, most others are not."""
    assert low < icer(evaluate_scenario(load_scenario(CONFIGS / f"{name}.yaml")))[0] < high


def test_births_scale_counts_and_nothing_else(result):
    fewer = evaluate_scenario(load_scenario(CONFIGS / "uk_births_2023.yaml"))
    assert icer(fewer)[0] == icer(result)[0]
    assert fewer.births[0] * fewer.total("deaths", WITHOUT)[0] == pytest.approx(8.1 * 656_969 / BIRTHS, rel=1e-4)
