"""Value of information in a run: tables, agreement with what they are made of, errors told late."""

import math

import numpy as np
import pandas as pd
import pytest
from helpers import write_complete

import nbsmodel
from nbsmodel.analysis.evppi import COLUMNS
from nbsmodel.analysis.population import effective_population
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError, Problems
from nbsmodel.run import analysis_evppi, analysis_evsi
from nbsmodel.run.study_designs import read_designs

EVPPI = """\
  psa: {draws: 1500}
  evppi:
    groups: {illness: [h_ill, hr_treated], early: [p_late]}
    check: {sets: [illness, p_early], outer: 150, inner: 40}
"""
EVSI = """\
  psa: {draws: 1500}
  population: {horizon: 8 years, discount_rate: 0.015}
  evsi:
    thresholds: [20000]
    data:
      cases: {informs: p_birth, kind: counts, of: babies, label: Cases found}
      timing: {informs: p_late, kind: counts, of: babies * p_birth}
      illness: {informs: h_ill, kind: events, over: 2 * babies * p_birth}
    designs:
      - {name: pilot, babies: [30000, 300000], years: babies / (0.5 * births)}
      - {name: large, babies: 2000000, sites: 12, years: 4}
    enrols: babies
    cost: 100000 + 2 * babies
    meanwhile: {screening: babies / (births * years)}
"""
# a price at which the decision is open: about as much is gained as it costs
OPEN = (
    "model/parameters.csv",
    "c_confirm,Confirmation,150,GBP,,",
    "c_confirm,Confirmation,3000,GBP,gamma(mean=3000; se=1000),",
)


def config(folder, block, *edits):
    """Config of the small complete model with a block of analyses."""
    text = "choices: {outlook: observed}\n"
    return write_complete(folder, OPEN, ("configs/base.yaml", text, f"{text}analyses:\n{block}"), *edits)


@pytest.fixture(scope="module")
def evppi(tmp_path_factory):
    told = []
    folder = tmp_path_factory.mktemp("evppi")
    output = nbsmodel.run(config(folder, EVPPI), out=folder / "out", step=lambda *step: told.append(step))
    return output, told


@pytest.fixture(scope="module")
def evsi(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evsi")
    return nbsmodel.run(config(folder, EVSI), out=folder / "out")


def test_sets_of_a_run(evppi):
    output, _ = evppi
    table = output.tables["evppi"]
    assert list(table.columns) == COLUMNS
    assert list(dict.fromkeys(table["threshold"])) == [20_000, 30_000]
    part = table[table["threshold"] == 20_000].set_index("set")
    assert set(part.index) == {
        "p_birth", "p_sensitivity", "timing", "h_ill", "hr_treated", "c_confirm", "illness", "early", "all",
    }  # fmt: skip
    assert part.loc["timing", "parameters"] == "p_late p_early" == part.loc["early", "parameters"]
    assert part.loc["illness", "parameters"] == "h_ill hr_treated"
    assert part.loc["all", "parameters"].split() == list(output.psa.draws.columns)
    assert part.loc["illness", "label"] == "Illness"
    assert part.loc["all", "evppi"] > part.loc["c_confirm", "evppi"] > 0


def test_values_agree_with_the_table_of_evpi(evppi):
    output, _ = evppi
    evpi = output.tables["evpi"].set_index("threshold")
    table = output.tables["evppi"]
    for row in table[table["set"] == "all"].itertuples():
        assert row.evppi == evpi.loc[row.threshold, "evpi"]
        assert row.se == evpi.loc[row.threshold, "evpi_se"]
        assert row.population == pytest.approx(evpi.loc[row.threshold, "population"], rel=1e-12)
        assert row.per_case == pytest.approx(evpi.loc[row.threshold, "per_case"], rel=1e-12)


def test_nested_simulation_agrees_with_the_regression(evppi):
    output, _ = evppi
    table = output.tables["evppi"]
    checked = table[table["nested"].notna()]
    assert set(checked["set"]) == {"illness", "timing"}
    assert len(checked) == 4
    gap = (checked["nested"] - checked["evppi"]).abs()
    assert (gap < 4 * np.hypot(checked["se"], checked["nested_se"]) + 1e-9).all()
    assert (checked.loc[checked["set"] == "illness", "nested_se"] > 0).all()


def test_files_progress_and_report(evppi):
    output, told = evppi
    written = pd.read_csv(output.folder / "evppi.csv")
    np.testing.assert_array_equal(written["evppi"], output.tables["evppi"]["evppi"])
    texts = {text for text, _, _ in told}
    assert {"value of knowing parameters", "nested simulation"} <= texts
    nested = [(done, work) for text, done, work in told if text == "nested simulation"]
    assert nested[-1] == (2 * 150 * 40, 2 * 150 * 40)
    page = (output.folder / "report.html").read_text()
    assert "Value of knowing parameters" in page and "nested simulation gives" in page
    assert (output.folder / "figures" / "evppi.svg").is_file()


def test_designs_of_a_run(evsi):
    table = evsi.tables["evsi"]
    designs = table.drop_duplicates("design").set_index("design")
    assert list(designs.index) == ["pilot_1", "pilot_2", "large", "no study"]
    assert list(table.columns[:5]) == ["threshold", "design", "years", "babies", "sites"]
    assert designs.loc["pilot_2", "years"] == pytest.approx(1.0)
    assert designs.loc["large", "sites"] == 12
    assert math.isnan(designs.loc["pilot_1", "sites"])
    whole = table[table["data"] == "all"].set_index("design")
    assert list(whole["cost"]) == [160_000, 700_000, 4_100_000]
    assert set(table["data"]) == {"cases", "timing", "illness", "all", ""}
    assert table.loc[table["data"] == "timing", "informs"].iloc[0] == "p_late p_early"
    assert whole.loc["large", "evsi"] > whole.loc["pilot_1", "evsi"] > 0


def test_net_benefit_of_a_run(evsi):
    sample, table = evsi.psa.sample, evsi.tables["evsi"]
    whole = table[table["data"] == "all"].set_index("design")
    gain = float(sample.incremental_net_benefit(20_000)[:, 1].mean())
    best = gain > 0
    for name, years, share in (("pilot_1", 0.1, 30_000 / 60_000), ("large", 4.0, 2_000_000 / 2_400_000)):
        row = whole.loc[name]
        during = 600_000 * effective_population(1.0, years, 0.015)
        after = 600_000 * effective_population(1.0, 8.0, 0.015, years)
        lost = gain * (best - share)
        assert row["delay_cost"] == pytest.approx(during * lost, rel=1e-9)
        assert row["population"] == pytest.approx(after * row["evsi"], rel=1e-9)
        assert row["net_benefit"] == pytest.approx(row["population"] - row["cost"] - row["delay_cost"], rel=1e-9)
        assert row["net_benefit_se"] > 0
    assert table["best"].sum() == 1
    limits = evsi.tables["evsi_limits"].set_index("data")
    assert list(limits.index) == ["cases", "timing", "illness", "all", "everything"]
    assert limits.loc["all", "evppi"] <= limits.loc["everything", "evppi"]
    evpi = evsi.tables["evpi"].set_index("threshold")
    assert limits.loc["everything", "population"] == pytest.approx(evpi.loc[20_000, "population"], rel=1e-12)
    for name in ("evsi.csv", "evsi_limits.csv", "figures/evsi.svg", "figures/evsi_data.svg"):
        assert (evsi.folder / name).is_file()


def test_the_same_config_gives_the_same_numbers_on_any_number_of_threads(tmp_path, evsi):
    again = nbsmodel.run(config(tmp_path, EVSI), write=False, threads=2)
    for name in ("evsi", "evsi_limits"):
        pd.testing.assert_frame_equal(again.tables[name], evsi.tables[name], check_exact=True)


def test_parameters_of_a_file_of_draws(tmp_path):
    """What a posterior holds is uncertain, whatever the model says of it."""
    path = config(tmp_path, "  psa: {file: draws.csv}\n  evppi: {parameters: [u_well, h_ill]}\n")
    rng = np.random.default_rng(1)
    draws = pd.DataFrame({"u_well": rng.beta(80, 20, 600), "h_ill": rng.gamma(20, 0.025, 600)})
    draws.to_csv(tmp_path / "configs" / "draws.csv", index=False)
    table = nbsmodel.run(path, write=False).tables["evppi"]
    assert set(table["set"]) == {"u_well", "h_ill", "all"}
    broken = config(tmp_path, "  psa: {file: draws.csv}\n  evppi: {parameters: [hr_treated]}\n")
    with pytest.raises(InputError, match="no uncertain parameter|nothing to learn"):
        nbsmodel.run(broken, write=False)


def test_structural_alternatives_are_a_set(tmp_path):
    block = (
        "  psa: {draws: 600, alternatives: {one: {weight: 1}, two: {weight: 1, choices: {outlook: cautious}}}}\n"
        "  evppi: {groups: {shape: [alternative, h_ill]}}\n"
    )
    table = nbsmodel.run(config(tmp_path, block), write=False).tables["evppi"]
    table = table[table["threshold"] == 20_000].set_index("set")
    assert table.loc["alternative", "label"] == "Structural alternative"
    assert table.loc["alternative", "r2"] > 0.01
    assert table.loc["shape", "evppi"] >= table.loc["alternative", "evppi"]


def test_draws_lost_on_the_way_are_told(tmp_path):
    """Enough draws are asked for, but the model can run with too few of them: nothing but a message."""
    edit = ("model/parameters.csv", '"beta(mean=0.9, se=0.02)"', '"normal(mean=0.9, se=4)"')
    path = config(tmp_path, "  psa: {draws: 300}\n  evppi: {parameters: [h_ill]}\n", edit)
    with pytest.raises(InputError, match=r"analyses.evppi: \d+ draws are too few for Hazard of illness"):
        nbsmodel.run(path, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_checks_say_nothing_of_what_is_in_order(tmp_path):
    scenario = load_scenario(config(tmp_path, EVPPI + EVSI.partition("\n")[2]))
    problems = Problems()
    analysis_evppi.check(scenario, problems)
    analysis_evsi.check(scenario, problems)
    assert problems.items == []


def test_designs_that_cannot_be_carried_out_are_left_out_and_told(evsi, tmp_path):
    feasible = "    feasible: [babies * p_birth >= 10, not (babies < 50000 and years < 1)]\n    enrols: babies\n"
    output = nbsmodel.run(config(tmp_path, EVSI.replace("    enrols: babies\n", feasible)), out=tmp_path / "out")
    p_birth = output.scenario.overrides.get("p_birth", output.scenario.model.parameters.rows["p_birth"].value)
    left = output.tables["evsi_left_out"]
    assert list(left.columns) == ["design", "years", "babies", "condition", "found"]
    assert set(left["design"]) == {"pilot_1"}
    assert ("babies * p_birth >= 10" in set(left["condition"])) == (30_000 * p_birth < 10)
    told = left.set_index("condition")["found"]
    assert told["not (babies < 50000 and years < 1)"] == "not (30000 < 50000 and 0.1 < 1)"
    table = output.tables["evsi"]
    assert list(dict.fromkeys(table["design"])) == ["pilot_2", "large", "no study"]
    before = evsi.tables["evsi"]
    for name in ("pilot_2", "large"):  # the others are as they were
        rows = [t.loc[t["design"] == name, ["data", "evsi", "net_benefit"]].reset_index(drop=True)
                for t in (table, before)]  # fmt: skip
        pd.testing.assert_frame_equal(*rows)
    assert "evsi_left_out" not in evsi.tables
    assert (output.folder / "evsi_left_out.csv").is_file()
    page = (output.folder / "report.html").read_text()
    assert "One design was left out, since it cannot be carried out: pilot_1 (" in page


def test_a_parameter_that_an_alternative_overrides_is_told(tmp_path):
    block = (
        "  psa: {draws: 600, alternatives: {a: {weight: 1}, b: {weight: 1, overrides: {h_ill: 0.1}}}}\n  evppi: true\n"
    )
    table = nbsmodel.run(config(tmp_path, block), write=False).tables["evppi"]
    told = table[table["remark"].str.contains("gives the alternative away")]
    assert set(told["set"]) == {"h_ill"}


def test_sizes_are_whole_and_numbers_are_those_of_the_scenario(tmp_path):
    scenario = load_scenario(config(tmp_path, EVSI), ["overrides.p_birth=0.0004"])
    problems = Problems()
    designs, left_out = read_designs(scenario, scenario.analyses.evsi, "here", problems)
    assert left_out == []
    assert problems.items == []
    assert designs[0].sizes["timing"].amount == 12  # 30,000 babies x 0.0004
    assert designs[1].sizes["illness"].amount == pytest.approx(240)
    assert designs[0].study.meanwhile == {"screening": pytest.approx(0.5)}
    assert designs[2].numbers == {"babies": 2_000_000, "sites": 12}


def test_a_set_that_holds_all_it_is_correlated_with_can_be_simulated_anew(tmp_path):
    correlated = (
        "model/model.yaml",
        "comparator: usual\n",
        "comparator: usual\ncorrelations: [{between: [h_ill, hr_treated], rank: 0.6, source: smith}]\n",
    )
    block = EVPPI.replace("[illness, p_early]", "[illness]")
    table = nbsmodel.run(config(tmp_path, block, correlated), write=False).tables["evppi"]
    row = table[(table["set"] == "illness") & (table["threshold"] == 20_000)].iloc[0]
    assert abs(row["nested"] - row["evppi"]) < 4 * np.hypot(row["se"], row["nested_se"])
