"""Panels: what is read, what is imposed, and everything that is refused with its place."""

from __future__ import annotations

import pytest
from panel_models import TWO, panel_text, toy_files, write_panel

from nbsmodel.config.panel import is_panel, load_panel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError

CONFIG, ALPHA, BETA = "configs/panel.yaml", "configs/alpha.yaml", "configs/beta.yaml"
PSA = "analyses: {psa: {draws: 50}}"
ROWS = "models/{}/parameters.csv"


def refusal(folder, *edits, top="", toys=None, sets=(), entry="", names=None):
    config = write_panel(folder, toys, top, *edits, entry=entry, names=names)
    with pytest.raises(InputError) as refused:
        load_panel(config, sets)
    return [str(p).replace(f"{folder}/", "") for p in refused.value.problems]


def only(found, place, *words):
    """There is one problem, at a place, and it says all these words."""
    assert len(found) == 1, found
    assert found[0].startswith(place), found[0]
    for word in words:
        assert word in found[0], found[0]


def test_a_panel_is_told_from_a_config_of_one_model(tmp_path):
    config = write_panel(tmp_path)
    assert is_panel(config)
    assert not is_panel(tmp_path / ALPHA)
    assert not is_panel(tmp_path / "models" / "alpha")
    assert not is_panel(tmp_path / "configs" / "nowhere.yaml")


def test_what_is_read(tmp_path):
    panel = load_panel(write_panel(tmp_path, None, "seed: 7\nnote: A note"))
    assert (panel.name, panel.title, panel.note, panel.seed) == ("panel", "Two conditions on one test", "A note", 7)
    alpha = panel.conditions["alpha"]
    assert (alpha.label, alpha.strategy, alpha.comparator) == ("Condition alpha", "screening", "no_screening")
    assert alpha.own.overrides == {}
    assert alpha.assay.overrides == {"c_test": 0.5}
    assert [(c.key, c.old, c.new) for c in alpha.assay.changes] == [("overrides.c_test", 6.0, 0.5)]
    assert "conditions.alpha.marginal_cost" in alpha.assay.changes[0].place
    assert panel.parameters.rows["c_shared"].status == "assumption"
    assert {"c_shared", "c_marginal", "p_uptake"} == set(panel.drawn().rows)


def test_births_settings_and_price_year_of_the_panel_hold_for_all(tmp_path):
    config = write_panel(
        tmp_path, None, "settings: {discount_rate_costs: 0.015}",
        (CONFIG, "  shared_test:", "  births: 500000\n  shared_test:"),
        (BETA, "title:", "settings: {discount_rate_costs: 0.05}\ntitle:"),
    )  # fmt: skip
    panel = load_panel(config)
    for condition in panel.conditions.values():
        assert condition.own.overrides["births"] == 500_000
        assert condition.own.settings.as_written()["discount_rate_costs"] == 0.015
    assert panel.settings.as_written()["discount_rate_costs"] == 0.015


def test_a_shared_parameter_with_a_row_of_the_panel_is_imposed(tmp_path):
    row = "p_uptake: {value: 0.8, unit: probability, source: smith, status: assumption}"
    edit = (CONFIG, "  shared_parameters:", f"    {row}\n  shared_parameters:")
    toys = {"alpha": {}, "beta": {"uptake": 0.95, "uptake_drawn": ""}}  # the models need not agree then
    panel = load_panel(write_panel(tmp_path, toys, "", edit))
    assert [c.own.overrides["p_uptake"] for c in panel.conditions.values()] == [0.8, 0.8]
    assert panel.value("p_uptake") == 0.8
    assert "p_uptake" not in panel.imposed(panel.conditions["alpha"])  # it is fixed


def test_overrides_and_choices_go_to_a_condition_and_from_the_command_line(tmp_path):
    config = write_panel(tmp_path, entry=", overrides: {c_late: 70000}")
    panel = load_panel(config, ["panel.conditions.beta.overrides.c_late=1", "panel.parameters.c_shared.value=2"])
    assert panel.conditions["alpha"].own.overrides == {"c_late": 70000}
    assert panel.conditions["beta"].own.overrides == {"c_late": 1}
    assert panel.value("c_shared") == 2.0


def test_a_panel_extends_a_panel(tmp_path):
    config = write_panel(tmp_path)
    more = tmp_path / "configs" / "more.yaml"
    more.write_text("extends: panel.yaml\npanel: {parameters: {c_shared: {value: 9, distribution: null}}}\n")
    panel = load_panel(more)
    assert panel.value("c_shared") == 9
    assert not panel.parameters.rows["c_shared"].uncertain
    assert panel.value("c_marginal") == 0.5
    assert config.is_file()


def test_analyses_of_a_condition_are_its_own(tmp_path):
    edit = (BETA, "title:", "analyses: {psa: {draws: 9}, one_way: true}\ntitle:")
    panel = load_panel(write_panel(tmp_path, None, PSA, edit))
    assert panel.conditions["beta"].own.analyses.one_way is None
    assert panel.conditions["beta"].own.analyses.psa.draws == 50


@pytest.mark.parametrize(
    ("edit", "place", "words"),
    [
        (("cost: c_shared", "cost: c_share"), "panel.shared_test.cost", ["c_share is no parameter", "c_shared?"]),
        (("tested: p_uptake", "tested: p_uptak"), "panel.shared_test.tested", ["p_uptak is no", "p_uptake?"]),
        (("tested: p_uptake", "tested: c_shared"), "panel.shared_test.tested", ["c_shared is a GBP"]),
        (("alpha.yaml, marginal_cost: c_marginal", "alpha.yaml, marginal_cost: c_margin"),
         "panel.conditions.alpha.marginal_cost", ["c_marginal?"]),
        (("alpha.yaml, marginal_cost", "alpha.yaml, test_cost: c_tst, marginal_cost"),
         "panel.conditions.alpha.test_cost", ["c_tst is no parameter in", "c_test?"]),
        (("alpha.yaml, marginal_cost", "alpha.yaml, strategy: screen, marginal_cost"),
         "panel.conditions.alpha.strategy", ["screen is no strategy", "screening?"]),
        (("alpha.yaml, marginal_cost", "alpha.yaml, strategy: no_screening, marginal_cost"),
         "panel.conditions.alpha.strategy", ["set against itself"]),
        (("alpha.yaml, marginal_cost", "alpha.yaml, overrides: {c_test: 3}, marginal_cost"),
         "panel.conditions.alpha.overrides.c_test", ["overridden and replaced"]),
        (("alpha.yaml, marginal_cost", "alpha.yaml, overrides: {c_lat: 3}, marginal_cost"),
         "panel.conditions.alpha.overrides.c_lat", ["no such parameter", "c_late?"]),
        (("alpha.yaml, marginal_cost", "alpha.yml, marginal_cost"), "panel.conditions.alpha.config", ["no such file"]),
        (("config: beta.yaml", "config: alpha.yaml"), "panel.conditions.beta.config", ["config of alpha too"]),
        (("config: beta.yaml", "config: panel.yaml"), "panel.conditions.beta.config", ["is a panel itself"]),
        (("beta: {config", "all: {config"), "panel.conditions.all", ["Choose another name"]),
        (("[p_uptake]", "[p_uptake, p_nothing]"), "panel.shared_parameters", ["no condition has"]),
        (("[p_uptake]", "[p_uptake, c_test]"), "panel.shared_parameters", ["test cost of alpha"]),
        (("[p_uptake]", "[p_uptake, u_early]"), "panel.conditions", ["u_early differs", "alpha 20", "beta 25"]),
        (("value: 4, unit: GBP", "value: 4, unit: EUR"), "panel.parameters.c_shared.unit", ["in EUR", "in GBP"]),
        (("label: Marginal cost, value: 0.5", "label: Marginal cost, value: -1"), "panel.parameters.c_marginal.value",
         ["-1 is no GBP"]),
        (("Duplex test, cost", "Duplex test, price: 3, cost"), "panel.shared_test.price", ["unknown key price"]),
        (("label: Marginal cost, value: 0.5", "label: Marginal cost, value: x"), "panel.parameters.c_marginal.value",
         ["uses the name x"]),
        (("Shared test, value: 4", "Shared test, valu: 4"), "panel.parameters.c_shared.valu", ["value?"]),
    ],
)  # fmt: skip
def test_refused_in_the_panel(tmp_path, edit, place, words):
    found = refusal(tmp_path, (CONFIG, *edit))
    assert place in found[0], found
    for word in words:
        assert any(word in line for line in found), found


def test_every_problem_at_once_with_its_line(tmp_path):
    found = refusal(
        tmp_path,
        (CONFIG, "cost: c_shared", "cost: c_share"),
        (CONFIG, "beta.yaml, marginal_cost", "beta.yaml, strategy: nothing, marginal_cost"),
        (ALPHA, "title:", "overrides: {p_x: 1}\ntitle:"),
    )
    assert len(found) == 3, found
    assert found[0].startswith(
        "configs/panel.yaml:12 panel.conditions.alpha.config > configs/alpha.yaml:2 overrides.p_x"
    )
    assert found[1].startswith("configs/panel.yaml:4 panel.shared_test.cost")
    assert found[2].startswith("configs/panel.yaml:13 panel.conditions.beta.strategy")


@pytest.mark.parametrize(
    ("top", "place", "word"),
    [
        ("model: ../models/alpha", "configs/panel.yaml:2 model", "a panel has no model"),
        ("engine: cohort", "configs/panel.yaml:2 engine", "a panel has no engine"),
        ("individuals: 10", "configs/panel.yaml:2 individuals", "a panel has no individuals"),
        ("overrides: {c_late: 1}", "configs/panel.yaml:2 overrides.c_late", "which condition is meant?"),
        ("choices: {a: b}", "configs/panel.yaml:2 choices.a", "which condition is meant?"),
        ("analyses: {one_way: true}", "configs/panel.yaml:2 analyses.one_way", "no analysis of a panel"),
        ("analyses: {psa: {draws: 64, sampling: sobol}}", "configs/panel.yaml:2 analyses.psa.sampling", "Sobol"),
        ("analyses: {psa: {file: x.csv}}", "configs/panel.yaml:2 analyses.psa.file", "cannot use file"),
        ("analyses: {psa: {alternatives: {a: {weight: 1}}}}", "configs/panel.yaml:2 analyses.psa.alternatives",
         "cannot use alternatives"),
        ("analyses: {psa: {draws: 1000000, sampling: latin_hypercube, ceac_stepss: 3}}",
         "configs/panel.yaml:2 analyses.psa", "ceac_steps?"),
        ("reference_case: nowhere.yaml", "configs/panel.yaml:2 reference_case", "no such file"),
        ("settings: {discount_rate_costs: 2}", "configs/panel.yaml:2 settings.discount_rate_costs", "at most 1"),
    ],
)  # fmt: skip
def test_refused_at_the_top(tmp_path, top, place, word):
    found = refusal(tmp_path, top=top)
    assert found[0].startswith(place), found
    assert word in found[0], found


MODEL = "models/beta/model.yaml"


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([(BETA, "title:", "settings: {discount_rate_costs: 0.015}\ntitle:")],
         ["discount_rate_costs differs: alpha 0.035; beta 0.015", "at the top of the panel"]),
        ([(BETA, "title:", "settings: {thresholds: [50000]}\ntitle:")], ["thresholds differs", "beta [50000]"]),
        ([(BETA, "title:", "settings: {discount_timing: end}\ntitle:")], ["discount_timing differs", "beta end"]),
        ([(MODEL, "price_year: 2024/25", "price_year: 2020/21")], ["price_year differs: alpha 2024/25; beta 2020/21"]),
        ([(ROWS.format("beta"), "births,Births a year,600000", "births,Births a year,650000")],
         ["births a year differs: alpha 600000", "beta 650000", "Write births"]),
        ([(MODEL, "births_per_year: births\n", "")], ["births a year differs", "beta nothing"]),
        ([(ROWS.format("beta"), 'p_uptake,Uptake,0.9,probability,"beta(mean=0.9, se=0.01)"',
           'p_uptake,Uptake,0.9,probability,"beta(mean=0.9, se=0.02)"')], ["p_uptake differs", "se=0.02"]),
        ([(BETA, "title:", "overrides: {p_uptake: 0.9}\ntitle:")], ["p_uptake differs", "fixed"]),
        ([(MODEL, "basis: birth", "basis: patient")], ["per patient", "basis differs"]),
        ([(MODEL, "currency: GBP", "currency: EUR"),
          (ROWS.format("beta"), "c_test,Own test,3.5,GBP", "c_test,Own test,3.5,EUR"),
          (ROWS.format("beta"), "c_early,Treated early,50000.0,GBP", "c_early,Treated early,50000.0,EUR"),
          (ROWS.format("beta"), "c_late,Treated late,60000.0,GBP", "c_late,Treated late,60000.0,EUR")],
         ["currency differs: alpha GBP; beta EUR", "c_test is in EUR"]),
        ([(BETA, "title:", "engine: microsimulation\ntitle:")], ["this one is simulated"]),
        ([(MODEL, "comparator: no_screening\n",
           "comparator: no_screening\ncorrelations: [{between: [p_uptake, c_early], rank: 0.3, source: smith}]\n")],
         ["p_uptake of beta is drawn jointly with c_early"]),
    ],
)  # fmt: skip
def test_refused_between_conditions(tmp_path, edits, words):
    found = refusal(tmp_path, *edits)
    for word in words:
        assert any(word in line for line in found), found
    assert all(line.startswith("configs/panel.yaml:") for line in found), found


def test_what_the_panel_imposes_cannot_be_overridden_in_one_condition(tmp_path):
    """It would be passed over in silence."""
    asked = "alpha.yaml, overrides: {births: 700000, p_uptake: 0.5}, marginal_cost"
    entry = (CONFIG, "alpha.yaml, marginal_cost", asked)
    births = (CONFIG, "  shared_test:", "  births: 500000\n  shared_test:")
    new = "p_uptake: {value: 0.8, unit: probability, source: smith, status: assumption}"
    row = (CONFIG, "  shared_parameters:", f"    {new}\n  shared_parameters:")
    found = refusal(tmp_path, births, row, entry)
    assert len(found) == 2, found
    for name, by in (("births", "panel.births"), ("p_uptake", "panel.parameters.p_uptake")):
        text = f"overrides.{name}: {name} is overridden here and imposed on all conditions by {by}."
        assert any(text in line for line in found), found


def test_births_that_differ_are_made_equal_by_the_panel(tmp_path):
    toys = {"alpha": {}, "beta": {"births": 650000}}
    edit = (CONFIG, "  shared_test:", "  births: 500000\n  shared_test:")
    assert set(load_panel(write_panel(tmp_path, toys, "", edit)).conditions) == {"alpha", "beta"}
    found = refusal(tmp_path, edit, (CONFIG, "[p_uptake]", "[p_uptake, births]"), toys=toys)
    assert any("births is imposed by births of the panel" in line for line in found), found


def test_a_set_up_cost_needs_births(tmp_path):
    found = refusal(
        tmp_path,
        (CONFIG, "tested: p_uptake}", "tested: p_uptake, set_up: {cost: c_marginal}}"),
        ("models/alpha/model.yaml", "births_per_year: births\n", ""),
        ("models/beta/model.yaml", "births_per_year: births\n", ""),
    )
    only(found, "configs/panel.yaml:4 panel.shared_test.set_up", "spread over births")


def test_conditions_whose_draws_are_mixtures_or_from_files(tmp_path):
    block = "analyses: {psa: {alternatives: {a: {weight: 1, overrides: {c_late: 1}}}}}"
    found = refusal(tmp_path, (BETA, "title:", f"{block}\ntitle:"), top=PSA)
    only(found, "configs/panel.yaml:13 panel.conditions.beta.config", "structural alternatives")
    load_panel(write_panel(tmp_path, None, "", (BETA, "title:", f"{block}\ntitle:")))  # without draws it may stand


def test_tested_that_varies_must_be_shared(tmp_path):
    row = 'p_done: {value: 0.9, unit: share, distribution: "beta(mean=0.9, se=0.1)", source: smith, status: derived}'
    found = refusal(
        tmp_path,
        (CONFIG, "  shared_parameters:", f"    {row}\n  shared_parameters:"),
        (CONFIG, "tested: p_uptake", "tested: p_done"),
    )
    only(found, "configs/panel.yaml:4 panel.shared_test.tested", "the conditions do not share it")


def test_draws_need_something_uncertain_and_must_fit(tmp_path):
    toys = {name: {"p_drawn": "", "uptake_drawn": "", "c_drawn": ""} for name in TWO}
    fixed = [
        (CONFIG, ' distribution: "gamma(mean=4, se=0.5)",', ""),
        (CONFIG, ' distribution: "gamma(mean=0.5, se=0.1)",', ""),
    ]
    only(refusal(tmp_path, *fixed, top=PSA, toys=toys), "configs/panel.yaml", "has a distribution")
    many = {f"c{i}": {} for i in range(60)}
    found = refusal(tmp_path, top="analyses: {psa: {draws: 1000000}}", toys=many)
    only(found, "configs/panel.yaml", "would take 960 MB", "At most 833,333 draws fit")


def test_a_condition_named_twice_is_refused_as_any_key(tmp_path):
    for name, values in TWO.items():
        for path, text in toy_files(name, **values).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
    config = tmp_path / CONFIG
    config.write_text(panel_text(["alpha", "alpha"]))
    with pytest.raises(InputError, match="this key stands already"):
        load_panel(config)


def test_a_panel_is_no_scenario(tmp_path):
    with pytest.raises(InputError, match="this is a panel of several conditions"):
        load_scenario(write_panel(tmp_path))
