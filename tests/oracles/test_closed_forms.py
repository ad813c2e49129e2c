"""Closed forms that the engine must hit, on models of a few lines.

The expected numbers follow from the formula in each test; they are written out, so that a
mistake in the formula and the same mistake in the engine cannot cancel.
"""

import numpy as np
import pytest
from oracle import check_published, one
from tiny import run, values_of_formulas, write_model

EXACT = 1e-9  # relative


def total(result, outcome="life_years", **how):
    return one(result.total(outcome, strategy="only", **how))


def states_at(result, cohort, row):
    """Occupancy by state at a row of the trace."""
    return dict(zip(result.states(cohort), result.trace(cohort)[0, 0, row], strict=True))


def survival(probability="", hazard="", length="1 year", until="100 years"):
    """An alive/dead cohort."""
    rule = f'hazard: "{hazard}"' if hazard else f'probability: "{probability}"'
    return f"""\
tree:
  everyone: {{p: 1, cohort: life, start: living}}
cohorts:
  life:
    cycles: {{length: {length}, until: {until}}}
    states:
      living: {{label: Alive}}
      dead: {{label: Dead, dead: true}}
    transitions:
      living:
        dead: {{{rule}}}
"""


def settings(correction, timing="start", rate=0.035):
    return (
        f"discount_rate_costs: {rate}\ndiscount_rate_outcomes: {rate}\n"
        f"discount_timing: {timing}\nwithin_cycle_correction: {correction}\n"
    )


# --- Discounting -----------------------------------------------------------------------------

IMMORTAL = """\
tree:
  everyone: {p: 1, cohort: life, start: living}
cohorts:
  life:
    cycles: {length: LENGTH, until: 100 years}
    states:
      living: {label: Alive}
"""

# years: end, start, mid-year, continuous
ANNUITY = {
    1: (0.9661835748792249, 0.9999999999999977, 0.9829463743659786, 0.9829948449125018),
    5: (4.515052375470741, 4.673079208612216, 4.593386265230426, 4.5936127719336115),
    10: (8.316605322577937, 8.607686508868165, 8.46089424557093, 8.461311464840314),
    20: (14.212403301952268, 14.709837417520596, 14.458981357064914, 14.459694350923806),
    50: (23.455617870621257, 24.276564496093, 23.86256105349651, 23.86373775184534),
    100: (27.65542540200126, 28.623365291071302, 28.135233135011596, 28.13662052517058),
}


@pytest.mark.parametrize("years", ANNUITY)
def test_annuity_certain(tmp_path, years):
    """An immortal cohort is an annuity."""
    end, start, mid, continuous = ANNUITY[years]
    folder = write_model(tmp_path / "year", IMMORTAL.replace("LENGTH", "1 year"))

    def pays(correction, timing):
        chosen = {"discount_rate_outcomes": 0.035, "discount_rate_costs": 0.035, "horizon": f"{years} years"}
        chosen |= {"within_cycle_correction": correction, "discount_timing": timing}
        return total(run(folder, settings=chosen))

    for correction in ("start", "end", "life_table"):
        assert pays(correction, "start") == pytest.approx(start, rel=EXACT)
        assert pays(correction, "end") == pytest.approx(end, rel=EXACT)
        assert pays(correction, "mid") == pytest.approx(mid, rel=EXACT)
        assert pays(correction, "year_step") == pytest.approx(start, rel=EXACT)
    assert pays("every_point", "end") == pytest.approx(1 + end, rel=EXACT)
    assert pays("half_cycle", "start") == pytest.approx((start + end) / 2, rel=EXACT)

    months = write_model(tmp_path / "month", IMMORTAL.replace("LENGTH", "1 month"))
    chosen = {"discount_rate_outcomes": 0.035, "discount_rate_costs": 0.035, "horizon": f"{years} years"}
    chosen |= {"within_cycle_correction": "start", "discount_timing": "year_step"}
    assert total(run(months, settings=chosen)) == pytest.approx(start, rel=EXACT)
    chosen["discount_timing"] = "mid"
    assert total(run(months, settings=chosen)) == pytest.approx(continuous, rel=1e-6)


def test_annuity_at_another_rate(tmp_path):
    folder = write_model(tmp_path, IMMORTAL.replace("LENGTH", "1 year"))
    for years, end, start in [
        (20, 17.1686387850818, 17.426168366858025),
        (100, 51.62470366842698, 52.39907422345338),
    ]:
        for timing, value in [("end", end), ("start", start)]:
            chosen = {
                "discount_rate_outcomes": 0.015,
                "discount_rate_costs": 0.015,
                "horizon": f"{years} years",
            }
            chosen |= {"within_cycle_correction": "start", "discount_timing": timing}
            assert total(run(folder, settings=chosen)) == pytest.approx(value, rel=EXACT)


def test_annuity_functions(tmp_path):
    formulas = {f"annuity(0.035, {n})": v[0] for n, v in ANNUITY.items()}
    formulas |= {f"annuity_due(0.035, {n})": v[1] for n, v in ANNUITY.items()}
    formulas |= {"annuity(0.015, 20)": 17.1686387850818, "annuity_due(0.015, 100)": 52.39907422345338}
    assert values_of_formulas(tmp_path, formulas) == pytest.approx(formulas, rel=EXACT)


def test_a_price_paid_in_level_instalments(tmp_path):
    """1,795,000 in five yearly instalments at 3.5%: P r / (1 - (1 + r)^-n), in arrears and in advance."""
    formulas = {"1795000 / annuity(0.035, 5)": 397_559.06, "1795000 / annuity_due(0.035, 5)": 384_115.04}
    assert values_of_formulas(tmp_path, formulas) == pytest.approx(formulas, abs=0.005)


GREEN_BOOK = {
    0: 1.0,
    1: 0.9661835748792271,
    10: 0.7089188137097722,
    30: 0.35627841060230236,
    31: 0.3459013695167984,
    50: 0.19726271769053833,
    75: 0.09421377257669152,
    76: 0.0919158756845771,
    100: 0.050818022324382074,
    125: 0.027410763016195137,
}
STEPS = "[{from_year: 0, rate: 0.035}, {from_year: 30, rate: 0.03}, {from_year: 75, rate: 0.025}]"
SCHEDULE = f"""\
discount_rate_costs: {STEPS}
discount_rate_outcomes: {STEPS}
discount_timing: start
within_cycle_correction: start
"""


def test_green_book_schedule(tmp_path):
    """3.5% to year 30, 3% to year 75, 2.5% after: a payment of 1 at each time."""
    body = """\
    tree:
      everyone:
        p: 1
        payoffs:
          - {outcome: cost, value: 1, at: when}
          - {outcome: qaly, value: 1, at: when}
    """
    folder = write_model(tmp_path, body, {"when": (0, "years")}, SCHEDULE)
    result = run(folder, draws={"when": np.array(list(GREEN_BOOK), dtype=float)})
    for outcome in ("cost", "qaly"):
        assert list(result.total(outcome, strategy="only")) == pytest.approx(list(GREEN_BOOK.values()), rel=EXACT)
        assert list(result.total(outcome, strategy="only", discounted=False)) == [1] * len(GREEN_BOOK)


def test_green_book_schedule_in_a_cohort(tmp_path):
    folder = write_model(tmp_path, IMMORTAL.replace("LENGTH", "1 year").replace("100 years", "126 years"), {}, SCHEDULE)
    for year, factor in GREEN_BOOK.items():
        before = total(run(folder, settings={"horizon": f"{year} years"})) if year else 0.0
        upto = total(run(folder, settings={"horizon": f"{year + 1} years"}))
        assert upto - before == pytest.approx(factor, rel=1e-9)


# --- Two states ------------------------------------------------------------------------------


def test_exponential_survival(tmp_path):
    """Sums of q^t v^t over annual cycles, q = exp(-0.1), v = 1/1.035."""
    folder = write_model(tmp_path, survival(hazard="rate", until="20 years"), {"rate": (0.1, "rate")})
    for correction, timing, value in [
        ("start", "start", 7.410767117241555),
        ("end", "end", 6.478782013556174),
        ("half_cycle", "start", 6.944774565398864),
        ("life_table", "start", 7.058153250636097),
    ]:
        chosen = {"discount_rate_outcomes": 0.035, "discount_rate_costs": 0.035}
        chosen |= {"within_cycle_correction": correction, "discount_timing": timing}
        assert total(run(folder, settings=chosen)) == pytest.approx(value, rel=EXACT)


def test_weights_of_the_two_simpson_rules(tmp_path):
    """Rows 0.9^t v^t, six cycles: 1 4 2 4 2 4 1 thirds, and the source's 1 2 4 2 4 2 1 thirds."""
    folder = write_model(tmp_path, survival(probability="0.1", until="6 years"))
    rows = (0.9 / 1.035) ** np.arange(7)
    for correction, weights in [("simpson", [1, 4, 2, 4, 2, 4, 1]), ("darth_simpson", [1, 2, 4, 2, 4, 2, 1])]:
        chosen = {"discount_rate_outcomes": 0.035, "discount_rate_costs": 0.035}
        chosen |= {"within_cycle_correction": correction, "discount_timing": "start"}
        assert total(run(folder, settings=chosen)) == pytest.approx(rows @ weights / 3, rel=EXACT)


def test_exponential_survival_at_short_cycles(tmp_path):
    """Continuous discounting at ln 1.035 is the limit."""
    body = survival(hazard="rate", length="1/100 year", until="200 years")
    folder = write_model(tmp_path, body, {"rate": (0.1, "rate")}, settings("life_table", "mid"))
    whole = run(folder)
    assert total(whole, discounted=False) == pytest.approx(10, rel=1e-6)
    assert total(whole) == pytest.approx(7.440397207264472, rel=1e-6)
    twenty = run(folder, settings={"horizon": "20 years"})
    assert total(twenty, discounted=False) == pytest.approx(8.646647167633873, rel=1e-6)
    assert total(twenty) == pytest.approx(6.934339362672799, rel=1e-6)


def test_alive_dead(tmp_path):
    body = survival(probability="p_death", until="500 years")
    folder = write_model(tmp_path, body, {"p_death": (0.1, "probability")}, settings("start", rate=0))
    fifty = run(folder, settings={"horizon": "50 years"}, keep_trace=True)
    assert states_at(fifty, "life", 10)["living"] == pytest.approx(0.3486784401, rel=EXACT)
    assert total(fifty) == pytest.approx(9.948462247926798, rel=EXACT)
    ends = run(folder, settings={"horizon": "50 years", "within_cycle_correction": "end"})
    assert total(ends) == pytest.approx(8.953616023134119, rel=EXACT)
    assert total(run(folder)) == pytest.approx(10, rel=EXACT)


def test_two_states_back_and_forth(tmp_path):
    """P(first state) = 0.6 + 0.4 * 0.5^t."""
    body = """\
    tree:
      everyone: {p: 1, cohort: pair, start: first}
    cohorts:
      pair:
        cycles: {length: 1 year, count: 100}
        states:
          first: {label: First}
          second: {label: Second}
        transitions:
          first: {second: {probability: 0.2}}
          second: {first: {probability: 0.3}}
    """
    result = run(write_model(tmp_path, body, {}, settings("start")), keep_trace=True)
    assert states_at(result, "pair", 5)["first"] == pytest.approx(0.6125, rel=EXACT)
    assert states_at(result, "pair", 100) == pytest.approx({"first": 0.6, "second": 0.4}, rel=EXACT)


# --- Competing risks and illness-death --------------------------------------------------------


@pytest.mark.parametrize("length", ["1 year", "1/8 year", "10 years"])
def test_competing_risks_at_any_cycle_length(tmp_path, length):
    body = f"""\
    tree:
      everyone: {{p: 1, cohort: life, start: free}}
    cohorts:
      life:
        cycles: {{length: {length}, until: 10 years}}
        states:
          free: {{label: Event-free}}
          one_event: {{label: First cause, dead: true}}
          two_event: {{label: Second cause, dead: true}}
        transitions:
          free:
            one_event: {{hazard: 0.1}}
            two_event: {{hazard: 0.05}}
    """
    last = states_at(run(write_model(tmp_path, body, {}, settings("start")), keep_trace=True), "life", -1)
    assert last["one_event"] == pytest.approx(0.5179132265677135, rel=EXACT)
    assert last["two_event"] == pytest.approx(0.2589566132838568, rel=EXACT)
    assert last["free"] == pytest.approx(0.22313016014842982, rel=EXACT)


def illness_death(folder, length, until, start="healthy"):
    body = f"""\
    outcomes:
      healthy_years: {{label: Years healthy, unit: years}}
      ill_years: {{label: Years ill, unit: years}}
      ever_ill: {{label: Ever ill, unit: people, discounted_as: none}}
    tree:
      everyone: {{p: 1, cohort: life, start: {start}}}
    cohorts:
      life:
        cycles: {{length: {length}, until: {until}}}
        states:
          healthy: {{label: Healthy}}
          ill: {{label: Ill}}
          dead: {{label: Dead, dead: true}}
        transitions:
          healthy:
            ill: {{hazard: 0.2}}
            dead: {{hazard: 0.05}}
          ill:
            dead: {{hazard: 0.15}}
        payoffs:
          - {{in: healthy, outcome: healthy_years, per: year, value: 1}}
          - {{in: ill, outcome: ill_years, per: year, value: 1}}
          - {{entering: ill, outcome: ever_ill, value: 1}}
    """
    return run(write_model(folder, body, {}, settings("life_table", "mid")), keep_trace=True)


def test_illness_death_parts_that_hold_at_any_cycle_length(tmp_path):
    """Leaving the first state and the share ever ill do not depend on the cycle."""
    yearly = illness_death(tmp_path / "yearly", "1 year", "5 years")
    assert states_at(yearly, "life", 5)["healthy"] == pytest.approx(0.2865047968601901, rel=EXACT)
    lifetime = illness_death(tmp_path / "lifetime", "1 year", "200 years")
    assert total(lifetime, "ever_ill") == pytest.approx(0.8, rel=EXACT)


def test_illness_death_occupancy_at_short_cycles(tmp_path):
    """One move a cycle, so the error is that of dt: it halves with it and extrapolates away."""
    coarse = states_at(illness_death(tmp_path / "a", "1/50 year", "5 years"), "life", -1)
    fine = states_at(illness_death(tmp_path / "b", "1/100 year", "5 years"), "life", -1)
    for state, exact in [("ill", 0.3717235117616492), ("dead", 0.34177169137816066)]:
        assert abs(fine[state] - exact) < 0.001
        assert (coarse[state] - exact) / (fine[state] - exact) == pytest.approx(2, abs=0.02)
        assert 2 * fine[state] - coarse[state] == pytest.approx(exact, rel=1e-5)


def test_illness_death_one_year_matrix(tmp_path):
    matrix = {
        "healthy": (0.7788007830714049, 0.1638143867073059, 0.057384830221289256),
        "ill": (0.0, 0.8607079764250578, 0.13929202357494216),
    }
    for start, row in matrix.items():
        coarse, fine = (
            illness_death(tmp_path / f"{start}{n}", f"1/{n} year", "1 year", start).trace("life")[0, 0, -1]
            for n in (50, 100)
        )
        np.testing.assert_allclose(2 * fine - coarse, row, atol=1e-6)


def test_illness_death_times_at_short_cycles(tmp_path):
    coarse = illness_death(tmp_path / "a", "1/20 year", "200 years")
    fine = illness_death(tmp_path / "b", "1/40 year", "200 years")
    for outcome, discounted, exact in [
        ("healthy_years", False, 4.0),
        ("ill_years", False, 5.333333333333334),
        ("healthy_years", True, 3.5161567631441732),
        ("ill_years", True, 3.8135895429204743),
    ]:
        one_, two = (total(r, outcome, discounted=discounted) for r in (coarse, fine))
        assert two == pytest.approx(exact, rel=0.003)
        assert 2 * two - one_ == pytest.approx(exact, rel=1e-4)


# --- Survival curves --------------------------------------------------------------------------

# family: arguments, mean, years to run, (time, survival)
CURVES = {
    "exponential": ("0.1", 10.0, 300, (20, 0.1353352832366127)),
    "weibull": ("1.5, 10", 9.027452929509337, 80, (5, 0.7021885013265596)),
    "gompertz": ("0.08, 0.01", 22.994778166212154, 100, (40, 0.052782991299862914)),
    "lognormal": ("2, 0.5", 8.372897488127265, 200, (10, 0.27253296168426244)),
    "loglogistic": ("2, 8", None, 40, (8, 0.5)),
}


@pytest.mark.parametrize("family", CURVES)
def test_survival_curve_in_a_cohort(tmp_path, family):
    """The trace is the curve, by probabilities and by mean hazards; its sum is the mean."""
    arguments, mean, years, (time, value) = CURVES[family]
    how = {"length": "1/20 year", "until": f"{years} years"}
    by_probability = run(
        write_model(
            tmp_path / "p",
            survival(f"{family}_prob(time, dt, {arguments})", **how),
            {},
            settings("half_cycle", rate=0),
        ),
        keep_trace=True,
    )
    by_hazard = run(
        write_model(
            tmp_path / "h",
            survival(hazard=f"{family}_mean_hazard(time, dt, {arguments})", **how),
            {},
            settings("half_cycle", rate=0),
        ),
        keep_trace=True,
    )
    for result in (by_probability, by_hazard):
        assert states_at(result, "life", 20 * time)["living"] == pytest.approx(value, rel=1e-9)
        if mean is not None:
            assert total(result) == pytest.approx(mean, rel=1e-5)


def test_restricted_and_discounted_weibull_mean(tmp_path):
    body = survival("weibull_prob(time, dt, 1.5, 10)", length="1/50 year", until="80 years")
    folder = write_model(tmp_path, body, {}, settings("half_cycle"))
    assert total(run(folder)) == pytest.approx(7.315294266807492, rel=1e-5)
    twenty = run(folder, settings={"horizon": "20 years"})
    assert total(twenty, discounted=False) == pytest.approx(8.7725246608749, rel=1e-5)


def test_survival_and_rate_formulas(tmp_path):
    formulas = {
        "weibull_survival(5, 1.5, 10)": 0.7021885013265596,
        "weibull_survival(7.832197687746514, 1.5, 10)": 0.5,
        "weibull_prob(0, 1, 1.5, 10)": 0.031128005659924574,
        "weibull_prob(1, 1, 1.5, 10)": 0.05618012601337807,
        "weibull_prob(2, 1, 1.5, 10)": 0.07213965530535504,
        "gompertz_survival(40, 0.08, 0.01)": 0.052782991299862914,
        "gompertz_survival(23.48410638062951, 0.08, 0.01)": 0.5,
        "gompertz_hazard(10, 0.08, 0.01)": 0.02225540928492468,
        "loglogistic_survival(8, 2, 8)": 0.5,
        "lognormal_survival(10, 2, 0.5)": 0.27253296168426244,
        "lognormal_survival(7.38905609893065, 2, 0.5)": 0.5,
        "exponential_survival(10, 0.15)": 0.22313016014842982,
        "rate_to_prob(0.2, 1)": 0.18126924692201818,
        "prob_rescale(0.12, 12, 1)": 0.010596241035318976,
        "prob_rescale(0.12, 1, 1 / 12)": 0.010596241035318976,
        "prob_to_rate(0.05, 1)": 0.05129329438755058,
        "apply_hr(0.05, 2)": 0.0975,
        "odds_to_prob(0.25)": 0.2,
        "prob_to_odds(0.2)": 0.25,
        "apply_or(0.2, 2)": 1 / 3,
        "apply_rr(0.2, 2)": 0.4,
    }
    assert values_of_formulas(tmp_path, formulas) == pytest.approx(formulas, rel=EXACT)


RATES = """\
# A closed form
time,rate
0,0.0067
5,0.0193
15,0.0535
25,0.1548
"""


def test_piecewise_exponential_survival(tmp_path):
    """A table of rates by time, held to the left of each change; exact at any cycle length."""
    head = "tables:\n  rate: {file: tables/rates.csv, by: time, beyond: last}\n"
    tables = {"rates.csv": RATES}
    for name, length in [("year", "1 year"), ("short", "1/20 year")]:
        body = head + survival(hazard="rate(time)", length=length, until="200 years")
        folder = write_model(tmp_path / name, body, {}, settings("half_cycle", rate=0), tables=tables)
        result = run(folder, keep_trace=True)
        at_30 = 30 if name == "year" else 600
        assert states_at(result, "life", at_30)["living"] == pytest.approx(0.21534799025163046, rel=EXACT)
    assert total(result) == pytest.approx(22.90317823482935, rel=1e-5)


# --- Screening trees --------------------------------------------------------------------------

ONE_TIER = """\
births_per_year: births
tree:
  affected:
    p: prevalence
    case: true
    then:
      positive: {p: sensitivity, class: true_positive}
      negative: {p: rest, class: false_negative}
  unaffected:
    p: rest
    then:
      negative: {p: specificity, class: true_negative}
      positive: {p: rest, class: false_positive}
"""
TEST = {
    "births": (600000, "count"),
    "prevalence": (0.0001, "probability"),
    "sensitivity": (0.95, "probability"),
    "specificity": (0.9999, "probability"),
}


def class_results(expected):
    return "".join(
        f"- {{quantity: {name}, measure: {{class: {name}, strategy: only, per: year}}, value: {value!r}, "
        "tolerance: 1e-9, kind: exact, source: here}\n"
        f"- {{quantity: {name} a birth, measure: {{class: {name}, strategy: only, per: birth}}, "
        f"value: {value / 600000!r}, tolerance: 1e-9, kind: exact, source: here}}\n"
        for name, value in expected.items()
    )


def test_screening_one_tier(tmp_path):
    expected = {
        "true_positive": 57.0,
        "false_negative": 3.0000000000000027,
        "false_positive": 59.99399999999339,
        "true_negative": 599880.006,
    }
    folder = write_model(tmp_path, ONE_TIER, TEST, published=class_results(expected))
    ours = check_published(folder)["ours"]
    assert ours["true_positive"] / (ours["true_positive"] + ours["false_positive"]) == pytest.approx(0.4872044720242339)
    assert ours["true_negative"] / (ours["true_negative"] + ours["false_negative"]) == pytest.approx(0.9999949990248598)
    paths = run(folder).paths()
    assert paths["probability"].sum() == pytest.approx(1, abs=1e-15)


def test_screening_two_tiers_in_series(tmp_path):
    """Both tests must be positive: sensitivity 0.931, specificity 0.999995."""
    body = """\
    births_per_year: births
    tree:
      affected:
        p: prevalence
        case: true
        then:
          positive:
            p: sensitivity
            then:
              confirmed: {p: sensitivity_2, class: true_positive}
              refuted: {p: rest, class: false_negative}
          negative: {p: rest, class: false_negative}
      unaffected:
        p: rest
        then:
          positive:
            p: 1 - specificity
            then:
              confirmed: {p: 1 - specificity_2, class: false_positive}
              refuted: {p: rest, class: true_negative}
          negative: {p: rest, class: true_negative}
    """
    parameters = TEST | {"sensitivity_2": (0.98, "probability"), "specificity_2": (0.95, "probability")}
    expected = {
        "true_positive": 55.86,
        "false_positive": 2.99969999999967,
        "false_negative": 60 - 55.86,
        "true_negative": 599940 - 2.99969999999967,
    }
    check_published(write_model(tmp_path, body, parameters, published=class_results(expected)))
