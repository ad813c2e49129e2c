"""Global sensitivity of a scenario: its factors, its runs, what is refused, what the tables and the report say."""

import re

import numpy as np
import pandas as pd
import pytest
from helpers import write_complete

import nbsmodel
from nbsmodel.config.scenario import load_scenario
from nbsmodel.errors import InputError
from nbsmodel.run import global_sensitivity
from nbsmodel.run.global_sensitivity import factors_of, label_of, varying

SOBOL = ["strategy", "threshold", "factor", "label", "parameters", "s1", "s1_half_width", "st", "st_half_width",
         "base_samples", "evaluations"]  # fmt: skip
SUMMARY = ["strategy", "threshold", "factors", "mean", "sd", "s1_sum", "s1_sum_half_width", "base_samples",
           "evaluations"]  # fmt: skip
MORRIS = ["strategy", "threshold", "factor", "label", "parameters", "mu_star", "mu_star_half_width", "mu", "sigma",
          "trajectories", "levels", "evaluations"]  # fmt: skip
PAWN = ["strategy", "threshold", "factor", "label", "median", "maximum", "cv", "noise", "draws"]

CORRELATED = (
    "model/model.yaml",
    "derived:\n",
    "correlations:\n  - {between: [p_sensitivity, h_ill], rank: 0.7, source: smith}\nderived:\n",
)
GAUSS = (
    "model/parameters.csv",
    'h_ill,Hazard of illness,0.5,rate,"gamma(mean=0.5, se=0.1)",smith,published,,\n'
    'hr_treated,Hazard ratio,0.3,ratio,"lognormal(mean=0.3, se=0.05)",smith,published,,\n',
    'h_ill,Hazard of illness,0.5,rate,"multivariate_normal(group=hazards, covariance=[0.004])",smith,published,,\n'
    'hr_treated,Hazard ratio,0.3,ratio,"multivariate_normal(group=hazards, covariance=[0.001, 0.0025])",smith,'
    "published,,\n",
)


def config(tmp_path, *edits):
    return write_complete(tmp_path, *edits)


def run(path, *sets, write=False, **more):
    return nbsmodel.run(path, list(sets), write=write, **more)


# --- factors


def test_parameters_that_vary_together_are_one_factor(tmp_path):
    scenario = load_scenario(config(tmp_path, CORRELATED))
    factors = {f.name: f for f in factors_of(scenario)}
    assert list(factors) == ["p_birth", "p_sensitivity + h_ill", "timing", "hr_treated"]
    assert factors["timing"].members == ("p_late", "p_early")
    assert label_of(scenario, factors["p_birth"]) == "Birth prevalence"
    assert label_of(scenario, factors["timing"]) == "Timing (2 parameters)"
    assert label_of(scenario, factors["p_sensitivity + h_ill"]) == "Sensitivity + hazard of illness (2 parameters)"
    both = load_scenario(config(tmp_path / "b", GAUSS))
    assert [f.name for f in factors_of(both)] == ["p_birth", "p_sensitivity", "timing", "hazards"]
    assert label_of(both, factors_of(both)[3]) == "Hazards (2 parameters)"


def test_each_factor_has_the_distribution_of_its_parameters(tmp_path):
    scenario = load_scenario(config(tmp_path, CORRELATED))
    rows, rng = scenario.model.parameters.rows, np.random.default_rng(1)
    for factor in factors_of(scenario):
        u = rng.random((20_000, len(factor.members)))
        values = factor.values(u)
        assert values.shape == u.shape
        for name, column in zip(factor.members, values.T, strict=True):
            assert column.mean() == pytest.approx(rows[name].value, rel=0.05)
            if len(factor.members) == 1:
                assert np.array_equal(column, rows[name].distribution.quantile(u[:, 0]))
        if factor.name == "timing":
            assert values.sum(axis=1) == pytest.approx(1)
        if factor.name == "p_sensitivity + h_ill":
            ranks = pd.DataFrame(values).rank().corr().iloc[0, 1]
            assert ranks == pytest.approx(0.7, abs=0.02)


def test_what_the_scenario_overrides_does_not_vary(tmp_path):
    path = config(tmp_path, CORRELATED)
    scenario = load_scenario(path, ["overrides.p_birth=0.001", "overrides.h_ill=0.4", "overrides.p_late=0.1"])
    factors = {f.name: f for f in factors_of(scenario)}
    assert list(factors) == ["p_sensitivity", "timing", "hr_treated"]
    assert varying(scenario, factors["p_sensitivity"]) == ["p_sensitivity"]
    assert label_of(scenario, factors["p_sensitivity"]) == "Sensitivity"
    tables = run(path, "overrides.p_birth=0.001", "overrides.h_ill=0.4", "overrides.p_late=0.1",
                 "analyses.sobol.base_samples=64").tables  # fmt: skip
    table = tables["sobol"].set_index("factor")
    # what is left of the group is what the override leaves: a constant
    assert table.loc["timing", "parameters"] == "p_early" and table.loc["timing", "st"] == 0
    assert table.loc["p_sensitivity", "st"] > 0


# --- runs and tables


def test_tables(tmp_path):
    path = config(tmp_path)
    sets = ["analyses.sobol={base_samples: 256, second_order: true}", "analyses.morris.trajectories=20",
            "analyses.psa.draws=600", "analyses.pawn=true"]  # fmt: skip
    output = run(path, *sets)
    sobol, summary, morris, pawn = (output.tables[n] for n in ("sobol", "sobol_summary", "morris", "pawn"))
    assert list(sobol) == SOBOL and list(summary) == SUMMARY and list(morris) == MORRIS and list(pawn) == PAWN
    assert len(sobol) == len(morris) == 5 and len(pawn) == 6
    assert (sobol["threshold"] == 20_000).all() and (sobol["strategy"] == "screening").all()
    assert (sobol["evaluations"] == 256 * 12).all() and (morris["evaluations"] == 20 * 6).all()
    assert sobol["st"].is_monotonic_decreasing and pawn["median"].is_monotonic_decreasing
    row = summary.iloc[0]
    assert row["factors"] == 5 and row["s1_sum"] == pytest.approx(sobol["s1"].sum())
    drawn = output.psa.sample.incremental_net_benefit(20_000)[:, 1]
    assert row["mean"] == pytest.approx(drawn.mean(), abs=4 * drawn.std() / np.sqrt(600))
    assert row["sd"] == pytest.approx(drawn.std(), rel=0.1)
    pairs = output.tables["sobol_pairs"]
    assert len(pairs) == 10 and pairs["s2"].notna().all() and (pairs["s2_half_width"] > 0).all()
    grouped = morris.set_index("factor")
    assert np.isnan(grouped.loc["timing", "sigma"]) and grouped["sigma"].notna().sum() == 4
    # three methods, the same three parameters that matter and the same one that does not
    assert set(sobol["factor"][:3]) == set(morris["factor"][:3]) == {"timing", "h_ill", "p_birth"}
    assert set(pawn["factor"][:4]) == {"p_early", "p_late", "h_ill", "p_birth"}
    assert sobol["factor"].iloc[-1] == morris["factor"].iloc[-1] == pawn["factor"].iloc[-1] == "p_sensitivity"


def test_the_threshold_is_chosen(tmp_path):
    path = config(tmp_path)
    one = run(path, "analyses.sobol={base_samples: 64, threshold: 30000}").tables
    two = run(path, "settings.thresholds=[30000]", "analyses.sobol.base_samples=64").tables
    assert one["sobol"].equals(two["sobol"]) and one["sobol_summary"].equals(two["sobol_summary"])
    other = run(path, "analyses.sobol.base_samples=64").tables
    assert other["sobol_summary"]["mean"].iloc[0] != one["sobol_summary"]["mean"].iloc[0]


def test_the_same_whatever_the_chunks_and_threads(tmp_path, monkeypatch):
    path = config(tmp_path)
    sets = ["analyses.sobol.base_samples=64", "analyses.morris.trajectories=10", "seed=0"]
    done = []
    first = run(path, *sets, threads=2, step=lambda *told: done.append(told)).tables
    monkeypatch.setattr(global_sensitivity, "ROWS", 7)
    second = run(path, *sets).tables
    for name in ("sobol", "sobol_summary", "morris"):
        pd.testing.assert_frame_equal(first[name], second[name], check_exact=True)
    assert ("Sobol' indices, runs", 448, 448) in done and ("Morris screening, runs", 60, 60) in done
    other = run(path, *sets[:2], "seed=1").tables
    assert not other["sobol"]["s1"].equals(first["sobol"]["s1"])


def test_indices_agree_with_the_model_in_a_plain_loop(tmp_path):
    """Variance of means given one parameter, by nested draws of the model evaluated one at a time in a table."""
    path = config(tmp_path)
    model = load_scenario(path).model
    table = run(path, "analyses.sobol.base_samples=2048").tables["sobol"].set_index("factor")
    rng, rows = np.random.default_rng(5), model.parameters.rows
    outer, inner = 200, 100
    drawn = {n: np.asarray(c) for n, c in model.parameters.draws(outer * inner, 7).items()}
    drawn["h_ill"] = np.repeat(rows["h_ill"].distribution.quantile(rng.random(outer)), inner)
    result = nbsmodel.evaluate(
        model, drawn, settings=load_scenario(path).settings.as_written(), overrides={"p_uptake": 0.99}
    )
    nb = 20_000 * result.by_strategy("qaly") - result.by_strategy("cost")
    gain = (nb[:, 1] - nb[:, 0]).reshape(outer, inner)
    within = gain.var(axis=1, ddof=1).mean()
    between = gain.mean(axis=1).var(ddof=1) - within / inner
    assert table.loc["h_ill", "s1"] == pytest.approx(between / (between + within), abs=0.1)


# --- what cannot be done

WIDE = (
    "model/parameters.csv",
    'p_sensitivity,Sensitivity,0.9,probability,"beta(mean=0.9, se=0.02)"',
    'p_sensitivity,Sensitivity,0.9,probability,"normal(mean=0.9, se=0.05)"',
)


def refused(path, *sets):
    with pytest.raises(InputError) as error:
        run(path, *sets)
    return [str(p) for p in error.value.problems]


def test_values_outside_a_unit_are_refused_before_anything_runs(tmp_path):
    path = config(tmp_path, WIDE)
    ran = []
    with pytest.raises(InputError) as error:
        run(path, "analyses.sobol=true", "analyses.psa.draws=100", step=lambda *told: ran.append(told))
    (text,) = map(str, error.value.problems)
    assert re.search(r"parameters.csv:\d+ p_sensitivity \(for --set analyses.sobol=true\)", text)
    assert "p_sensitivity is no probability at 47 of 2,048 points (2.3%)" in text
    assert "stays between 0 and 1, such as beta" in text
    assert ran == []
    # a few levels stay inside
    assert len(
        run(path, "analyses.morris={levels: 2, trajectories: 4}", "overrides.p_sensitivity=0.9").tables["morris"]
    )
    assert "at 1 of 4 points (25%)" in refused(path, "analyses.morris=true")[0]


def test_a_point_that_the_formulas_refuse(tmp_path):
    old = "p_found: screened * p_uptake * p_sensitivity"
    edit = ("model/model.yaml", old, f"{old} * 1.06")
    (text,) = refused(config(tmp_path, edit), "analyses.sobol.base_samples=1024")
    assert text.startswith("--set analyses.sobol.base_samples=1024 > ")
    assert "p_found" in text and "The analysis needs the model at every point." in text


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["analyses.sobol.base_samples=1000"], "powers of 2: write 512 or 1024, not 1000"),
        (["analyses.sobol.base_samples=2"], "64"),
        (["analyses.sobol={threshold: 0}"], "threshold"),
        (["analyses.morris.levels=5"], "even, found 5"),
        (["analyses.morris.trajectories=0"], "4"),
        (["analyses.pawn=true"], "reads the draws of a probabilistic analysis. Add `psa`."),
        (["analyses.pawn=true", "analyses.psa.draws=499"], "499 draws are too few"),
    ],
)
def test_refused(tmp_path, sets, words):
    texts = refused(config(tmp_path), *sets)
    assert len(texts) == 1 and words in texts[0] and "analyses" in texts[0]


def test_nothing_uncertain_and_nothing_compared(tmp_path):
    path = config(tmp_path)
    text = path.read_text()
    fixed = [f"overrides.{n}=0.5" for n in ("p_birth", "p_sensitivity", "p_late", "p_early", "h_ill", "hr_treated")]
    texts = refused(path, "analyses.sobol=true", "analyses.morris=true", *fixed)
    assert len(texts) == 2 and all("no parameter of this model has a distribution that is not" in t for t in texts)
    assert path.read_text() == text


# --- the reading


def test_report(tmp_path):
    path = config(tmp_path)
    sets = ["analyses.sobol.base_samples=64", "analyses.morris.trajectories=20", "analyses.psa.draws=600",
            "analyses.pawn=true"]  # fmt: skip
    output = run(path, *sets, write=True, out=tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    text = " ".join(
        re.sub(r"<svg.*?</svg>|<[^>]+>", " ", page[page.index('id="global-sensitivity"') :], flags=re.S).split()
    )
    assert "The model was run 448 times from base samples of 64 points." in text
    assert "The intervals are wide" in text and "raise base_samples from 64 to 256" in text
    assert "(20 " not in text and "from 20 random starting points (120 runs)" in text
    assert "from 600 draws of the probabilistic analysis" in text
    for name in ("sobol", "morris", "pawn"):
        assert (tmp_path / "out" / f"{name}.csv").is_file()
        assert (tmp_path / "out" / "figures" / f"{name}.svg").is_file()
        assert f'id="figure-{name}"' in page
    again = run(tmp_path / "out" / "resolved_config.yaml", write=True, out=tmp_path / "again")
    for name in ("sobol", "sobol_summary", "morris", "pawn"):
        assert (tmp_path / "out" / f"{name}.csv").read_bytes() == (tmp_path / "again" / f"{name}.csv").read_bytes()
    assert output.tables["sobol"].equals(again.tables["sobol"])


def test_a_result_that_does_not_vary_is_said_to(tmp_path):
    edits = [
        ("model/model.yaml", "usual: {label: No screening, screened: 0}", "usual: {label: No screening, screened: 1}"),
    ]
    path = config(tmp_path, *edits)
    sets = ["analyses.sobol.base_samples=64", "analyses.morris.trajectories=10", "analyses.psa.draws=500",
            "analyses.pawn=true"]  # fmt: skip
    output = run(path, *sets, write=True, out=tmp_path / "out")
    assert (output.tables["sobol"][["s1", "st"]] == 0).all(axis=None) and output.tables["sobol_summary"]["sd"][0] == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert "There is no variance to share out." in page
    assert "no factor changes the incremental net monetary benefit" in page
    assert "is the same in all draws" in page
    assert "figure-sobol" not in page and "figure-morris" not in page and "figure-pawn" not in page
    csv = (tmp_path / "out" / "sobol.csv").read_text()
    assert "nan" not in csv and ",," not in csv


def test_simulated_children_meet_the_same_luck_at_every_point(tmp_path):
    """A parameter that no child meets has no influence, although every point is a simulation of its own."""
    sets = ["engine=microsimulation", "individuals=40", "analyses.morris={trajectories: 4, levels: 2}"]
    done = []
    output = run(config(tmp_path), *sets, step=lambda *told: done.append(told), write=True, out=tmp_path / "out")
    morris = output.tables["morris"].set_index("factor")["mu_star"]
    assert morris["h_ill"] > 0 and ("Morris screening, runs", 24, 24) in done
    assert run(config(tmp_path), *sets).tables["morris"].equals(output.tables["morris"])
    still = run(config(tmp_path), *sets, "overrides.p_uptake=0")
    assert (still.tables["morris"]["mu_star"] == 0).all()
    assert "simulated with the same luck at every point" in (tmp_path / "out" / "report.html").read_text()
