"""The compiled walk against lives lived one by one in plain Python: child by child, strategy by strategy."""

from pathlib import Path

import numpy as np
import pytest
from child_models import ARMS, HEAD, PAIRS, PARAMETERS, SETTINGS, TABLES, WRITTEN
from engine_models import PLAIN, build, everyone, one_cohort
from hypothesis import given
from random_children import children, not_compiled
from random_models import examples

import nbsmodel
from nbsmodel.config.scenario import check_changes, make_settings
from nbsmodel.engine.life import life_of
from nbsmodel.engine.simulation import Simulation

MODELS = Path(__file__).parents[1] / "models"
#: Children of several lanes and several chunks of random numbers.
SAMPLE = (*range(12), 63, 64, 65, 1023, 1024, 1500)


def life(payoffs, start_age=0, extra=0):
    """A small cohort, with some more states that nobody enters later."""
    return {
        "start_age": start_age,
        "cycles": {"length": "1 year", "count": 5},
        "states": {"well": {}, "ill": {}} | {f"s{i}": {} for i in range(extra)},
        "transitions": {"well": {"ill": {"hazard": "0.1 * age + 0.05"}}, "ill": {"well": {"probability": 0.4}}},
        "payoffs": payoffs,
    }


@pytest.fixture(scope="module")
def models():
    return {name: build(spec, PARAMETERS, TABLES, ARMS) for name, spec in WRITTEN.items()}


def live(model, settings, child, draws=None, draw=0, overrides=None, seed=1):
    base, options = check_changes(model, overrides or {}, {})
    asked = Simulation(seed=seed)
    settings = make_settings(model, settings)
    return life_of(model, settings, asked, child, base=base, options=options, draws=draws, draw=draw)


def each_agrees(model, settings, individuals, sample, **how):
    """Totals, attributes and leaf of a sample of children are those of the twin."""
    result = nbsmodel.evaluate(
        model, settings=settings, engine="microsimulation", individuals=individuals, keep=individuals, **how
    )
    kept = result.simulation.children
    for child in sample:
        life = live(model, settings, child, overrides=how.get("overrides"), seed=how.get("seed", 1))
        assert life.attributes == {name: values[child] for name, values in kept.attributes.items()}
        for s, strategy in enumerate(model.strategy_names):
            course = life.courses[strategy]
            assert kept.leaves[kept.leaf[s, child]] == course.route
            for o, outcome in enumerate(model.outcomes):
                ours, size = kept.totals[s, o, child], _size(course, outcome, 0)
                place = f"child {child}, {strategy}, {outcome}"
                assert ours == pytest.approx(course.total(outcome), rel=1e-12, abs=1e-12 * size), place
    return result


def _size(course, outcome, kind):
    return sum(abs(row.amounts[outcome][kind]) for row in course.rows if outcome in row.amounts)


# --- child by child --------------------------------------------------------------------------


def test_every_child_of_the_teaching_model():
    model = nbsmodel.load_model(MODELS / "sick_sicker_microsim")
    each_agrees(model, {}, 1600, SAMPLE)
    each_agrees(model, {}, 64, range(20), seed=12, overrides={"p_HS1": 0.6, "rp_S1S2": 0.05})


@pytest.mark.parametrize(("name", "settings"), PAIRS)
def test_every_child_of_the_written_models(models, name, settings):
    each_agrees(models[name], SETTINGS[settings], 1600, SAMPLE if settings == "life table" else SAMPLE[:6])


def test_the_written_models_are_not_trivial(models):
    """Children move, differ, take several routes and earn every outcome."""
    for name, model in models.items():
        lives = [live(model, {}, child) for child in range(12)]
        courses = [course for life in lives for course in life.courses.values()]
        assert {row.state for course in courses for row in course.rows} >= set(courses[0].cohort.state_names) - {"lost"}
        assert len({len({row.state for row in course.rows}) for course in courses}) > 1, name
        assert len({course.route for course in courses}) == {"equal": 3, "unequal": 3, "shared": 1}[name]


# --- all children together -------------------------------------------------------------------


def all_agree(model, settings, draws, individuals):
    """All totals, discounted or not, and the trace are the means of the twins' lives."""
    how = {"engine": "microsimulation", "individuals": individuals, "keep_trace": True}
    result = nbsmodel.evaluate(model, settings=settings, draws=draws, **how)
    for draw in range(result.draws):
        lives = [live(model, settings, child, draws, draw) for child in range(individuals)]
        for s, strategy in enumerate(model.strategy_names):
            courses = [life.courses[strategy] for life in lives]
            mass = result.simulation.mass[draw, s]
            for kind, discounted in enumerate((True, False)):
                for outcome in model.outcomes:
                    mean = np.mean([course.total(outcome, discounted) for course in courses])
                    tree = result.tree_sums.get((outcome, discounted), np.zeros((result.draws, 99)))[draw, s]
                    size = abs(tree) + mass * sum(_size(course, outcome, kind) for course in courses)
                    found = result.total(outcome, strategy, discounted)[draw]
                    assert found == pytest.approx(tree + mass * mean, rel=1e-12, abs=1e-12 * size), (strategy, outcome)
            for name, cohort in model.cohorts.items():
                here = [[cohort.state_names.index(r.state) for r in c.rows] for c in courses if c.cohort is cohort]
                share = np.zeros(result.trace(name).shape[2:])
                for path in here:
                    share[np.arange(len(path)), path] += mass / individuals
                assert result.trace(name)[draw, s] == pytest.approx(share, abs=1e-12)


BY_RANK = {"outcome": "fees", "value": "rank * (1 + age)"}
PECULIAR = {
    "a payoff twice in one place": life(
        [BY_RANK | {"entering": "well"}, BY_RANK | {"starting_in": "well"}]
        + 2 * [BY_RANK | {"in": "ill", "per": "year"}, BY_RANK | {"moving": {"from": "well", "to": "ill"}}]
    ),
    "an age that differs by strategy": life([BY_RANK | {"in": "alive", "per": "year"}], start_age="10 * lever"),
    "an age and a clock": life([{"in": "well", "outcome": "cost", "value": "norm(age + time_in_state)", "per": "year"}])
    | {"start_age": "5 * lever"},
    "more states than a byte has numbers": life([BY_RANK | {"in": "s139", "per": "year"}], extra=140),
    "two cohorts, two ways into one": life([BY_RANK | {"starting_in": "well"}]),
}


@pytest.mark.parametrize("name", PECULIAR)
def test_peculiar_models(name):
    """Each went wrong once."""
    spec = HEAD | one_cohort(PECULIAR[name], "well")
    if name.startswith("more"):
        spec["tree"] = everyone(start={"well": 0.5, "s139": "rest"})
    if name.startswith("two"):
        other = {"p": "0.5 - lever / 3", "cohort": "other", "start": "well"}
        rest = [{"p": p, "cohort": "life", "start": "well", "delay": d} for p, d in (("lever / 3", 1), ("rest", 0))]
        spec["tree"] = dict(zip("abc", (*rest, other), strict=True))
        spec["cohorts"]["other"] = PECULIAR[name]
    with not_compiled():
        all_agree(build(spec, PARAMETERS, TABLES, ARMS), {}, None, 20)


@examples(50)
@given(children())
def test_random_models_in_plain_python(case):
    """The generated source as plain Python: a model takes a quarter of a second instead of five."""
    with not_compiled():
        try:
            all_agree(case.model, case.settings, case.draws, 6)
        except nbsmodel.InputError as refused:  # impossible values, rarely: those of some child
            assert "child " in str(refused)


def test_draws_of_a_compiled_model(models):
    draws = {"p_one": np.array([0.1, 0.4, 0.0]), "wait": np.array([0.0, 1.0, 0.3]), "h_one": np.array([0.2, 0.0, 1.0])}
    all_agree(models["unequal"], {}, draws, 40)


# --- to be read ------------------------------------------------------------------------------

STORY = {
    "attributes": {"grade": {"label": "Grade of illness", "values": {"1": "1 - p_one / 0.2", "3": "rest"}}},
    "tree": everyone("life", "living", label="Everyone", **{"with": {"told": "grade - 1"}}),
    "cohorts": {
        "life": {
            "receives": ["told"],
            "cycles": {"length": "6 months", "count": 6},
            "states": {"living": {"label": "Well"}, "ill": {"label": "Ill"}, "dead": {"dead": True, "label": "Dead"}},
            "transitions": {
                "living": {"ill": {"probability": "1 if time_in_state >= 0.5 * told - 0.5 else 0"}},
                "ill": {"dead": {"probability": "1 if told > 5 else lever == 1"}},
            },
            "payoffs": [
                {"in": "alive", "outcome": "qaly", "value": "1", "per": "year"},
                {"moving": {"from": "living", "to": "ill"}, "outcome": "cost", "value": "1234.4 * grade"},
            ],
        }
    },
}
TOLD = """Child 7
  Grade of illness: 3

none
  Everyone
  with told 2
  age             GBP so far  QALYs so far
  0 months  Well           0          0.50
  1 year    Ill        3,703          1.50
  3 years   end, still: Ill  3,703    3.00
"""


def test_a_life_in_words():
    model = build(STORY, PARAMETERS, TABLES, ARMS)
    text = live(model, PLAIN, 7).text()
    lines = [line.split() for line in text.splitlines()]
    for line in TOLD.splitlines():
        assert line.split() in lines, text
    assert text.count("The same life as under none.") == 1
    assert ["1", "year", "6", "months", "Dead", "3,703", "1.50"] in lines
    assert "QALYs: 3.00 (3.00) QALY" in text
    assert "draw" not in text


def test_a_life_of_a_draw_says_which():
    model = build(STORY, PARAMETERS, TABLES, ARMS)
    life = live(model, PLAIN, 7, {"p_one": np.array([0.2, 0.0])}, 1)
    assert life.text().startswith("Child 7, draw 1\n  Grade of illness: 1")
    assert life.same_as("half") == "none" and life.same_as("full") is None and life.same_as("none") is None


@pytest.mark.parametrize(
    ("child", "draw", "found"), [(-1, 0, "individual -1"), (2**32, 0, "individual"), (0, 2, "draw 2")]
)
def test_a_child_or_draw_that_is_not_there(models, child, draw, found):
    with pytest.raises(nbsmodel.InputError, match=found):
        live(models["shared"], {}, child, {"p_one": np.array([0.1, 0.2])}, draw)
