"""Figures of the probabilistic analysis: complete, legible, the same each time, on shipped models and awkward draws."""

import dataclasses as dc
import re

import numpy as np
import pytest
from figure_checks import one_line, texts, words
from psa_cases import analysed, normals, with_values
from test_figures import check_files, check_texts

from nbsmodel.report.figures.all import OF_ANALYSES
from nbsmodel.report.figures.psa_plane import draw_psa_plane
from nbsmodel.report.figures.style import finish, house_style

NAMES = ("psa_plane", "ceac", "expected_loss", "evpi", "psa_convergence")
#: Figures without lines for each strategy.
UNNAMED = ("evpi",)


def drawn(scenario, tables):
    """The figures that there are."""
    with house_style():
        found = {name: OF_ANALYSES[name](scenario, tables) for name in NAMES}
    return {name: sketch for name, sketch in found.items() if sketch is not None}


def check_all(scenario, tables, expected=NAMES):
    sketches = drawn(scenario, tables)
    assert tuple(sketches) == expected
    for name, sketch in sketches.items():
        check_texts(sketch)
        assert sketch.title and sketch.caption.endswith(".") and sketch.alt.endswith(".") and len(sketch.alt) > 40
        assert not re.search(r"\bnan\b|\binf\b|None|\.000000", sketch.alt + sketch.caption)
        shown = one_line(" ".join(text for text, _ in texts(sketch)))
        for strategy in scenario.model.strategies:
            assert strategy.label in sketch.alt
            assert name in UNNAMED or one_line(strategy.label) in shown
        if name != "psa_convergence":
            assert f"per {scenario.model.about['basis']}" in sketch.alt or name == "ceac"
    return sketches


@pytest.mark.parametrize("model", ["uk", "us", "knee", "sick"])
def test_the_figures_of_a_model(model):
    sketches = check_all(*analysed(model))
    for name, sketch in sketches.items():
        check_files(name, finish(name, sketch))


def test_the_same_bytes_each_time():
    once, again = ({name: finish(name, s) for name, s in drawn(*analysed("sick", 300)).items()} for _ in range(2))
    assert once == again


def test_what_the_plane_says():
    scenario, tables = analysed("uk")
    sketch = draw_psa_plane(scenario, tables)
    shown = one_line(" ".join(text for text, _ in texts(sketch)))
    assert one_line("No screening (at 0)") in shown and one_line("95% ellipse") in shown
    for row in tables["quadrants"].itertuples():
        if row.share > 0.002:
            assert one_line(f"{100 * row.share:.1f}%") in shown and row.quadrant in sketch.alt
    assert "20,000 GBP per QALY" in words(finish("psa_plane", sketch).svg)
    assert "if they are jointly normal, which is an approximation" in sketch.caption


@pytest.mark.parametrize(("draws", "says"), [(1500, "1,500 draws as points"), (2600, "2,000 of 2,600 draws, chosen")])
def test_the_caption_says_how_many_draws_are_points(draws, says):
    scenario, tables = analysed("uk", draws)
    assert says in draw_psa_plane(scenario, tables).caption
    assert len(tables["psa_points"]) == min(draws, 2000)


def test_the_ellipse_holds_95_percent_of_normal_draws():
    from nbsmodel.report.figures.psa_plane import WITHIN, _ellipse

    n = 20_000
    x = normals("x", n)
    y = 0.6 * x + 0.8 * normals("y", n)
    row = {"inc_effect": 3.0, "inc_cost": -50.0, "sd_effect": 2.0, "sd_cost": 10.0, "correlation": 0.6}
    points = np.linalg.solve(np.linalg.cholesky([[1, 0.6], [0.6, 1]]), np.stack([x, y]))
    inside = (np.hypot(*points) <= WITHIN).mean()
    assert abs(inside - 0.95) < 4 * np.sqrt(0.95 * 0.05 / n)
    # every point of the outline is at that distance from the centre
    across, up = _ellipse(row, 1.0)
    outline = np.linalg.solve(np.linalg.cholesky([[1, 0.6], [0.6, 1]]), np.stack([(across - 3) / 2, (up + 50) / 10]))
    np.testing.assert_allclose(np.hypot(*outline), WITHIN, rtol=1e-9)


def same_arms(sample):
    """Every strategy with the draws of the first."""
    return with_values(lambda c: np.repeat(c[:, :1], c.shape[1], 1), lambda e: np.repeat(e[:, :1], e.shape[1], 1))(
        sample
    )


def test_arms_that_never_differ():
    check_all(*analysed("uk", 200, same_arms), expected=("psa_plane", "ceac", "expected_loss", "psa_convergence"))


def test_draws_that_do_not_vary():
    still = with_values(lambda c: np.repeat(c[:1], len(c), 0), lambda e: np.repeat(e[:1], len(e), 0))
    sketches = check_all(
        *analysed("sick", 50, still), expected=("psa_plane", "ceac", "expected_loss", "psa_convergence")
    )
    assert "50 draws as points" in sketches["psa_plane"].caption


def test_effects_that_do_not_differ():
    check_all(*analysed("uk", 100, with_values(lambda c: c, lambda e: np.ones_like(e))))


@pytest.mark.parametrize("draws", [2, 3, 30])
def test_very_few_draws(draws):
    scenario, tables = analysed("sick", draws)
    sketches = drawn(scenario, tables)
    assert {"psa_plane", "ceac", "expected_loss", "psa_convergence"} <= set(sketches)
    for sketch in sketches.values():
        check_texts(sketch)


def test_skewed_draws_in_all_quadrants():
    heavy = with_values(
        lambda c: c * np.exp(1.5 * normals("heavy", *c.shape)), lambda e: e * (1 + 0.5 * normals("e", *e.shape))
    )
    check_all(*analysed("uk", 900, heavy))


def test_many_thresholds():
    thresholds = [float(t) for t in range(10_000, 110_000, 10_000)]
    scenario, tables = analysed("uk", 300, settings={"thresholds": thresholds})
    sketches = drawn(scenario, tables)
    check_texts(sketches["psa_plane"])
    check_texts(sketches["ceac"])
    assert len(sketches["psa_convergence"].figure.axes) == 6
    assert "The table has the other thresholds." in sketches["psa_convergence"].caption


def test_long_labels():
    scenario, tables = analysed("sick", 200)
    long = "A strategy with a remarkably long label, given to those with $100 & <tags>"
    strategies = tuple(dc.replace(s, label=f"{long} {i}") for i, s in enumerate(scenario.model.strategies))
    check_all(dc.replace(scenario, model=dc.replace(scenario.model, strategies=strategies)), tables)


def test_nothing_to_draw():
    scenario, tables = analysed("valve", 20)
    assert drawn(scenario, tables) == {}
    scenario, tables = analysed("uk", 20)
    bare = {name: t for name, t in tables.items() if not name.startswith(("psa", "ceac", "evpi", "quadrants"))}
    assert drawn(scenario, bare) == {}


def test_the_right_axis_of_the_value_of_information_is_for_the_population():
    scenario, tables = analysed("uk")
    sketch = drawn(scenario, tables)["evpi"]
    left, right = sketch.figure.axes
    table = tables["evpi"]
    factor = (table["population"] / table["evpi"]).dropna().iloc[0]
    word = 1e6 if "million" in right.get_ylabel() else 1e3 if "thousand" in right.get_ylabel() else 1
    assert right.get_ylim()[1] * word == pytest.approx(left.get_ylim()[1] * factor)
    assert "10 years" in right.get_ylabel()
    assert len(drawn(*analysed("sick"))["evpi"].figure.axes) == 1
