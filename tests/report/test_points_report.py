"""Figures and sections on the deterministic analyses: complete, legible, true to their tables."""

import functools
import re

import numpy as np
import pytest
from figure_checks import ROOT, one_line, outside, overlapping, texts, words
from points_models import write_points

import nbsmodel
from nbsmodel.report.figures import make_figures, sketch_figures
from nbsmodel.report.figures.style import finish
from nbsmodel.report.figures.tornado import draw_tornado
from nbsmodel.report.format import MINUS
from nbsmodel.report.report_page import contents
from nbsmodel.report.sections.break_even import break_even_section, value_based_price_section
from nbsmodel.report.sections.one_way import one_way_section
from nbsmodel.report.sections.points_words import value, with_minus
from nbsmodel.report.sections.price_surface import price_surface_section
from nbsmodel.report.sections.two_way import two_way_section

UK = (
    "analyses.one_way=true",
    "analyses.two_way=[{x: c_test, y: p_birth_prevalence}, {x: {name: discount_onasemnogene, from: 0, to: 0.95}, "
    "y: {same: [discount_nusinersen, discount_risdiplam], from: 0, to: 0.95, label: Discount on lifelong drugs}}]",
    "analyses.break_even=[c_test, discount_nusinersen, u_sitting_icer, months_age_late]",
    "analyses.value_based_price=[c_test, c_onasemnogene, c_nusinersen_dose]",
    "analyses.psa={draws: 120}",
    "analyses.price_surface={x: discount_onasemnogene, y: {same: [discount_nusinersen, discount_risdiplam]}, steps: 6}",
)
OURS = ("tornado", "two_way_1", "two_way_2", "price_surface")


@functools.cache
def uk():
    output = nbsmodel.run(ROOT / "configs" / "sma" / "uk_base_case.yaml", UK, write=False)
    return output.scenario, output.tables


@functools.cache
def netherlands():
    output = nbsmodel.run(ROOT / "configs" / "sma" / "broekhoff2021_nl_one_way.yaml", write=False)
    return output.scenario, output.tables


@functools.cache
def without_draws():
    sets = (UK[-1], "settings.thresholds=[20000]")
    output = nbsmodel.run(ROOT / "configs" / "sma" / "uk_base_case.yaml", sets, write=False)
    return output.scenario, output.tables


@functools.cache
def sketches(made):
    scenario, tables = made()
    return {n: s for n, s in sketch_figures(scenario, tables).items() if n.startswith(("tornado", "two_way", "price"))}


# --- figures


@pytest.mark.parametrize("made", [uk, netherlands, without_draws])
def test_figures_are_legible_and_well_formed(made):
    scenario, _ = made()
    for name, sketch in sketches(made).items():
        found = texts(sketch)
        assert outside(sketch, found) == [] and overlapping(found) == [], name
        assert sketch.figure.get_figwidth() <= 7.5 and sketch.figure.get_figheight() <= 10.5
        drawing = finish(name, sketch)
        words(drawing.svg)  # well-formed
        assert len(drawing.svg) < 200_000
        assert drawing.caption.endswith(".") and drawing.alt.endswith(".") and len(drawing.alt) > 100
        assert not re.search(r"\bnan\b|\binf\b|None", drawing.alt + drawing.caption)
        assert all(s.label in drawing.alt for s in scenario.model.strategies)


def test_which_figures_there_are():
    assert list(sketches(uk)) == list(OURS)
    assert list(sketches(netherlands)) == ["tornado"]
    assert list(sketches(without_draws)) == ["price_surface"]


def test_the_tornado_shows_the_widest_bars_with_their_ends():
    scenario, tables = uk()
    table = tables["tornado"]
    first = table[table["threshold"] == 20_000].head(12)
    sketch = sketches(uk)["tornado"]
    axes = sketch.figure.axes[0]
    bars = [p for p in axes.patches if p.get_width()]
    assert len(bars) == 24
    base = first["inmb_base"].iloc[0]
    drawn = sorted(round(p.get_x() + p.get_width(), 6) for p in bars)
    assert drawn == sorted(round(v, 6) for v in [*first["inmb_low"], *first["inmb_high"]])
    assert {round(p.get_x(), 9) for p in bars} == {round(base, 9)}
    found = one_line(words(finish("tornado", sketch).svg))
    for label in first["label"]:
        assert one_line(label) in found
    assert "basecase" in found and "zero:worthitscosttotheright" in found
    assert "4,490" in found and "7,418" in found


def test_a_panel_for_each_comparison():
    sketch = sketches(netherlands)["tornado"]
    titles = [t.get_text() for t in sketch.figure.texts]
    assert titles == [
        "Nusinersen against Best supportive care", "Onasemnogene abeparvovec against Best supportive care",
        "Onasemnogene abeparvovec against Nusinersen",
    ]  # fmt: skip
    assert len(sketch.figure.axes) == 3 and "in the table only" in sketch.caption


def test_zero_is_left_out_where_it_is_far():
    scenario, tables = uk()
    table = tables["tornado"].copy()
    for column in ("inmb_base", "inmb_low", "inmb_high"):
        table[column] += 5000
    sketch = draw_tornado(scenario, {"tornado": table})
    assert "lies far outside" in sketch.caption
    low, high = sketch.figure.axes[0].get_xlim()
    assert low > 1000 and overlapping(texts(sketch)) == []


def test_both_ends_on_one_side_do_not_hide_each_other():
    scenario, tables = uk()
    table = tables["tornado"].copy()
    table["inmb_low"] = table["inmb_base"] + 20
    table["inmb_high"] = table["inmb_base"] + 5
    sketch = draw_tornado(scenario, {"tornado": table})
    assert overlapping(texts(sketch)) == []
    axes = sketch.figure.axes[0]
    order = sorted((p.get_zorder(), abs(p.get_width())) for p in axes.patches if p.get_width())
    assert order[0][1] == pytest.approx(20) and order[-1][1] == pytest.approx(5)


def test_nothing_moves_nothing_is_drawn():
    scenario, tables = uk()
    table = tables["tornado"].assign(width=0.0)
    assert draw_tornado(scenario, {"tornado": table}) is None
    assert "None of the values makes a difference" in " ".join(one_way_section(scenario, {"tornado": table}).paragraphs)


def test_grids_say_when_they_have_one_sign():
    first, second = (sketches(uk)[f"two_way_{i}"] for i in (1, 2))
    assert "positive over the whole grid" in first.caption
    assert "break-even: zero" not in words(finish("a", first).svg)
    assert "Blue: worth its cost" in second.caption
    assert "break-even: zero" in words(finish("b", second).svg)


def test_the_line_of_break_even_is_where_the_table_has_it():
    _, tables = uk()
    lines = tables["price_surface_lines"]
    wanted = lines[(lines["line"] == "break_even") & (lines["threshold"] == 20_000)]
    axes = sketches(uk)["price_surface"].figure.axes[0]
    drawn = [p.vertices for c in axes.collections for p in c.get_paths() if c.get_linewidth().size and len(p.vertices)]
    points = np.concatenate(drawn)
    for row in wanted.to_dict("records"):
        near = np.hypot(points[:, 0] - row["x"], points[:, 1] - row["y"]).min()
        assert near < 1e-6


def test_shares_are_printed_in_per_cent():
    found = words(finish("p", sketches(uk)["price_surface"]).svg)
    assert "80%" in found and "probability 95%" in found and "break-even at 35,000 GBP per QALY" in found


def test_the_same_bytes_each_time():
    scenario, tables = without_draws()
    one, two = (make_figures(scenario, tables)["price_surface"] for _ in range(2))
    assert one.svg == two.svg and one.png == two.png


# --- sections


def prose(section):
    return " ".join(section.paragraphs)


def test_sections_are_made_for_what_was_analysed():
    scenario, tables = uk()
    ids = [s.id for s in contents(scenario, tables, {})["sections"]]
    wanted = ["one-way", "two-way", "break-even", "value-based-price", "price-surface"]
    first = ids.index("one-way")
    assert ids[first : first + 5] == wanted and set(ids[:first]) <= {"perspectives", "psa"}
    for make in (
        one_way_section,
        two_way_section,
        break_even_section,
        value_based_price_section,
        price_surface_section,
    ):
        assert make(scenario, {}) is None
        section = make(scenario, tables)
        assert all(p.endswith(".") and "nan" not in p.split() for p in section.paragraphs)
        for item in section.items:
            assert item in OURS if isinstance(item, str) else item.file.endswith(".csv")


def test_the_reading_of_the_tornado():
    scenario, tables = uk()
    text = prose(one_way_section(scenario, tables))
    row = tables["tornado"].iloc[0]
    assert f"is £{row['inmb_base']:.2f} per birth in the base case" in text
    assert f"£{row['inmb_low']:.2f} at €4,490 and £{row['inmb_high']:.2f} at €7,418" in text
    assert "47 parameters, each at both ends of the 95% interval" in text and "still add up to 1" in text
    assert "At no end of any bar does it change its sign" in text
    turned = tables["tornado"].assign(changes_sign=lambda t: t["parameter"] == "c_test")
    text = prose(one_way_section(scenario, {"tornado": turned}))
    assert "It changes its sign within the limits of one value: SMA test a baby." in text


def test_the_table_of_the_tornado_has_ratios_or_words():
    scenario, tables = netherlands()
    section = one_way_section(scenario, tables)
    (grid,) = (i for i in section.items if not isinstance(i, str))
    assert [g.title.partition(";")[0] for g in grid.groups] == [
        "Nusinersen against Best supportive care", "Onasemnogene abeparvovec against Best supportive care",
        "Onasemnogene abeparvovec against Nusinersen",
    ]  # fmt: skip
    price = next(r for r in grid.groups[1].rows if r.head == "Onasemnogene abeparvovec price")
    assert [c.text for c in price.cells] == [
        "€1,500,000 to €2,500,000", f"{MINUS}2,151,313", f"{MINUS}3,151,313", "€116,545", "€161,423", "no"
    ]  # fmt: skip
    assert "highest net benefit of all" in prose(section)
    (grid,) = (i for i in one_way_section(*uk()).items if not isinstance(i, str))
    assert {r.cells[3].text for r in grid.groups[0].rows} == {"dominant"}


def test_break_even_values_in_words():
    scenario, tables = uk()
    section = break_even_section(scenario, tables)
    text = prose(section)
    assert (
        "SMA test a baby (now £5.00), for Universal screening against No screening: the INMB is positive below £69.19"
        in text
    )
    assert (
        "These are all values that its unit allows. At the other thresholds of the table it stays positive too" in text
    )
    assert f"over {MINUS}1 to 1" in text and "jumps across it at 120" in text
    (grid,) = section.items
    row = grid.groups[0].rows[0]
    assert [c.text for c in row.cells][:3] == ["£5.00", "£69.19", "positive below"]
    assert "At a jump" in grid.note


def test_prices_in_words():
    text = prose(value_based_price_section(*uk()))
    assert (
        "SMA test a baby (now £5.00), for Universal screening against No screening: worth its cost at £69.19 or "
        "less at £20,000" in text
    )
    assert "The INMB is positive at any price" in text
    assert "all other inputs, discounts included, as they are" in text and "not necessarily the price paid" in text
    text = prose(value_based_price_section(*netherlands()))
    assert "Not even a price of 0 is low enough" in text
    assert f"The line would reach 0 at {MINUS}651,313." in text and "65.72% below the price in force" in text


def test_the_surface_in_words():
    text = prose(price_surface_section(*uk()))
    assert "each from 0% to 95% in 6 steps" in text and "share of 120 draws" in text
    assert "a larger value of the first makes it worth less, a larger value of the second more." in text
    assert "At £20,000 per QALY it is worth its cost where the first is below a line that runs from 62." in text
    assert "; at 76% or more of the second it is worth its cost at every value of the first shown." in text
    assert "no probabilistic analysis was made" in prose(price_surface_section(*without_draws()))


def test_several_roots_are_told_once_in_each_entry(tmp_path):
    flat = 2 * 20_000 * (0.5 * 0.95 + 0.03) - 8000  # leaves only the curve at the first threshold
    asked = """
        break_even:
          - {name: z, between: [0, 8], strategy: first}
          - {name: z, between: [0, 4], strategy: first}
          - {formula: 20000 - c_one, by: c_one, between: [0, 60000], strategy: first}
        value_based_price: c_one
    """
    more = f"overrides: {{c_fixed: {flat!r}, use_bend: 1}}\nsettings: {{thresholds: [20000]}}\n"
    kink = ("model/model.yaml", "net_one: c_one *", "net_one: min(c_one, 17000) *")
    output = nbsmodel.run(write_points(tmp_path, asked, more), write=False)
    section = break_even_section(output.scenario, output.tables)
    text = prose(section)
    assert text.count("The INMB is positive between 2 and 5, and negative below 2 and above 5.") == 1
    assert text.count("Dose (now 3), for First drug against Usual care, between 0 and ") == 2
    assert "20000 - c_one (now £12,000), for First drug against Usual care: the INMB is positive above £" in text
    sides = [[r.cells[2].text for r in g.rows] for g in section.items[0].groups]
    assert sides == [["positive just above", "positive just below"], ["positive above"], ["positive above"]]
    bent = nbsmodel.run(write_points(tmp_path / "bent", "value_based_price: c_one", "", kink), write=False)
    (grid,) = value_based_price_section(bent.scenario, {"value_based_price": bent.tables["value_based_price"].query(
        "strategy == 'first'")}).items  # fmt: skip
    assert "run again" not in grid.note and {r.cells[0].text for r in grid.groups[0].rows} == {"no straight line"}


def test_values_in_their_unit():
    assert [value(0.25, "probability"), value(0.035, "rate a year"), value(12.5, "years")] == [
        "25%",
        "3.5%",
        "12.5 years",
    ]
    assert [value(5.0, "GBP"), value(1.5, "factor"), value(float("nan"), "GBP")] == ["£5.00", "1.5", ""]
    assert with_minus("from -3 to -2.5, a price-based x-1") == f"from {MINUS}3 to {MINUS}2.5, a price-based x-1"


def test_several_strategies_have_panels_and_figures_of_their_own(tmp_path):
    asked = """
        one_way: true
        two_way: {x: {name: c_one, from: 0, to: 30000}, y: u_gain}
        price_surface: {x: discount_one, y: discount_two, steps: 5}
        psa: {draws: 60}
    """
    output = nbsmodel.run(write_points(tmp_path, asked, "overrides: {c_two: 12000}\n"), write=False)
    scenario, tables = output.scenario, output.tables
    found = {n: s for n, s in sketch_figures(scenario, tables).items() if n.startswith(("tornado", "two_way", "price"))}
    assert list(found) == ["tornado", "two_way_1", "price_surface_first", "price_surface_both"]
    for name, sketch in found.items():
        drawn = texts(sketch)
        assert outside(sketch, drawn) == [] and overlapping(drawn) == [], name
    assert [a.get_title(loc="left") for a in found["two_way_1"].figure.axes][:2] == ["First drug", "Both drugs"]
    section = price_surface_section(scenario, tables)
    assert section.items[:2] == ("price_surface_first", "price_surface_both")
    assert "First drug against Usual care:" in prose(section) and "Both drugs against Usual care:" in prose(section)
    assert "The interval of Utility gained reaches beyond" in prose(one_way_section(scenario, tables))
    (grid,) = (i for i in section.items if not isinstance(i, str))
    assert any(g.title.startswith("Both drugs, ") for g in grid.groups)
    assert "sets each strategy against the comparator alone, while the probability is that of being the best" in prose(
        section
    )
