"""The methods paragraph says what the settings say, and changes when they do."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from nbsmodel.config.scenario import load_scenario, make_settings
from nbsmodel.numerics.counting import BY_ROW, CORRECTIONS, LEGACY, TIMINGS
from nbsmodel.report import methods
from nbsmodel.report.methods import methods_sentences

ROOT = Path(__file__).resolve().parents[2]
UK, NL = "configs/sma/uk_base_case.yaml", "configs/sma/broekhoff2021_nl.yaml"
TREE, MIXED, TUTORIAL = (f"tests/models/{n}" for n in ("sumatriptan", "tkr_dong_buxton", "sick_sicker_agedep"))


@cache
def loaded(config: str, *sets: str):
    return load_scenario(ROOT / config, sets)


@cache
def said(config: str, *sets: str) -> tuple[str, ...]:
    return tuple(methods_sentences(loaded(config, *sets)))


def text(config: str, *sets: str) -> str:
    return " ".join(said(config, *sets))


FLIPS = [
    ("settings.discount_rate_costs=0.015", "Costs are discounted at 1.5% a year and outcomes at 3.5% a year."),
    ("settings.discount_rate_outcomes=0", "Costs are discounted at 3.5% a year and outcomes at 0% a year."),
    (
        "settings.discount_rate_costs=[{from_year: 0, rate: 0.035}, {from_year: 30, rate: 0.03}]",
        "Costs are discounted at 3.5% from year 0, 3% from year 30 a year",
    ),
    ("settings.horizon=10 years", "The horizon is set to 10 years: every cohort stops there."),
    ("settings.horizon=10 years", "6 months until 3 years then 1 year until 10 years (13 cycles)"),
    ("settings.thresholds=[50000]", "at £50,000 per QALY"),
    ("settings.effect=life_years", "mean increments of cost and life-years, per life-year"),
    ("settings.effect=life_years", "£30,000 and £35,000 per life-year"),
    ("settings.perspectives=[carer]", "counted from the perspective: carer;"),
    ("settings.perspectives=[carer]", "not in the headline: education, health system and productivity"),
    ("settings.discount_timing={default: mid, qaly: end}", "QALYs: every cycle is counted"),
    ("choices.utility_set=lloyd2019", "utility set: lloyd2019 (base case icer)"),
    ("overrides.p_uptake=0.9", "Replaced by a number of this scenario: p_uptake."),
]


@pytest.mark.parametrize(("change", "expected"), FLIPS, ids=[f"{a}-{i}" for i, (a, _) in enumerate(FLIPS)])
def test_a_setting_changes_its_sentence(change, expected):
    assert expected not in text(UK)
    assert expected in text(UK, change)


def test_every_setting_has_a_sentence_of_its_own():
    settings = loaded(UK).settings.as_written()
    changed = {change.partition("=")[0].removeprefix("settings.") for change, _ in FLIPS}
    assert set(settings) - {"within_cycle_correction"} <= changed


@pytest.mark.parametrize("correction", [*CORRECTIONS, *LEGACY])
@pytest.mark.parametrize("timing", TIMINGS)
def test_every_correction_and_timing_is_put_into_words(correction, timing):
    scenario = loaded(UK)
    changes = {**scenario.settings.as_written(), "within_cycle_correction": correction, "discount_timing": timing}
    sentences = methods_sentences(replace(scenario, settings=make_settings(scenario.model, changes)))
    found = next(s for s in sentences if s.startswith("All payoffs in states: "))
    assert methods.CORRECTIONS[correction] in found
    words = (methods.TIMINGS_BY_ROW if correction in BY_ROW else methods.TIMINGS)[timing]
    assert found.endswith(f"and {words}.")
    assert ("legacy" in found) == (correction in LEGACY)
    late = correction == "darth_simpson"
    when = (methods.EVENT_TIMES_LATE if late else methods.EVENT_TIMES)[timing]
    assert f"on entering a state is discounted {when};" in " ".join(sentences)
    assert ("except that those on transitions are weighted" in " ".join(sentences)) == late


def test_the_words_cover_exactly_what_there_is():
    assert set(methods.CORRECTIONS) == {*CORRECTIONS, *LEGACY}
    assert set(methods.BY_ROW) == set(BY_ROW)
    for table in (methods.TIMINGS, methods.TIMINGS_BY_ROW, methods.EVENT_TIMES, methods.EVENT_TIMES_LATE):
        assert set(table) == set(TIMINGS) and len(set(table.values())) == len(TIMINGS)
    assert len(set(methods.CORRECTIONS.values())) == len(methods.CORRECTIONS)


def test_counting_by_outcome_is_said_by_outcome():
    at_end = next(s for s in said(MIXED) if "every cycle is counted with those who are in a state at its end" in s)
    assert any(s.startswith("QALYs: every cycle is counted with the mean") for s in said(MIXED))
    assert at_end.startswith("Life-years, ") and "discounted from the end of the cycle" in at_end
    assert "cost" not in at_end.lower()  # this model pays costs only for events


def test_events_are_said_to_be_left_alone():
    assert "the within-cycle correction does not touch them." in text(UK)
    assert "except that those on transitions are weighted" in text(TUTORIAL)


def test_a_tree_has_no_cycles():
    found = text(TREE)
    assert "no within-cycle correction applies" in found and "Hazards" not in found and "cycles of" not in found


def test_hazards_and_probabilities_are_explained_where_they_occur():
    assert "Hazards are constant over a cycle and compete" in text(UK)
    assert "Probabilities of one state" not in text(UK)
    assert "Probabilities of one state" in text(TUTORIAL)


def test_comparator_basis_currency_and_births():
    found = text(UK)
    assert "incremental net benefit is No screening." in found
    assert "Results are per birth, in GBP, 2024/25 prices." in found
    assert "births per year (births)" in found
    assert "Results are per patient, in EUR, 2019 prices." in text(NL)


def test_parameters_with_a_distribution_are_counted_and_said_not_to_be_drawn():
    rows = loaded(UK).model.parameters.rows.values()
    n = sum(r.uncertain for r in rows)
    assert f"The model has {len(rows)} parameters, of which {n} have a distribution; none was drawn" in text(UK)


UNCERTAIN = [
    ("analyses.psa.draws=500", "500 joint draws of 47 uncertain parameters were made by simple random sampling"),
    ("analyses.psa.sampling=latin_hypercube", "by Latin hypercube sampling with seed 1"),
    ("seed=7", "with seed 7"),
    ("analyses.psa.alternatives={a: {weight: 3, label: As is}, b: {weight: 1}}", "by weight: As is (75%) and b (25%)"),
    ("analyses.evppi=true", "The value of partial perfect information was estimated by regression"),
    ("analyses.population.horizon=5 years", "count the births of 5 years, discounted at the rates of costs"),
    ("analyses.population.discount_rate=0.015", "discounted at 1.5% a year"),
    ("analyses.one_way=true", "One-way analyses set one parameter at a time"),
    ("analyses.value_based_price=[c_test]", "Break-even values were solved for"),
    ("analyses.sobol.base_samples=256", "Sobol' indices (256 base samples)"),
]


@pytest.mark.parametrize("change, sentence", UNCERTAIN, ids=lambda v: v[:30])
def test_analyses_are_told_when_they_are_made(change, sentence):
    on = "analyses.psa.sampling=monte_carlo"
    assert sentence not in text(UK) and sentence not in text(UK, on)
    found = text(UK, on, change)
    assert sentence in found
    assert found.count("read from a file") == 0
