"""The individual-level UK model: its children against the sources, and its inputs against the cohort model."""

from pathlib import Path

import numpy as np
import pytest

import nbsmodel
from nbsmodel.engine.values import Values
from nbsmodel.model.attributes import attribute_values
from nbsmodel.reference import reference
from nbsmodel.run.published import load_published

ROOT = Path(__file__).resolve().parents[2]
COHORT = ROOT / "models" / "sma" / "uk"
CHILDREN = ROOT / "models" / "sma" / "uk_children"
N = 50_000


@pytest.fixture(scope="module")
def model():
    return nbsmodel.load_model(CHILDREN)


def children(model, *, found, n=N, **replaced):
    """Names of `n` children, shape (n, 1, 1), with strata for the uniforms; `replaced` parameters or options."""
    known = {name: np.float64(row.value) for name, row in model.parameters.rows.items()}
    known |= {name: np.float64(code) for name, code in model.option_codes.items()}
    known |= {name: known[choice.options[0]] for name, choice in model.choices.items()}
    for name, value in replaced.items():
        known[name] = known[value] if isinstance(value, str) else np.float64(value)
    rng = np.random.default_rng(20)
    for name, attribute in model.attributes.items():
        u = ((rng.permutation(n) + rng.random(n)) / n).reshape(n, 1, 1)
        known[name] = attribute_values(model, attribute, u, Values(model, known))
    known["found_by_screening"] = np.float64(found)
    return Values(model, known)


@pytest.fixture(scope="module")
def by_symptoms(model):
    return children(model, found=0)


@pytest.fixture(scope="module")
def screened(model):
    return children(model, found=1)


def test_shares_of_types(by_symptoms):
    """SMN2 copies among screened babies times types given copies: 38.5, 21.8 and 39.7 per cent."""
    shares = [np.mean(by_symptoms["sma_type"] == t) for t in (1, 2, 3)]
    assert shares == pytest.approx([0.3851, 0.2183, 0.3966], abs=0.003)


@pytest.mark.parametrize(("sma_type", "diagnosis", "delay"), [(1, 4.70, 1.94), (2, 15.6, 5.28)])
def test_ages_at_diagnosis_are_those_of_the_source(by_symptoms, sma_type, diagnosis, delay):
    """Limits of onset cost type 1 a little."""
    of_type = by_symptoms["sma_type"] == sma_type
    waited = by_symptoms["months_delay"][of_type]
    age = by_symptoms["months_onset"][of_type] + waited
    assert waited.mean() == pytest.approx(delay, rel=0.02)
    assert age.mean() == pytest.approx(diagnosis, rel=0.05)


@pytest.mark.parametrize(("copies", "years"), [(3, 3.2), (4, 6.7)])
def test_onset_of_type_3_against_the_polish_registry(by_symptoms, copies, years):
    """A source that the model does not use."""
    of_group = (by_symptoms["sma_type"] == 3) & (by_symptoms["copies"] == copies)
    assert by_symptoms["age_onset"][of_group].mean() == pytest.approx(years, rel=0.05)


def test_median_onset_with_four_copies(by_symptoms):
    of_group = (by_symptoms["sma_type"] == 3) & (by_symptoms["copies"] == 4)
    assert np.median(by_symptoms["age_onset"][of_group]) == pytest.approx(3.0, rel=0.03)


def test_onset_stays_within_the_ages_that_define_the_types(by_symptoms):
    onset, sma_type = by_symptoms["months_onset"], by_symptoms["sma_type"]
    assert 0 < onset[sma_type == 1].min() <= onset[sma_type == 1].max() <= 6
    assert 6 <= onset[sma_type == 2].min() <= onset[sma_type == 2].max() <= 18
    assert onset[sma_type == 3].min() >= 18


def test_age_at_treatment_after_symptoms_against_registries(by_symptoms):
    """Type 1: UK median of 5.8 months. Three copies or fewer, born over 44 months and seen at one date: mean 10.7."""
    treated = 12 * by_symptoms["age_treated"]
    assert np.median(treated[by_symptoms["sma_type"] == 1]) == pytest.approx(5.8, abs=1.0)
    age_at_cut = np.random.default_rng(3).uniform(17, 61, treated.shape)
    seen = (by_symptoms["copies"] < 4) & (treated < age_at_cut)
    assert treated[seen].mean() == pytest.approx(10.7, abs=1.5)


def test_signs_when_treated_at_once(screened):
    """Calibrated to 47 per cent with two copies; signs at that age hardly occur beyond type 1."""
    signs = np.broadcast_to(screened["signs"], screened["copies"].shape)
    assert signs[screened["copies"] == 2].mean() == pytest.approx(0.47, abs=0.01)
    at_once = screened["copies"] < 4
    assert signs[at_once & (screened["sma_type"] > 1)].mean() < 0.02


def test_nobody_is_treated_later_for_being_found(by_symptoms, screened):
    assert np.array_equal(by_symptoms["months_onset"], screened["months_onset"])
    assert np.all(screened["age_treated"] <= by_symptoms["age_treated"])
    at_once = screened["copies"] < 4
    assert 12 * screened["age_treated"][at_once].mean() == pytest.approx(1.3, abs=0.05)


def test_motor_outcomes_of_screened_children_against_registries(screened):
    """SMARTCARE 28 of 44 with three copies or fewer; German screening 15 of 21 with two. Within 95 per cent."""
    walks = np.broadcast_to(screened["p_walks"], screened["copies"].shape)
    assert walks[screened["copies"] < 4].mean() == pytest.approx(28 / 44, abs=0.14)
    assert walks[screened["copies"] == 2].mean() == pytest.approx(15 / 21, abs=0.19)


def test_choice_of_trials_gives_the_shares_of_the_cohort_model(model):
    found = children(model, found=1, early_outcomes="trials", n=20_000)
    for copies in (2, 3):
        walks = np.broadcast_to(found["p_walks"], found["copies"].shape)[found["copies"] == copies]
        assert np.ptp(walks) == 0
        assert walks[0] == found[f"share_walk_{copies}_copies"]


def test_later_treatment_is_worse(model):
    """The longer from onset, the fewer sit or walk and the more are ventilated; none of it without a gradient."""

    def shares(**replaced):
        late = children(model, found=0, n=20_000, **replaced)
        sits = np.broadcast_to(late["p_sits"] + late["p_walks"], late["copies"].shape)
        breathes = np.broadcast_to(late["p_unventilated"], late["copies"].shape)
        type_1, type_3 = late["sma_type"] == 1, late["sma_type"] == 3
        walks = np.broadcast_to(late["p_walks"], late["copies"].shape)
        return sits[type_1].mean(), breathes[type_1].mean(), walks[type_3].mean()

    quick, usual, slow = (shares(delay_ratio_uk=r) for r in (0.5, 1.0, 2.0))
    assert all(a > b > c for a, b, c in zip(quick, usual, slow, strict=True))
    flat = shares(or_better_state_per_doubling=1.0)
    assert flat[:2] == pytest.approx((11 / 22, 20 / 22), rel=1e-12)
    assert 0.40 < usual[0] < 0.50


@pytest.mark.parametrize("late", ["by_type", "smartcare"])
@pytest.mark.parametrize("found", [0, 1])
def test_motor_states_are_a_distribution_in_every_draw(model, late, found):
    drawn = model.parameters.draws(30, seed=4)
    for i in range(30):
        values = {name: column[i] for name, column in drawn.items()}
        child = children(model, found=found, n=500, late_outcomes=late, **values)
        parts = [child[name] for name in ("p_walks", "p_sits", "p_not_sitting")]
        total = sum(parts) + (1 - child["p_unventilated"])
        assert all(np.all((p >= 0) & (p <= 1)) for p in parts)
        assert np.allclose(total, 1, rtol=0, atol=1e-12)
        assert np.all(np.isfinite(child["age_treated"]))
        assert np.all(child["age_treated"] > 0)


def test_untreated_type_1_follows_the_published_points(model):
    """Half are dead or ventilated at 10.5 months of age, and 99 of 100 at two years, whenever symptoms began."""
    start = children(model, found=0, n=1_000)
    names = ("months_onset", "months_to_event", "shape_untreated")
    onset, median, shape = (start[name][start["sma_type"] == 1] for name in names)
    for months, left in ((10.5, 0.5), (24, 0.01)):
        unventilated = np.exp(-np.log(2) * ((months - onset) / median) ** shape)
        assert np.allclose(unventilated, left, rtol=1e-9)


#: Of perspectives that only the cohort model has.
FAMILY = (
    "carers", "years_parents_live", "years_parents_work", "du_carer_ventilated", "du_carer_not_sitting",
    "du_carer_sitting", "du_carer_walking", "qaly_lost_at_death", "c_schooling", "c_wage_week", "hours_full_week",
    "hours_lost_ventilated", "hours_lost_not_sitting", "hours_lost_sitting",
)  # fmt: skip


def test_shared_parameters_are_those_of_the_cohort_model(model):
    other = nbsmodel.load_model(COHORT)
    shared = [name for name in other.parameters.rows if name in model.parameters.rows]
    assert set(other.parameters.rows) - set(shared) == {"months_age_late", *FAMILY}
    for name in shared:
        ours, theirs = model.parameters.rows[name], other.parameters.rows[name]
        for field in ("value", "unit", "sources", "status", "price_year"):
            assert getattr(ours, field) == getattr(theirs, field), name
    seed = 1
    ours, theirs = model.parameters.draws(20, seed=seed), other.parameters.draws(20, seed=seed)
    for name in set(theirs) & set(ours):
        assert np.array_equal(ours[name], theirs[name]), name


def test_tables_and_sources_are_those_of_the_cohort_model(model):
    other = nbsmodel.load_model(COHORT)
    for path in sorted((COHORT / "tables").iterdir()):
        assert path.read_bytes() == (CHILDREN / "tables" / path.name).read_bytes()
    for key in set(model.sources) & set(other.sources):
        assert model.sources[key].citation == other.sources[key].citation, key


def test_every_source_is_used(model):
    used = {key for row in model.parameters.rows.values() for key in row.sources}
    used |= {key for table in model.tables.values() for key in table.sources}  # of the shipped tables
    used |= set(reference("nhs_cost_indices").sources)
    published = load_published(model)
    used |= {target.source for target in published.results}
    assert set(model.sources) == used
