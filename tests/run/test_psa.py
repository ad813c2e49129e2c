"""Draws and their outcomes: refused ones, alternatives, the same bytes however a run is split, base values."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import write_complete

import nbsmodel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError
from nbsmodel.run import psa as psa_module
from nbsmodel.run.analyses import Job
from nbsmodel.run.psa import psa_at, run_psa
from nbsmodel.run.runs import Runs, silent

PARAMETERS, CONFIG, MODEL = "model/parameters.csv", "configs/base.yaml", "model/model.yaml"
SPECIFICITY = "p_specificity,Specificity,0.999,probability,,smith"
UPTAKE = (CONFIG, "overrides:\n  p_uptake: 0.99\n", "")


def psa_of(folder, *edits, sets=(), **options):
    scenario = load_scenario(write_complete(folder, *edits), ("analyses.psa.draws=300", *sets))
    return run_psa(scenario, **options)


def out_of_crisis(dying):
    """A second way out of a state, so that two probabilities may add up to more than 1."""
    old, lead = "dead: {probability: p_death_crisis, per: year}", "crisis:\n        "
    return (
        lead + old,
        f"{lead}dead: {{probability: {dying}, per: cycle}}\n        well: {{probability: h_ill, per: cycle}}",
    )


def test_a_draw_is_what_one_run_with_its_values_gives(tmp_path):
    psa = psa_of(tmp_path)
    config = tmp_path / CONFIG
    assert list(psa.draws.columns) == ["p_birth", "p_sensitivity", "p_late", "p_early", "h_ill", "hr_treated"]
    assert psa.asked == len(psa.draws) == len(psa.sample) == 300 and psa.refused.empty
    for i in (0, 17, 299):
        sets = [f"overrides.{name}={value!r}" for name, value in psa.draws.iloc[i].items()]
        one = nbsmodel.run(config, sets, write=False).result
        for outcome in ("cost", "qaly", "admission"):
            assert np.array_equal(psa.sample.outcomes[outcome][i], one.by_strategy(outcome)[0])
        assert psa.sample.cases[i] == one.case_probability()[0, 0] and psa.sample.births[i] == one.births[0]


def test_a_table_of_base_values_gives_the_base_case_to_the_last_bit(tmp_path):
    config = write_complete(tmp_path)
    base = load_scenario(config)
    rows = base.model.parameters.rows
    drawn = {n: np.full(7, row.value) for n, row in rows.items() if row.uncertain and n not in base.overrides}
    pd.DataFrame(drawn).to_parquet(tmp_path / "same.parquet")
    output = nbsmodel.run(config, [f"analyses.psa.file={tmp_path / 'same.parquet'}"], write=False)
    for outcome, values in output.psa.sample.outcomes.items():
        assert (values == output.result.by_strategy(outcome)[0]).all(), outcome
    assert (output.tables["evpi"]["evpi"] == 0).all()
    summary = output.tables["psa_summary"]
    assert (summary["sd"].fillna(0) == 0).all()


@pytest.mark.parametrize("threads, block, first", [(1, None, 200), (2, 3, 7), (3, 100, 1), (2, 1000, 5000)])
def test_the_same_bytes_however_it_is_split(tmp_path, monkeypatch, threads, block, first):
    monkeypatch.setattr(psa_module, "FIRST_PART", first)
    monkeypatch.setattr(psa_module, "SECONDS", 1e9)  # parts grow by a factor of four
    wide = (PARAMETERS, SPECIFICITY, SPECIFICITY.replace(",,smith", ',"normal(mean=0.999, se=0.001)",smith'))
    alternatives = "analyses.psa.alternatives={a: {weight: 2}, b: {weight: 1, choices: {outlook: cautious}}}"
    config = write_complete(tmp_path, wide)
    sets = ["analyses.psa.draws=400", alternatives]
    for name, options in {"whole": {"threads": 1}, "split": {"threads": threads, "block": block}}.items():
        nbsmodel.run(config, sets, out=tmp_path / name, **options)
        monkeypatch.setattr(psa_module, "FIRST_PART", 400 if name == "split" else first)
    for file in ("psa_draws.parquet", "psa_outcomes.parquet", "psa_refused.csv"):
        assert (tmp_path / "whole" / file).read_bytes() == (tmp_path / "split" / file).read_bytes(), file


def test_draws_outside_their_unit_are_refused_and_counted(tmp_path):
    wide = (
        PARAMETERS,
        SPECIFICITY,
        SPECIFICITY.replace("0.999,probability,,", '0.95,probability,"normal(mean=0.95, se=0.1)",'),
    )
    psa = psa_of(tmp_path, wide, sets=["analyses.psa.draws=4000"])
    row = psa.refused.iloc[0]
    assert list(psa.refused["cause"]) == ["p_specificity"] and row["kind"] == "parameter"
    assert row["share"] == pytest.approx(0.3085, abs=0.03) and row["lowest"] > 1  # P(Z > 0.5)
    assert row["refused"] + len(psa.draws) == 4000 == psa.asked
    assert psa.draws["p_specificity"].max() <= 1 and not psa.kept[row["first_draw"]]
    # the others are as they were: refusing is leaving out
    all_ = psa_of(tmp_path / "other", sets=["analyses.psa.draws=4000"])
    assert psa.draws["h_ill"].equals(all_.draws["h_ill"][psa.kept])
    assert np.array_equal(psa.sample.draws, np.flatnonzero(psa.kept))


def test_draws_that_a_formula_refuses_are_found_one_by_one(tmp_path):
    # two probabilities out of one state: above 1 together in a few draws
    edit = (MODEL, *out_of_crisis("p_death_crisis"))
    psa = psa_of(tmp_path, edit, sets=["analyses.psa.draws=1000"])
    too_high = psa_of(tmp_path / "plain", sets=["analyses.psa.draws=1000"]).draws["h_ill"] > 0.7
    assert list(psa.refused["kind"]) == ["formula"] and 5 < psa.refused["refused"].iloc[0] == too_high.sum()
    assert "transitions.crisis" in psa.refused["cause"].iloc[0]
    assert set(psa.draws.index) == set(np.flatnonzero(~too_high))


def test_too_many_impossible_draws_end_the_run(tmp_path):
    edit = (MODEL, *out_of_crisis("0.5"))
    with pytest.raises(InputError, match="draws give an impossible value"):
        psa_of(tmp_path, edit, sets=["analyses.psa.draws=1000"])


def test_nothing_possible_says_what_refused(tmp_path):
    wide = (PARAMETERS, SPECIFICITY, SPECIFICITY.replace(",,smith", ',"normal(mean=5, se=0.1)",smith'))
    with pytest.raises(InputError, match=r"only 0 of 300 draws can be run; refused by p_specificity \(300\)"):
        psa_of(tmp_path, wide)


def test_alternatives_are_drawn_by_weight_and_each_draw_is_run_under_its_own(tmp_path):
    dark = "{weight: 1, choices: {outlook: cautious}, overrides: {u_well: 0.8}}"
    both = f"analyses.psa.alternatives={{seen: {{weight: 3}}, dark: {dark}}}"
    psa = psa_of(tmp_path, sets=["analyses.psa.draws=2000", both])
    share = (psa.draws["alternative"] == "dark").mean()
    assert share == pytest.approx(0.25, abs=0.04)
    for name, sets in {"seen": (), "dark": ("choices.outlook=cautious", "overrides.u_well=0.8")}.items():
        alone = psa_of(tmp_path / name, sets=["analyses.psa.draws=2000", *sets])
        rows = (psa.draws["alternative"] == name).to_numpy()
        for outcome in ("cost", "qaly"):
            assert np.array_equal(psa.sample.outcomes[outcome][rows], alone.sample.outcomes[outcome][rows])


@pytest.mark.parametrize("weights, same_as", [((1, 0), ()), ((0, 1), ("choices.outlook=cautious",))])
def test_weights_of_one_and_none_give_each_structure(tmp_path, weights, same_as):
    other = f"{{weight: {weights[1]}, choices: {{outlook: cautious}}}}"
    both = f"analyses.psa.alternatives={{a: {{weight: {weights[0]}}}, b: {other}}}"
    mixed, alone = psa_of(tmp_path, sets=[both]), psa_of(tmp_path / "alone", sets=same_as)
    assert np.array_equal(mixed.sample.cost, alone.sample.cost) and np.array_equal(
        mixed.sample.effect, alone.sample.effect
    )


def test_what_the_scenario_overrides_is_not_drawn(tmp_path):
    psa = psa_of(tmp_path, sets=["overrides.h_ill=0.4", "overrides.p_late=0.1"])
    assert not {"h_ill", "p_late"} & set(psa.draws.columns)
    assert np.allclose(psa.draws["p_early"], 0.9)  # what the overridden member of the Dirichlet group leaves


def test_changed_values_over_the_same_draws(tmp_path):
    scenario = load_scenario(write_complete(tmp_path), ["analyses.psa.draws=200"])
    psa = run_psa(scenario)
    job = Job(scenario, None, Runs(scenario), psa, silent)
    same = psa_at(job, {"c_drug": 2000.0})
    assert np.array_equal(same.cost, psa.sample.cost) and np.array_equal(same.draws, psa.sample.draws)
    other = psa_at(job, {"c_drug": 1000.0, "h_ill": 0.4})
    alone = psa_of(tmp_path / "alone", sets=["analyses.psa.draws=200", "overrides.c_drug=1000", "overrides.h_ill=0.4"])
    assert np.array_equal(other.cost, alone.sample.cost)
    with pytest.raises(InputError, match="c_drug = -5"):
        psa_at(job, {"c_drug": -5.0})


def test_files_hold_the_draws_with_their_numbers(tmp_path):
    config = write_complete(tmp_path)
    output = nbsmodel.run(config, ["analyses.psa.draws=50"], out=tmp_path / "out")
    draws = pd.read_parquet(tmp_path / "out" / "psa_draws.parquet")
    outcomes = pd.read_parquet(tmp_path / "out" / "psa_outcomes.parquet")
    assert list(outcomes.columns) == ["draw", "strategy", "outcome", "value"]
    assert list(draws["draw"]) == list(range(50)) and set(outcomes["draw"]) == set(range(50))
    wide = outcomes[outcomes["outcome"] == "cost"].pivot(index="draw", columns="strategy", values="value")
    assert np.array_equal(wide[["usual", "screening"]].to_numpy(), output.psa.sample.cost)
    assert not list(tmp_path.glob(".out*"))  # nothing is left beside it


def test_its_own_draws_given_back_replay_to_the_last_bit(tmp_path):
    config = write_complete(tmp_path)
    first = nbsmodel.run(config, ["analyses.psa.draws=60"], out=tmp_path / "a")
    again = nbsmodel.run(config, [f"analyses.psa.file={tmp_path / 'a' / 'psa_draws.parquet'}"], out=tmp_path / "b")
    assert np.array_equal(first.psa.sample.cost, again.psa.sample.cost)
    assert (tmp_path / "a/psa_outcomes.parquet").read_bytes() == (tmp_path / "b/psa_outcomes.parquet").read_bytes()
    resolved = nbsmodel.run(tmp_path / "b" / "resolved_config.yaml", out=tmp_path / "c")  # reads the draws beside it
    assert np.array_equal(first.psa.sample.cost, resolved.psa.sample.cost)


def test_simulated_children_over_draws_in_parts(tmp_path, monkeypatch):
    from simulated import write_simulated

    config = write_simulated(tmp_path, individuals="individuals: 50")
    scenario = load_scenario(config, ["analyses.psa.draws=12"])
    whole = run_psa(scenario)
    monkeypatch.setattr(psa_module, "FIRST_PART", 5)
    monkeypatch.setattr(psa_module, "MOST_PART", 5)
    parts = run_psa(scenario, threads=2)
    assert np.array_equal(whole.sample.cost, parts.sample.cost) and np.ptp(whole.sample.cost[:, 1]) > 0


def test_the_seed_matters_and_none_is_special(tmp_path):
    zero, one, again = (psa_of(tmp_path / n, sets=[f"seed={s}"]) for n, s in (("a", 0), ("b", 1), ("c", 0)))
    assert zero.draws.equals(again.draws) and not zero.draws.equals(one.draws)


def test_the_record_names_the_analyses(tmp_path):
    nbsmodel.run(write_complete(tmp_path), ["analyses.psa.draws=50"], out=tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["analyses"] == ["psa"] and "pyarrow" in manifest["libraries"]
    assert "draws: 50" in Path(tmp_path / "out" / "resolved_config.yaml").read_text()


def test_members_that_stand_at_a_number_leave_the_others_the_rest():
    """Three shares; two ways to fix one of them give the same."""
    from nbsmodel.model.distribution_groups import Dirichlet
    from nbsmodel.model.parameters import ParameterTable
    from nbsmodel.model.sampling import given_fixed

    group = Dirichlet("g", ("a", "b", "c"), [5.0, 3.0, 2.0])
    table = ParameterTable({}, (group,), ())
    u = np.random.default_rng(1).uniform(size=(20_000, 3))
    drawn = dict(zip("abc", group.from_uniforms(u).T, strict=True)) | {"x": u[:, 0]}
    found = given_fixed(table, drawn, {"b": 0.4})
    assert list(found) == ["a", "c", "x"] and found["x"] is drawn["x"]
    assert np.allclose(found["a"] + found["c"], 0.6)
    assert found["a"].mean() == pytest.approx(0.6 * 5 / 7, abs=0.003)  # a / (a + c) is beta(5, 2)
    again = given_fixed(table, given_fixed(table, drawn, {"b": 0.4}), {"b": 0.4})
    assert np.allclose(again["a"], found["a"])
    assert given_fixed(table, drawn, {"x": 1.0}).keys() == {"a", "b", "c"}


@pytest.mark.parametrize(
    "sets, says",
    [
        (["overrides.p_late=0.4"], "would add up to 1.3 with this. Override p_early too"),
        (["overrides.p_late=1.0", "overrides.p_early=0"], None),
        (["overrides.p_late=0.1"], None),
        (["analyses.psa.alternatives={a: {weight: 1, overrides: {p_late: 0.4}}}"], "alternatives.a"),
    ],
)
def test_shares_that_no_longer_add_up_are_refused(tmp_path, sets, says):
    config = write_complete(tmp_path)
    if says is None:
        assert nbsmodel.run(config, sets, write=False).result.draws == 1
        return
    with pytest.raises(InputError, match=says):
        nbsmodel.run(config, ["analyses.psa.draws=20", *sets], write=False)


def test_a_file_with_part_of_a_group_is_refused(tmp_path):
    config = write_complete(tmp_path)
    (tmp_path / "part.csv").write_text("draw,p_late\n0,0.1\n1,0.2\n")
    with pytest.raises(InputError, match="the file has p_late but not p_early, with which they add up to 1"):
        nbsmodel.run(config, [f"analyses.psa.file={tmp_path / 'part.csv'}"], write=False)


def test_causes_are_counted_in_the_same_order_whatever_the_parts(tmp_path, monkeypatch):
    rows = ["draw,p_sensitivity,h_ill"] + [f"{i},0.9,0.5" for i in range(100)]
    rows[11], rows[61] = "10,0.9,0.99", "60,1.5,0.5"  # a formula refuses the one, the unit the other
    (tmp_path / "draws.csv").write_text("\n".join(rows) + "\n")
    found = []
    for part in (100, 50):
        monkeypatch.setattr(psa_module, "FIRST_PART", part)
        monkeypatch.setattr(psa_module, "MOST_PART", part)
        psa = run_psa(load_scenario(write_complete(tmp_path / str(part), (MODEL, *out_of_crisis("p_death_crisis"))),
                                    [f"analyses.psa.file={tmp_path / 'draws.csv'}"]))  # fmt: skip
        found.append(psa.refused)
    assert list(found[0]["first_draw"]) == list(found[1]["first_draw"]) == [10, 60]
    assert list(found[0]["kind"]) == ["formula", "parameter"]


def test_a_file_brings_its_own_number_of_draws(tmp_path):
    config = write_complete(tmp_path)
    nbsmodel.run(config, ["analyses.psa.draws=20"], out=tmp_path / "a")
    file = f"analyses.psa.file={tmp_path / 'a' / 'psa_draws.parquet'}"
    with pytest.raises(InputError, match="a `file` brings its own number of draws"):
        nbsmodel.run(config, ["analyses.psa.draws=10", file], write=False)
    assert (
        len(nbsmodel.run(config, ["analyses.psa.draws=10", file, "analyses.psa.draws=null"], write=False).psa.draws)
        == 20
    )


def test_simulated_draws_of_a_file_are_run_again_with_refused_ones_in_place(tmp_path):
    from simulated import write_simulated

    config = write_simulated(tmp_path, individuals="individuals: 40")
    rows = ["draw,p_sensitivity"] + [f"{i},{1.5 if i in (3, 7) else 0.9}" for i in range(12)]
    (tmp_path / "draws.csv").write_text("\n".join(rows) + "\n")
    first = nbsmodel.run(config, [f"analyses.psa.file={tmp_path / 'draws.csv'}"], out=tmp_path / "a")
    (tmp_path / "draws.csv").unlink()
    again = nbsmodel.run(tmp_path / "a" / "resolved_config.yaml", out=tmp_path / "b")
    assert list(first.psa.sample.draws) == [0, 1, 2, 4, 5, 6, 8, 9, 10, 11]
    assert np.array_equal(first.psa.sample.cost, again.psa.sample.cost)
    assert (tmp_path / "a/psa_refused.csv").read_bytes() == (tmp_path / "b/psa_refused.csv").read_bytes()


def test_a_part_without_cases_goes_with_those_that_have_some(tmp_path, monkeypatch):
    config = write_complete(tmp_path)
    (tmp_path / "draws.csv").write_text("p_birth\n0\n0\n0.001\n0.002\n")
    monkeypatch.setattr(psa_module, "FIRST_PART", 2)
    monkeypatch.setattr(psa_module, "MOST_PART", 2)
    psa = run_psa(load_scenario(config, [f"analyses.psa.file={tmp_path / 'draws.csv'}"]))
    assert list(psa.sample.cases) == [0, 0, 0.001, 0.002]


def test_draws_and_outcomes_are_read_back_together_or_not_at_all(tmp_path):
    config = write_complete(tmp_path)
    both = "analyses.psa.alternatives={a: {weight: 1}, b: {weight: 1, choices: {outlook: cautious}}}"
    first = nbsmodel.run(config, ["analyses.psa.draws=40", both], out=tmp_path / "a")
    nbsmodel.run(config, ["analyses.psa.draws=40", both, "seed=2"], out=tmp_path / "b")
    draws, sample = nbsmodel.read_psa(tmp_path / "a")
    assert draws.equals(first.psa.draws) and sample.strategies == first.psa.sample.strategies
    for name, values in first.psa.sample.outcomes.items():
        assert np.array_equal(sample.outcomes[name], values)
    for name in ("cost", "effect", "births", "cases", "draws"):
        assert np.array_equal(getattr(sample, name), getattr(first.psa.sample, name)), name
    sample.paired(draws.index.to_numpy())
    with pytest.raises(InputError, match="these outcomes .40 draws. are not of the draws in"):
        nbsmodel.read_psa(tmp_path / "a" / "psa_draws.parquet", tmp_path / "b" / "psa_outcomes.parquet")
    with pytest.raises(InputError, match="this is no psa_outcomes.parquet of a run"):
        nbsmodel.read_psa(tmp_path / "a" / "psa_draws.parquet", tmp_path / "a" / "psa_draws.parquet")
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    with pytest.raises(InputError, match="no Parquet file that can be read"):
        nbsmodel.read_psa(tmp_path / "junk.parquet", tmp_path / "a" / "psa_outcomes.parquet")
    with pytest.raises(InputError, match="no such file"):
        nbsmodel.read_psa(tmp_path / "nowhere")
