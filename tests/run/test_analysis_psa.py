"""Decision measures of a probabilistic analysis in a run: tables that agree with the draws, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from helpers import write_complete
from simulated import write_simulated

import nbsmodel
from nbsmodel.analysis.population import effective_population
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError
from nbsmodel.run.analysis_psa import decision_years

TABLES = {
    "psa_run": "asked draws sampling seed individuals population_years cases births",
    "psa_summary": "strategy against quantity threshold per mean se sd low95 high95 base base_se difference nonlinear",
    "psa_cea": "strategy cost qaly inc_cost inc_qaly icer icer_se status comparator",
    "quadrants": "strategy against quadrant share share_se",
    "psa_cloud": "strategy against inc_cost inc_effect sd_cost sd_effect correlation draws",
    "psa_points": "draw strategy inc_cost inc_effect",
    "ceac": "threshold strategy probability probability_se mean_nmb mean_nmb_se frontier expected_loss "
    "expected_loss_se",
    "evpi": "threshold strategy evpi evpi_se per_case per_case_se per_year per_year_se population population_se",
    "psa_convergence": "threshold strategy draws inmb inmb_half_width probability probability_half_width",
    "psa_precision": "quantity threshold strategy against value half_width wanted draws draws_wanted enough",
    "psa_refused": "cause kind refused share lowest highest allowed first_draw",
}


def with_analyses(folder, block, *edits):
    """Config of the small complete model with a block of analyses."""
    text = "choices: {outlook: observed}\n"
    return write_complete(folder, ("configs/base.yaml", text, f"{text}analyses:\n{block}"), *edits)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    return nbsmodel.run(with_analyses(folder, "  psa: {draws: 400}\n"), write=False)


def test_every_table_with_its_columns(output):
    for name, columns in TABLES.items():
        assert list(output.tables[name].columns) == columns.split(), name
    assert "psa_alternatives" not in output.tables
    assert len(output.tables["psa_points"]) == 400 and len(output.tables["psa_cea"]) == 2


def test_the_tables_agree_with_the_draws_and_the_base_case(output):
    sample, tables = output.psa.sample, output.tables
    table = tables["psa_summary"]
    cea = tables["cea"].set_index("strategy")
    for s, strategy in enumerate(sample.strategies):
        for outcome, values in sample.outcomes.items():
            wanted = (table["strategy"] == strategy) & (table["quantity"] == outcome) & (table["against"] == "")
            row = table[wanted & (table["per"] == "birth")].iloc[0]
            assert row["mean"] == pytest.approx(values[:, s].mean(), rel=1e-12)
            assert row["se"] == pytest.approx(values[:, s].std(ddof=1) / 20, rel=1e-9)
            if outcome in cea:
                assert row["base"] == cea.loc[strategy, outcome]
    nmb = table[(table["quantity"] == "nmb") & (table["against"] == "usual") & (table["per"] == "birth")]
    benefit = tables["net_benefit"].set_index(["strategy", "threshold"])["inc_nmb"]
    for row in nmb.itertuples():
        assert row.base == pytest.approx(benefit[row.strategy, row.threshold], rel=1e-9)
    found = table["per"].value_counts()
    assert found["birth"] == found["case"] == 3 * (len(sample.outcomes) + 2 * 2)


def test_the_grid_and_the_population(output):
    ceac, evpi = output.tables["ceac"], output.tables["evpi"]
    grid = sorted(set(ceac["threshold"]))
    assert grid[0] == 0 and grid[-1] == 75_000 and {20_000.0, 30_000.0} <= set(grid)
    assert list(evpi["threshold"]) == grid and len(grid) == 101 + 1  # 20,000 lies between two steps
    expected = effective_population(600_000, 10, 0.035)
    np.testing.assert_allclose(evpi["population"], evpi["evpi"] * expected, rtol=1e-12)
    np.testing.assert_allclose(evpi["per_case"], evpi["evpi"] / output.psa.sample.cases.mean(), rtol=1e-12)
    row = output.tables["psa_run"].iloc[0]
    assert (row["asked"], row["draws"], row["sampling"], row["births"]) == (400, 400, "monte_carlo", 600_000)


def test_grid_precision_and_horizon_of_the_config(tmp_path):
    block = """\
  psa: {draws: 50, ceac_to: 100000, ceac_steps: 11, precision: {inmb: 40 per case}, probability_within: 0.1}
  population: {horizon: 30 months, discount_rate: 0.1}
"""
    tables = nbsmodel.run(with_analyses(tmp_path, block), write=False).tables
    assert sorted(set(tables["ceac"]["threshold"])) == [10_000.0 * i for i in range(11)]
    row = tables["psa_precision"].query("quantity == 'inmb'").iloc[0]
    assert row["wanted"] == pytest.approx(40 * tables["psa_run"]["cases"][0]) and row["threshold"] == 20_000
    assert (tables["psa_precision"].query("quantity == 'probability'")["wanted"] == 0.1).all()
    factor = 1 + 1 / 1.1 + 0.5 / 1.21
    np.testing.assert_allclose(tables["evpi"]["population"], factor * tables["evpi"]["per_year"], rtol=1e-12)


def test_the_population_is_discounted_as_costs_are_unless_told(tmp_path):
    config = with_analyses(tmp_path, "  psa: true\n  population: {horizon: 40 years}\n")
    steps = "settings.discount_rate_costs=[{from_year: 0, rate: 0.035}, {from_year: 30, rate: 0.03}]"
    found = decision_years(load_scenario(config, [steps]))
    assert found == pytest.approx(effective_population(1, 40, ((0.0, 0.035), (30.0, 0.03))), rel=1e-15)
    assert decision_years(load_scenario(config, ["analyses.population.discount_rate=0"])) == 40


def test_draws_at_base_values_give_the_base_case_to_the_last_bit(tmp_path):
    config = with_analyses(tmp_path, "  psa: {file: draws.csv}\n")
    draws = pd.DataFrame({"draw": range(7), "h_ill": 0.5, "p_sensitivity": 0.9})
    draws.to_csv(config.parent / "draws.csv", index=False)
    output = nbsmodel.run(config, write=False)
    table = output.tables["psa_summary"]
    mine = table[table["per"] == "birth"]
    assert list(mine["mean"]) == list(mine["base"]) and (table["difference"] == 0).all()
    assert (table["sd"] == 0).all() and not table["nonlinear"].any()
    assert (output.tables["evpi"]["evpi"] == 0).all()
    assert set(output.tables["ceac"]["probability"]) <= {0.0, 1.0}
    assert output.tables["psa_run"]["sampling"][0] == "file"


def test_alternatives_have_a_table(tmp_path):
    block = """\
  psa:
    draws: 60
    alternatives: {seen: {weight: 0.5}, cautious: {weight: 0.5, choices: {outlook: cautious}}}
"""
    output = nbsmodel.run(with_analyses(tmp_path, block), write=False)
    table = output.tables["psa_alternatives"]
    assert set(table["alternative"]) == {"seen", "cautious"}
    assert table.drop_duplicates("alternative")["draws"].sum() == 60


@pytest.mark.parametrize(
    ("block", "edits", "says"),
    [
        ("psa: {precision: {inmb: 50 per patient}}", (),
         "results are per birth, not per patient. Write per birth, or per case for a child with the condition."),
        ("psa: {precision: {inmb: 50 per case}}", ("case",), "the model marks no birth as a case. Write per birth."),
        ("psa: {ceac_to: 25000}", (), "would end at 25000, below the threshold of 30000. Write at least 30000, or "
                                      "leave it out for 75000."),
        ("psa: {ceac_to: -1}", (), "ceac_to"),
        ("psa: {ceac_steps: 1}", (), "at least 2"),
        ("psa: {ceac_steps: 5000}", (), "at most 1001"),
        ("psa: {probability_within: 2}", (), "probability_within"),
        ("psa: true\n  population: {horizon: 0 years}", (), "longer than zero"),
        ("psa: true\n  population: {discount_rate: 5}", (), "discount_rate"),
        ("psa: true\n  population: {horizon: 5 years}", ("births",),
         "does not say how many births there are a year, so there is no population. Add `births_per_year`"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_before_anything_runs(tmp_path, block, edits, says):
    changes = {
        "case": ("model/model.yaml", "    case: true\n", ""),
        "births": ("model/model.yaml", "births_per_year: births\n", ""),
    }
    with pytest.raises(InputError) as refused:
        nbsmodel.run(with_analyses(tmp_path, f"  {block}\n", *(changes[e] for e in edits)), write=False)
    assert says in str(refused.value) and "base.yaml" in str(refused.value)


def test_a_model_without_births_has_no_population(tmp_path):
    config = with_analyses(tmp_path, "  psa: {draws: 20}\n", ("model/model.yaml", "births_per_year: births\n", ""))
    evpi = nbsmodel.run(config, write=False).tables["evpi"]
    assert evpi[["per_year", "population"]].isna().all(axis=None) and evpi["per_case"].notna().all()


def test_the_error_of_a_simulated_base_case_counts(tmp_path):
    config = write_simulated(tmp_path, "analyses: {psa: {draws: 12}}", individuals="individuals: 200")
    output = nbsmodel.run(config, write=False)
    table, errors = output.tables["psa_summary"], output.tables["simulation"]
    assert table["threshold"].dtype == float and output.tables["psa_run"]["individuals"][0] == 200
    wanted = (errors["outcome"] == "nmb") & (errors["threshold"] == 30_000)
    (found,) = errors[wanted & errors["increment"].notna()].itertuples()
    for quantity, per, factor in (("nmb", "birth", 1), ("nhb", "birth", 1 / 30_000), ("nmb", "case", 1 / 1e-4)):
        wanted = (table["quantity"] == quantity) & (table["per"] == per) & (table["threshold"] == 30_000)
        (row,) = table[wanted & (table["against"] == "usual")].itertuples()
        assert row.base_se == pytest.approx(found.increment_se * factor, rel=1e-9) and row.base_se > 0
        apart = abs(row.difference) > 1.959963984540054 * math.hypot(row.se, row.base_se)
        assert row.nonlinear == apart
    assert (output.tables["psa_summary"]["base_se"] > 0).mean() > 0.9


def test_the_same_tables_whatever_the_threads(tmp_path, output):
    config = with_analyses(tmp_path, "  psa: {draws: 400}\n")
    again = nbsmodel.run(config, write=False, threads=2, block=7).tables
    for name in TABLES:
        pd.testing.assert_frame_equal(output.tables[name], again[name], check_exact=True)
