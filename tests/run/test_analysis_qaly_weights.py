"""QALY weights of whole runs: per affected child, against the shipped life table, over draws, and what is refused."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from helpers import write_files

import nbsmodel
from nbsmodel.analysis.life_table import population_qale
from nbsmodel.errors import InputError
from nbsmodel.model.tables import reference_table

ROOT = Path(__file__).resolve().parents[2]
UK = ROOT / "configs/sma/uk_qaly_weights.yaml"

MODEL = """\
title: Weights
condition: None
decision_problem: A test
population: Newborns
perspective: Health service
currency: GBP
price_year: 2024/25
basis: birth
perspectives: [carer]
strategies:
  usual: {label: Usual care, treated: 0}
  new: {label: New, treated: 1}
comparator: usual
tree:
  ill:
    p: p_ill
    case: true
    payoffs:
      - {outcome: qaly, value: usual_now + treated * gain_now}
      - {outcome: qaly, value: usual_later + treated * gain_later, at: 20}
      - {outcome: qaly, value: treated * 50, perspective: carer}
      - {outcome: cost, value: treated * 300000}
  well: {p: rest, payoffs: [{outcome: qaly, value: -treated * 0.002}]}
"""
PARAMETERS = """\
name,label,value,unit,distribution,source,status,price_year,note
p_ill,Born ill,0.01,probability,,here,assumption,,
usual_now,QALYs at once,7,number,"normal(mean=7, se=0.5)",here,assumption,,
usual_later,QALYs at twenty,0,number,,here,assumption,,
gain_now,QALYs gained at once,2,number,,here,assumption,,
gain_later,QALYs gained at twenty,16,number,,here,assumption,,
"""


def write(folder, config="analyses: {qaly_weights: true}\n", model=MODEL):
    write_files(
        folder,
        {
            "model/model.yaml": model,
            "model/parameters.csv": PARAMETERS,
            "model/sources.yaml": "here: {citation: A test}\n",
            "base.yaml": "model: model\n" + config,
        },
    )
    return folder / "base.yaml"


def tables(folder, *sets, **how):
    return nbsmodel.run(write(folder, **how), sets, write=False).tables


def at(table, **where):
    for key, value in where.items():
        table = table[table[key] == value]
    (found,) = table.to_dict("records")
    return found


@cache
def uk(*sets):
    return nbsmodel.run(UK, ["analyses.psa.draws=300", *sets], write=False)


def test_the_general_population_of_the_uk():
    """HSE 2014, UK 2018-2020, half and half, 3.5%: 24.868 QALYs, the mean of two figures of three places."""
    row = uk("analyses.qaly_weights.female_share=0.5").tables["qaly_weights"].iloc[0]
    assert row["qale"] == pytest.approx(24.868, abs=1e-3)
    assert row["qaly_for_1.7"] == pytest.approx(6.868, abs=1e-3)
    assert row["qaly_for_1.2"] == pytest.approx(12.868, abs=1e-3)


def test_girls_and_boys_apart_and_mixed():
    qale = [uk(f"analyses.qaly_weights.female_share={s}").tables["qaly_weights"]["qale"][0] for s in (1, 0, 0.487)]
    assert qale[0] == pytest.approx(24.604, abs=5e-4) and qale[1] == pytest.approx(25.131, abs=5e-4)
    assert qale[2] == pytest.approx(0.487 * qale[0] + 0.513 * qale[1], rel=1e-12)
    middle = uk("analyses.qaly_weights.timing=mid", "analyses.qaly_weights.female_share=1").tables["qaly_weights"]
    assert middle["qale"][0] == pytest.approx(24.184, abs=5e-4)


def test_weights_and_results_by_hand(tmp_path):
    found = tables(tmp_path)
    row = found["qaly_weights"].iloc[0]
    assert row["qaly_comparator"] == pytest.approx(7, rel=1e-12)
    assert row["absolute_shortfall"] == pytest.approx(row["qale"] - 7, rel=1e-12)
    assert (row["weight_absolute"], row["weight_proportional"], row["severity_weight"]) == (1.2, 1.0, 1.2)
    assert row["inc_qaly_lifetime"] == pytest.approx(18, rel=1e-12) and row["hst_weight"] == pytest.approx(1.8)
    later = 16 / 1.035**20
    affected, others = 0.01 * (2 + later), -0.99 * 0.002
    for kind, weight in (("unweighted", 1.0), ("severity", 1.2)):
        result = at(found["qaly_weights_results"], weighting=kind, threshold=20_000)
        assert result["inc_qaly_affected"] == pytest.approx(affected, rel=1e-12)
        assert result["inc_qaly_others"] == pytest.approx(others, rel=1e-9)
        assert result["inc_qaly"] == pytest.approx(weight * affected + others, rel=1e-12)
        assert result["icer"] == pytest.approx(3000 / (weight * affected + others), rel=1e-12)
        assert result["inmb"] == pytest.approx(20_000 * (weight * affected + others) - 3000, rel=1e-9)
    rare = at(found["qaly_weights_results"], weighting="hst")
    assert rare["threshold"] == 100_000 and rare["inc_qaly"] == pytest.approx(1.8 * affected + others, rel=1e-12)
    plain = at(found["qaly_weights_results"], weighting="unweighted", threshold=20_000)
    pair = found["pairwise"].iloc[0]
    assert (plain["inc_cost"], plain["icer"]) == (pair["inc_cost"], pytest.approx(pair["icer"], rel=1e-12))


def test_the_rate_of_the_shortfall_is_its_own(tmp_path):
    sets = ["overrides.usual_later=10"]
    usual = tables(tmp_path, *sets)
    other = tables(tmp_path, *sets, "settings.discount_rate_outcomes=0.015")
    assert usual["qaly_weights"].equals(other["qaly_weights"])
    assert usual["qaly_weights"]["qaly_comparator"][0] == pytest.approx(7 + 10 / 1.035**20, rel=1e-12)
    gained = at(other["qaly_weights_results"], weighting="unweighted", threshold=20_000)["inc_qaly_affected"]
    assert gained == pytest.approx(0.01 * (2 + 16 / 1.015**20), rel=1e-12)
    changed = tables(tmp_path, *sets, "analyses.qaly_weights.rate=0.015")["qaly_weights"].iloc[0]
    assert changed["qaly_comparator"] == pytest.approx(7 + 10 / 1.015**20, rel=1e-12)
    assert changed["qale"] > usual["qaly_weights"]["qale"][0]


def test_carers_never_enter_the_weights_and_are_never_weighted(tmp_path):
    off, on = tables(tmp_path), tables(tmp_path, "settings.perspectives=[health_system, carer]")
    assert off["qaly_weights"].equals(on["qaly_weights"])
    for kind in ("unweighted", "severity"):
        a, b = (at(t["qaly_weights_results"], weighting=kind, threshold=20_000) for t in (off, on))
        assert b["inc_qaly_affected"] == a["inc_qaly_affected"]
        assert b["inc_qaly"] - a["inc_qaly"] == pytest.approx(0.01 * 50, rel=1e-12)


def test_every_draw_has_its_own_weight(tmp_path):
    config = "analyses: {psa: {draws: 4000}, qaly_weights: true}\n"
    output = nbsmodel.run(write(tmp_path, config), write=False)
    row = output.tables["qaly_weights"].iloc[0]
    drawn = output.psa.draws["usual_now"].to_numpy()
    absolute = row["qale"] - drawn
    weights = np.where(absolute >= 18, 1.7, np.where(absolute >= 12, 1.2, 1.0))
    assert row["draws"] == 4000
    for weight in (1.0, 1.2, 1.7):
        assert row[f"share_weight_{weight:g}"] == np.mean(weights == weight)
    assert 0.3 < row["share_weight_1.7"] < 0.5  # 6.87 lies a quarter of a standard error below the mean
    assert row["qaly_comparator_mean"] == pytest.approx(drawn.mean(), rel=1e-9)
    affected, others = 0.01 * (2 + 16 / 1.035**20), -0.99 * 0.002
    inmb = 20_000 * (weights * affected + others) - 3000
    result = at(output.tables["qaly_weights_results"], weighting="severity", threshold=20_000)
    assert result["inmb_mean"] == pytest.approx(inmb.mean(), rel=1e-9)
    assert result["probability"] == np.mean(inmb > 0)
    # the weight of the mean is not the mean weight
    assert row["severity_weight"] == 1.2 and row["severity_weight_mean"] == pytest.approx(weights.mean())


def test_results_at_weight_one_are_those_of_the_probabilistic_analysis():
    output = uk()
    sample = output.psa.sample
    for threshold in (20_000, 35_000):
        row = at(output.tables["qaly_weights_results"], weighting="unweighted", threshold=threshold)
        inmb = sample.incremental_net_benefit(threshold)[:, 1]
        assert row["inmb_mean"] == pytest.approx(inmb.mean(), rel=1e-9)
        assert row["probability"] == np.mean(inmb > 0)


def test_the_uk_model_per_affected_child():
    output = uk()
    row = output.tables["qaly_weights"].iloc[0]
    program = output.tables["programme"].set_index("quantity")
    assert row["qaly_comparator"] == pytest.approx(program.loc["QALYs, per affected birth", "no_screening"], rel=1e-9)
    assert row["severity_weight"] == 1.2 and 1 < row["hst_weight"] < 3
    norms, life = reference_table("uk_utility_norms").columns, reference_table("uk_life_table_2018_2020").columns
    by_sex = {sex: norms[f"hse2014_eq5d3l_{sex}"] for sex in ("female", "male")}
    assert row["qale"] == float(population_qale(life, by_sex, 0.035, 0, 0.513))


def test_a_simulation_agrees_with_the_cohort(tmp_path):
    model = MODEL.replace("  well: {p: rest", "    cohort: life\n    start: alive_\n  well: {p: rest") + (
        "cohorts:\n  life:\n    cycles: {length: 1 year, count: 100}\n    states: {alive_: {}, dead: {dead: true}}\n"
        "    transitions: {alive_: {dead: {hazard: 0.2}}}\n"
        "    payoffs: [{in: alive_, outcome: qaly, value: 0.5 + 0.3 * treated, per: year}]\n"
    )
    config = "engine: microsimulation\nindividuals: 20000\nanalyses: {qaly_weights: true}\n"
    ours = tables(tmp_path / "a", config=config, model=model)["qaly_weights"].iloc[0]
    exact = tables(tmp_path / "b", model=model)["qaly_weights"].iloc[0]
    for column in ("qaly_comparator", "inc_qaly_lifetime", "hst_weight"):
        assert ours[column] == pytest.approx(exact[column], rel=0.02) and ours[column] != exact[column]


COHORT = """\
cohorts:
  life:
    start_age: 0
    cycles: {length: 1 year, count: 100}
    states: {alive_: {}, dead: {dead: true}}
    transitions: {alive_: {dead: {hazard: 0.2}}}
    payoffs: [{in: alive_, outcome: qaly, value: 0.5 + 0.3 * treated, per: year}]
"""
ENTERED = MODEL.replace("  well: {p: rest", "    cohort: life\n    start: alive_\n  well: {p: rest")


@pytest.mark.parametrize("engine", ["cohort", "microsimulation\nindividuals: 500"])
def test_a_cohort_that_begins_at_another_age_is_refused(tmp_path, engine):
    """Else adults would be held against the life expectancy of newborns, and weigh 1.7 for it."""
    config = f"engine: {engine}\nanalyses: {{qaly_weights: {{age: AGE}}}}\n"
    adult = ENTERED + COHORT.replace("start_age: 0", "start_age: 60.5")
    with pytest.raises(
        InputError, match="children enter the cohort life at age 60.5; QALYs are expected from 0"
    ) as caught:
        tables(tmp_path, config=config.replace("AGE", "0"), model=adult)
    assert caught.value.problems[0].place.endswith("analyses.qaly_weights.age")
    assert len(tables(tmp_path, config=config.replace("AGE", "60"), model=adult)["qaly_weights"]) == 1


def test_a_cohort_that_ends_before_life_does_is_refused(tmp_path):
    short = ENTERED + COHORT.replace("count: 100", "count: 20")
    with pytest.raises(InputError, match="the cohort life ends at age 20 with 2% alive; shortfall is of whole lives"):
        tables(tmp_path, model=short)
    few = short.replace("hazard: 0.2", "hazard: 0.5")  # next to nobody is alive after twenty years
    assert len(tables(tmp_path, model=few)["qaly_weights"]) == 1


def test_the_shipped_tables_are_hashed_and_cited(tmp_path):
    asked = "{life_table: england_life_table_2017_2019, norm: mvh_1993}"
    nbsmodel.run(write(tmp_path, f"analyses: {{qaly_weights: {asked}}}\n"), out=tmp_path / "o")
    inputs = json.loads((tmp_path / "o/manifest.json").read_text())["inputs"]
    for name in ("england_life_table_2017_2019", "uk_utility_norms"):
        assert f"nbsmodel/reference/{name}.csv" in inputs
    text = (tmp_path / "o/report.html").read_text().partition("References")[2]
    assert "National life tables, England" in text and "Quality-adjusted life expectancy norms" in text


def test_many_strategies_have_a_figure_too(tmp_path):
    more = "".join(f"  new{i}: {{label: New {i}, treated: 0.{i:02d}}}\n" for i in range(12))
    config = write(tmp_path, model=MODEL.replace("comparator:", f"{more}comparator:"))
    nbsmodel.run(config, out=tmp_path / "o")
    assert "New 11" in (tmp_path / "o/figures/qaly_weights.svg").read_text()


def test_the_report_says_that_nice_does_not_apply_it(tmp_path):
    config = write(tmp_path, "analyses: {psa: {draws: 200}, qaly_weights: {hst_threshold: 300000}}\n")
    nbsmodel.run(config, out=tmp_path / "o")
    text = (tmp_path / "o/report.html").read_text()
    assert "NICE does not apply the severity modifier" in text and 'id="qaly-weights"' in text
    assert "National life table, United Kingdom, 2018 to 2020" in text
    for name in ("qaly_weights.csv", "qaly_weights_results.csv", "figures/qaly_weights.svg"):
        assert (tmp_path / "o" / name).exists()
    assert "300,000" in text


@pytest.mark.parametrize(
    ("config", "edit", "says"),
    [
        ("qaly_weights: {female_share: 1.2}", None, "female_share"),
        ("qaly_weights: {life_table: uk_life_table_2018_2021}", None, "Did you mean uk_life_table_2018_2020"),
        ("qaly_weights: {life_table: uk_births}", None, "no shipped life table uk_births"),
        ("qaly_weights: {norm: hse2014_eq5d}", None, "Did you mean hse2014_eq5d3l"),
        ("qaly_weights: {age: 101}", None, "age"),
        ("qaly_weights: {age: 1.5}", None, "age"),
        ("qaly_weights: {rate: -0.1}", None, "rate"),
        ("qaly_weights: {hst_threshold: 0}", None, "hst_threshold"),
        ("qaly_weights: {normm: x}", None, "normm"),
        ("qaly_weights: true", ("    case: true\n", ""), "case: true"),
        ("qaly_weights: true", ("  new: {label: New, treated: 1}\n", ""), "one strategy"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_place(tmp_path, config, edit, says):
    model = MODEL if edit is None else MODEL.replace(*edit)
    assert edit is None or model != MODEL
    with pytest.raises(InputError) as caught:
        tables(tmp_path, config=f"analyses:\n  {config}\n", model=model)
    problem = next(p for p in caught.value.problems if says in str(p))
    assert "base.yaml:3" in problem.place


@pytest.mark.parametrize(
    ("sets", "says"),
    [
        (["settings.effect=life_years"], "weights are for QALYs"),
        (["settings.perspectives=[carer]"], "leaves out health_system"),
        (["overrides.p_ill=0"], "nobody is born with the condition"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path, sets, says):
    with pytest.raises(InputError, match=says):
        tables(tmp_path, *sets)


def test_a_horizon_shorter_than_life_is_refused():
    with pytest.raises(InputError, match="ends before life does"):
        uk("settings.horizon=50 years")


def test_strategies_with_other_affected_births_are_refused(tmp_path):
    model = MODEL.replace("p: p_ill", "p: p_ill * (1 + treated)")
    with pytest.raises(InputError, match="differ in the share of births"):
        tables(tmp_path, model=model)
