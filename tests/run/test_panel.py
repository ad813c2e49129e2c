"""Panels from configs to numbers: sums by hand, what changes nothing, one condition, 200 of them, the draws."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from panel_models import TOY, TWO, write_panel

import nbsmodel
from nbsmodel.config.panel import load_panel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError
from nbsmodel.run.panel import run_panel
from nbsmodel.run.panel_psa import condition_seed, condition_source, shared_draws
from nbsmodel.run.psa import run_psa

CONFIG = "configs/panel.yaml"
PSA = "analyses: {psa: {draws: 300}}"
#: A row of the panel for births tested, where models share no uptake.
DONE = "    p_done: {value: 0.9, unit: probability, source: smith, status: assumption}\n"
#: Fixed costs of the test, for results by hand.
FIXED = ((CONFIG, ' distribution: "gamma(mean=4, se=0.5)",', ""),
         (CONFIG, ' distribution: "gamma(mean=0.5, se=0.1)",', ""))  # fmt: skip


def by_hand(name, test):
    """Cost and QALYs that screening for a toy adds per birth, with the cost of a test."""
    v = TOY | TWO[name]
    p = 1 / 10000 if name == "alpha" else 1 / 50000
    found = p * 0.9 * 0.9
    return 0.9 * test + found * (v["c_early"] - v["c_late"]), found * (v["u_early"] - v["u_late"])


def tables(config, *sets, **options):
    return run_panel(config, sets, write=False, **options).tables


def test_sums_by_hand(tmp_path):
    found = tables(write_panel(tmp_path))
    options = found["panel"].set_index("option")
    alpha, beta = by_hand("alpha", 0.5), by_hand("beta", 0.5)
    shared = 0.9 * 4
    for option, cost, effect in (
        ("own_test_alpha", *by_hand("alpha", 6.0)),
        ("own_test_beta", *by_hand("beta", 3.5)),
        ("only_alpha", alpha[0] + shared, alpha[1]),
        ("only_beta", beta[0] + shared, beta[1]),
        ("without_alpha", beta[0] + shared, beta[1]),
        ("without_beta", alpha[0] + shared, alpha[1]),
        ("all", alpha[0] + beta[0] + shared, alpha[1] + beta[1]),
    ):
        row = options.loc[option]
        assert row["inc_cost"] == pytest.approx(cost, rel=1e-11), option
        assert row["inc_qaly"] == pytest.approx(effect, rel=1e-11), option
        assert row["inmb_30000"] == pytest.approx(30_000 * effect - cost, rel=1e-11), option
        assert row["cost_per_year"] == pytest.approx(600_000 * cost, rel=1e-11), option
    marginal = found["panel_marginal"].set_index("condition")
    assert marginal.loc["alpha", "inc_cost"] == pytest.approx(alpha[0], rel=1e-11)
    assert marginal.loc["alpha", "quadrant"] == "dominant"
    assert np.isnan(marginal.loc["alpha", "icer"])
    assert marginal.loc["beta", "icer"] == pytest.approx(beta[0] / beta[1], rel=1e-10)
    assert marginal.loc["beta", "cases_found_per_year"] == pytest.approx(600_000 / 50_000 * 0.81)
    assert marginal["tests_per_birth"].tolist() == pytest.approx([0.9, 0.9])
    assert options.loc["all", "cases_found_per_year"] == pytest.approx(600_000 * 0.81 * (1e-4 + 2e-5))
    costs = found["panel_costs"].set_index(["condition", "component"])["inc_cost"]
    assert costs.sum() == pytest.approx(options.loc["all", "inc_cost"], rel=1e-11)
    assert costs["", "shared test"] == pytest.approx(shared)


def test_break_even_costs_are_where_the_panel_stops_being_worth_it(tmp_path):
    config = write_panel(tmp_path, None, "", *FIXED)
    at = tables(config)["panel_break_even"].set_index(["threshold", "condition"])["break_even"]
    for key, change, option in (
        ((20_000.0, ""), f"panel.parameters.c_shared.value={float(at[20_000.0, '']):.17g}", "all"),
        ((20_000.0, "beta"), f"panel.parameters.c_marginal.value={float(at[20_000.0, 'beta']):.17g}", "beta"),
    ):
        found = tables(config, change)
        table = (
            found["panel"].set_index("option") if option == "all" else found["panel_marginal"].set_index("condition")
        )
        assert table.loc[option, "inmb_20000"] == pytest.approx(0.0, abs=1e-9), key


def test_set_up_costs_are_spread_over_births(tmp_path):
    edit = (CONFIG, "tested: p_uptake}", "tested: p_uptake, set_up: {cost: c_begin, years: 2 years}}")
    row = "c_begin: {value: 1000000, unit: GBP, source: smith, status: placeholder, price_year: 2024/25}"
    config = write_panel(tmp_path, None, "", edit, (CONFIG, "  shared_parameters:", f"    {row}\n  shared_parameters:"))
    per_birth = 1_000_000 / (600_000 * (1 + 1 / 1.035))
    plain = write_panel(tmp_path / "plain")
    more = (
        tables(config)["panel"].set_index("option")["inc_cost"] - tables(plain)["panel"].set_index("option")["inc_cost"]
    )
    assert more["all"] == pytest.approx(per_birth)
    assert more["only_beta"] == pytest.approx(per_birth)
    assert more["own_test_beta"] == 0.0
    costs = tables(config)["panel_costs"].set_index("component")["inc_cost"]
    assert costs["set-up"] == pytest.approx(per_birth)
    at = tables(config)["panel_break_even"].query("quantity == 'shared_cost'")["break_even"]
    before = tables(plain)["panel_break_even"].query("quantity == 'shared_cost'")["break_even"]
    assert (before - at).tolist() == pytest.approx([per_birth / 0.9] * 2)


def test_one_condition_is_its_own_scenario_with_the_whole_cost_of_the_test(tmp_path):
    config = write_panel(tmp_path, {"beta": TWO["beta"]}, PSA, *FIXED)
    found = tables(config)
    own = nbsmodel.run(tmp_path / "configs" / "beta.yaml", ["overrides.c_test=4.5"], write=False)
    pair, everything = own.tables["pairwise"].iloc[0], found["panel"].set_index("option").loc["all"]
    assert everything["inc_cost"] == pytest.approx(pair["inc_cost"], rel=1e-12)
    assert everything["inc_qaly"] == pytest.approx(pair["inc_qaly"], rel=1e-12)
    assert everything["icer"] == pytest.approx(pair["icer"], rel=1e-12)
    assert found["panel_marginal"]["inc_cost"].iloc[0] == everything["inc_cost"]  # it bears the shared test
    assert found["panel"].set_index("option").loc["without_beta", "inc_cost"] == 0.0
    classes = found["panel_screening"].query("strategy == 'screening'").set_index("class")["per_year"]
    theirs = own.tables["screening"].query("strategy == 'screening'").set_index("class")["per_year"]
    assert (classes == theirs).all()


def test_one_condition_draw_by_draw(tmp_path):
    edits = (*FIXED, (CONFIG, "shared_parameters: [p_uptake]", "shared_parameters: []"),
             (CONFIG, "tested: p_uptake", "tested: p_done"),
             (CONFIG, "  shared_parameters:",
              f"{DONE}  shared_parameters:"))  # fmt: skip
    toy = {"beta": TWO["beta"] | {"uptake_drawn": ""}}
    output = run_panel(write_panel(tmp_path, toy, PSA, *edits), write=False)
    scenario = load_scenario(tmp_path / "configs" / "beta.yaml", ["overrides.c_test=0.5", "analyses.psa.draws=300"])
    psa = run_psa(replace(scenario, seed=condition_seed(1, "beta")))
    cost, effect = psa.sample.increments(1)
    assert output.psa.sample.cost[0] == pytest.approx(cost, rel=1e-12)
    assert output.psa.sample.effect[0].tobytes() == effect.tobytes()
    assert output.psa.sample.option("all")[0] == pytest.approx(cost + 0.9 * 4, rel=1e-12)


NOTHING = "c_nothing: {value: 0, unit: GBP, source: smith, status: assumption, price_year: 2024/25}"
NO_EFFECT = {"p": "0", "p_drawn": "", "c_drawn": ""}


@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_a_condition_without_cost_or_effect_changes_nothing(tmp_path, name):
    plain = tables(write_panel(tmp_path / "plain", None, PSA))
    config = write_panel(
        tmp_path / "more", {**TWO, name: NO_EFFECT}, PSA,
        (CONFIG, "  shared_parameters:", f"    {NOTHING}\n  shared_parameters:"),
        (CONFIG, f"{name}.yaml, marginal_cost: c_marginal", f"{name}.yaml, marginal_cost: c_nothing"),
    )  # fmt: skip
    more = tables(config)
    for table, key in (("panel", "option"), ("panel_marginal", "condition")):
        before, after = (t[table].set_index(key).drop(columns="label") for t in (plain, more))
        assert (
            after.loc[before.index]
            .drop(index=["without_alpha", "without_beta"], errors="ignore")
            .equals(before.drop(index=["without_alpha", "without_beta"], errors="ignore"))
        )
    before, after = (t["panel_psa_marginal"].set_index(["option", "quantity", "threshold"]) for t in (plain, more))
    assert after.loc[before.index].equals(before)
    row = more["panel_marginal"].set_index("condition").loc[name]
    assert (row["inc_cost"], row["inc_qaly"], row["quadrant"]) == (0.0, 0.0, "no difference")
    without = more["panel"].set_index("option").loc[f"without_{name}"]
    assert without["inc_cost"] == more["panel"].set_index("option").loc["all", "inc_cost"]
    assert plain["panel_best"]["inmb"].equals(more["panel_best"]["inmb"])


def test_the_order_of_conditions_does_not_matter(tmp_path):
    toys = {**TWO, "gamma": {"p": "1/30000", "u_early": 12.0}}
    outputs = [
        run_panel(write_panel(tmp_path / "".join(o), toys, PSA, names=list(o)), write=False)
        for o in itertools.permutations(toys)
    ]
    first = outputs[0]
    for other in outputs[1:]:
        assert other.psa.sample.names == first.psa.sample.names == ("alpha", "beta", "gamma")
        for key in ("cost", "effect", "shared"):
            assert getattr(other.psa.sample, key).tobytes() == getattr(first.psa.sample, key).tobytes()
        for name in (
            "panel",
            "panel_marginal",
            "panel_best",
            "panel_break_even",
            "panel_psa_marginal",
            "panel_psa",
            "ceac",
        ):
            assert other.tables[name].equals(first.tables[name]), name


def test_threads_and_blocks_do_not_matter(tmp_path):
    config = write_panel(tmp_path, None, PSA)
    outputs = [run_panel(config, write=False, threads=t, block=b) for t, b in ((1, None), (2, 7), (1, 300))]
    for other in outputs[1:]:
        for key in ("cost", "effect", "shared"):
            assert getattr(other.psa.sample, key).tobytes() == getattr(outputs[0].psa.sample, key).tobytes()


@pytest.mark.parametrize("sampling", ["monte_carlo", "latin_hypercube"])
def test_conditions_are_drawn_independently_and_share_what_they_are_told_to(tmp_path, sampling):
    same = {"alpha": {}, "beta": {}}  # the same model twice: the same names of parameters
    config = write_panel(tmp_path, same, f"analyses: {{psa: {{draws: 4000, sampling: {sampling}}}}}")
    panel = load_panel(config)
    shared = shared_draws(panel)
    parts = {name: condition_source(panel, c, shared).part(0, 4000)[0] for name, c in panel.conditions.items()}
    a, b = parts["alpha"], parts["beta"]
    assert set(a) == {"p_birth_prevalence", "p_uptake", "c_early", "c_test"}
    for name in ("p_birth_prevalence", "c_early"):
        assert abs(np.corrcoef(a[name], b[name])[0, 1]) < 4 / np.sqrt(4000), name
        assert a[name].mean() == pytest.approx(b[name].mean(), rel=0.02)
    assert a["p_uptake"].tobytes() == b["p_uptake"].tobytes() == shared["p_uptake"].tobytes()
    assert a["c_test"].tobytes() == b["c_test"].tobytes() == shared["c_marginal"].tobytes()
    assert abs(np.corrcoef(shared["c_shared"], shared["c_marginal"])[0, 1]) < 4 / np.sqrt(4000)
    part = condition_source(panel, panel.conditions["beta"], shared).part(1000, 50)[0]
    assert all(part[name].tobytes() == b[name][1000:1050].tobytes() for name in b)


def test_not_shared_is_not_shared(tmp_path):
    config = write_panel(
        tmp_path, {"alpha": {}, "beta": {}}, PSA,
        (CONFIG, "[p_uptake]", "[c_early]"), (CONFIG, "tested: p_uptake", "tested: p_done"),
        (CONFIG, "  shared_parameters:",
         f"{DONE}  shared_parameters:"),
    )  # fmt: skip
    panel = load_panel(config)
    shared = shared_draws(panel)
    a, b = (condition_source(panel, c, shared).part(0, 300)[0] for c in panel.conditions.values())
    assert (a["p_uptake"] != b["p_uptake"]).all()
    assert a["c_early"].tobytes() == b["c_early"].tobytes()


def test_each_condition_keeps_its_draws_when_another_comes_or_the_seed_stays(tmp_path):
    two = run_panel(write_panel(tmp_path / "two", None, PSA), write=False).psa.sample
    toys = {"aaa": {}, **TWO}
    three = run_panel(write_panel(tmp_path / "three", toys, PSA), write=False).psa.sample
    assert three.names == ("aaa", "alpha", "beta")
    assert three.cost[1:].tobytes() == two.cost.tobytes()
    other = run_panel(tmp_path / "two" / CONFIG, ["seed=2"], write=False).psa.sample
    assert (other.cost != two.cost).all()
    assert condition_seed(1, "alpha") != condition_seed(1, "beta") != condition_seed(2, "beta")


def test_draws_that_one_condition_cannot_have_are_left_out_of_all(tmp_path):
    edit = (CONFIG, 'value: 0.5, unit: GBP, distribution: "gamma(mean=0.5, se=0.1)"',
            'value: 0.5, unit: GBP, distribution: "normal(mean=0.5, se=0.4)"')  # fmt: skip
    wide = {"alpha": {}, "beta": {"c_drawn": "normal(mean={c_early}, se=40000)"}}
    output = run_panel(write_panel(tmp_path, wide, PSA, edit), write=False)
    refused = output.tables["panel_psa_refused"].set_index(["condition", "cause"])["refused"]
    shared = output.psa.drawn["c_marginal"]
    assert (shared >= 0).all()
    assert refused["", "c_marginal"] > 20
    assert refused["beta", "c_early"] > 20
    assert len(output.psa.sample.draws) < 300 - max(refused)
    assert np.isfinite(output.psa.sample.cost).all()
    assert output.tables["panel_psa_run"]["draws"].iloc[0] == len(output.psa.sample.draws)
    whole = run_panel(write_panel(tmp_path / "narrow", {"alpha": {}, "beta": {}}, PSA, edit), write=False).psa.sample
    kept = np.isin(whole.draws, output.psa.sample.draws)
    assert whole.cost[0, kept].tobytes() == output.psa.sample.cost[0].tobytes()  # draw by draw the same


def test_200_conditions(tmp_path):
    toys = {f"c{i:03d}": {"p": f"{1 / (10000 + 500 * i):.17g}", "u_early": 10.2 + 0.5 * (i % 20)} for i in range(200)}
    output = run_panel(write_panel(tmp_path, toys, "analyses: {psa: {draws: 100}}"), write=False)
    table = output.tables["panel_marginal"]
    assert len(table) == 200
    together = output.tables["panel"].set_index("option").loc["all"]
    assert together["inc_cost"] == pytest.approx(table["inc_cost"].sum() + 0.9 * 4, rel=1e-12)
    best = output.tables["panel_best"].set_index("threshold").loc[20_000]
    assert best["number"] == (table["inmb_20000"] > 0).sum() < 200
    assert best["inmb"] == pytest.approx(table["inmb_20000"].clip(lower=0).sum() - 3.6, rel=1e-12)
    assert output.psa.sample.cost.shape == (200, 100)
    assert set(output.tables["ceac"]["strategy"]) == {"no_screening", "all"}


def test_prices_of_another_year_reach_the_marginal_cost_once(tmp_path):
    before = tables(write_panel(tmp_path))["panel"].set_index("option")
    for name in TWO:  # the own test in older prices, which the model brings to those of the results
        path = tmp_path / "models" / name / "parameters.csv"
        table = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("name", drop=False)
        table["index"] = ["none" if unit == "GBP" else "" for unit in table["unit"]]
        table.loc["c_test", ["price_year", "index"]] = ["2016/17", "chain_hchs_nhscii_pay_prices_2025"]
        table.to_csv(path, index=False)
    found = tables(tmp_path / CONFIG)
    after, marginal = found["panel"].set_index("option"), found["panel_marginal"].set_index("condition")
    assert after.loc["all", "inc_cost"] == pytest.approx(before.loc["all", "inc_cost"], rel=1e-11)
    factor = marginal.loc["alpha", "own_test_cost"] / 6.0
    assert factor > 1.1
    gap = after.loc["own_test_alpha", "inc_cost"] - before.loc["own_test_alpha", "inc_cost"]
    assert gap == pytest.approx(0.9 * 6 * (factor - 1), rel=1e-9)
    assert marginal["marginal_test_cost"].tolist() == pytest.approx([0.5, 0.5])
    assert marginal["tests_per_birth"].tolist() == pytest.approx([0.9, 0.9])


def refusal(config):
    with pytest.raises(InputError) as refused:
        run_panel(config, write=False)
    return [str(p) for p in refused.value.problems]


def test_a_model_that_tests_other_babies_is_refused(tmp_path):
    toys = {"alpha": {}, "beta": {"uptake": 0.8, "uptake_drawn": ""}}
    edits = ((CONFIG, "shared_parameters: [p_uptake]", "shared_parameters: []"),
             (CONFIG, "tested: p_uptake", "tested: p_done"),
             (CONFIG, "  shared_parameters:",
              f"{DONE}  shared_parameters:"))  # fmt: skip
    (found,) = refusal(write_panel(tmp_path, toys, "", *edits))
    assert "panel.yaml:14 panel.conditions.beta.config" in found
    assert "made in 0.9 of births (p_done), while this model tests 0.8" in found


def test_a_test_cost_that_nothing_depends_on_is_refused(tmp_path):
    config = write_panel(tmp_path)
    path = tmp_path / "models" / "beta" / "parameters.csv"
    path.write_text(f"{path.read_text()}c_other,Other,1,GBP,,smith,assumption,2024/25,\n")
    config.write_text(config.read_text().replace("config: beta.yaml", "config: beta.yaml, test_cost: c_other"))
    (found,) = refusal(config)
    assert "c_other does not change the cost of screening" in found


def test_problems_of_several_models_come_together(tmp_path):
    edits = [(f"models/{name}/model.yaml", "value: c_early}}".replace("}}", "}"), "value: c_early / (c_late - c_late)}")
             for name in TWO]  # fmt: skip
    assert len(refusal(write_panel(tmp_path, None, "", *edits))) == 2
