"""The parameter table: values, units, distributions, draws, and every mistake of every row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbsmodel.errors import Problems
from nbsmodel.formula.parse import FormulaError
from nbsmodel.model.parameters import COLUMNS, constant, read_parameters
from nbsmodel.model.units import legal_range, meant_unit, range_text

HEADER = "name,value,unit,distribution,source,status\n"


def read(folder, rows, header=HEADER):
    """Table and problems of rows written as CSV."""
    (folder / "parameters.csv").write_text(header + rows)
    problems = Problems()
    table = read_parameters(folder / "parameters.csv", {"smith", "ons"}, problems)
    return table, [str(p) for p in problems.items]


def good(folder, rows, header=HEADER):
    table, problems = read(folder, rows, header)
    assert problems == []
    return table


def test_a_row_in_full(tmp_path):
    text = (
        'p_uptake,"Uptake, first year",0.95,probability,"beta(events=95, total=100)",'
        'smith; ons,published,2024/25,none,"A, b"\n'
    )
    row = good(tmp_path, text, ",".join(COLUMNS) + "\n").rows["p_uptake"]
    assert (row.name, row.label, row.value, row.unit) == ("p_uptake", "Uptake, first year", 0.95, "probability")
    assert (row.sources, row.status, row.price_year, row.note) == (("smith", "ons"), "published", "2024/25", "A, b")
    assert row.index == "none"
    assert row.distribution_text == "beta(events=95, total=100)" and row.uncertain and row.group is None
    assert row.place.endswith("parameters.csv:2 p_uptake")


def test_columns_that_may_be_left_out(tmp_path):
    row = good(tmp_path, "c,5,GBP,,ons,assumption\n").rows["c"]
    assert (row.label, row.price_year, row.index, row.note, row.uncertain) == ("c", "", "", "", False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("1/10000", 1e-4),
        ("1e-5", 1e-5),
        ("-3", -3.0),
        ("2 * (3 + 4)", 14.0),
        ("exp(1)", math.e),
        ("rate_to_prob(0.1, 5)", 1 - math.exp(-0.5)),
        ("1 - 0.2 - 0.3", 0.5),
    ],
)
def test_constant_arithmetic(text, value, tmp_path):
    assert constant(text) == pytest.approx(value, rel=1e-12)
    cell = f'"{text}"' if "," in text else text
    assert good(tmp_path, f"x,{cell},number,,ons,assumption\n").rows["x"].value == pytest.approx(value, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_comes_back_to_the_last_bit(value):
    assert constant(repr(value)) == value


@pytest.mark.parametrize(
    "text", ["nan", "inf", "p + 1", "1/0", "log(0)", "exp(1000)", "", "True", "'1'", "1,000", "£5", "5%"]
)
def test_what_is_no_constant(text):
    with pytest.raises(ValueError):
        constant(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zzz(1)", "'zzz(1)': there is no function or table zzz() (Allowed: abs, annuity"),
        ("2 * exq(1)", "'2 * exq(1)': there is no function or table exq() (Did you mean exp?)"),
        ("exp()", "'exp()': exp() is given 0 arguments (Use exp(x))"),
        ("exp(1, 2)", "exp() is given 2 arguments"),
        ('log(1, "male")', "log() takes no text, found 'male'"),
    ],
)
def test_calls_that_are_no_functions(text, message):
    with pytest.raises(ValueError) as refused:
        constant(text)
    assert message in str(refused.value)


def test_a_constant_with_a_mistake_is_a_formula_error():
    with pytest.raises(FormulaError):
        constant("1 +")


def test_the_mean_stands_in_for_a_value(tmp_path):
    table = good(
        tmp_path,
        'g,,GBP,"gamma(shape=4, scale=25)",ons,published\n'
        'd1,,probability,"dirichlet(group=mix, count=1)",ons,published\n'
        'd2,,probability,"dirichlet(group=mix, count=3)",ons,published\n',
    )
    assert {name: row.value for name, row in table.rows.items()} == {"g": 100.0, "d1": 0.25, "d2": 0.75}
    assert table.disagreements == ()


def test_a_base_value_that_is_not_the_mean_is_noted(tmp_path):
    table = good(
        tmp_path,
        'near,100.9,GBP,"gamma(shape=4, scale=25)",ons,published\n'
        'far,101.1,GBP,"gamma(shape=4, scale=25)",ons,published\n'
        'd1,0.3,probability,"dirichlet(group=mix, count=1)",ons,published\n'
        'd2,0.75,probability,"dirichlet(group=mix, count=3)",ons,published\n',
    )
    assert table.disagreements == (("far", 101.1, 100.0), ("d1", 0.3, 0.25))
    assert table.rows["far"].value == 101.1


ROWS = {
    "a": 'a,100,GBP,"gamma(mean=100, se=20)",ons,published\n',
    "b": 'b,0.5,probability,"beta(alpha=5, beta=5)",ons,published\n',
    "d": (
        'd1,,probability,"dirichlet(group=mix, count=1)",ons,published\n'
        'd2,,probability,"dirichlet(group=mix, count=3)",ons,published\n'
    ),
    "m": (
        'm1,1,number,"multivariate_normal(group=n, cholesky=[1])",ons,published\n'
        'm2,2,number,"multivariate_normal(group=n, cholesky=[0.5; 1])",ons,published\n'
    ),
    "f": "f,7,GBP,,ons,published\n",
}


def test_draws(tmp_path):
    table = good(tmp_path, "".join(ROWS.values()))
    draws = table.draws(4000, seed=5)
    assert set(draws) == {"a", "b", "d1", "d2", "m1", "m2"}  # what is fixed is not drawn
    assert all(column.shape == (4000,) and column.dtype == np.float64 for column in draws.values())
    assert draws["d1"] + draws["d2"] == pytest.approx(1.0, abs=1e-12)
    expected = {"a": (100, 20), "b": (0.5, math.sqrt(0.25 / 11)), "d1": (0.25, math.sqrt(0.1875 / 5))}
    expected |= {"m1": (1, 1), "m2": (2, math.sqrt(1.25))}
    for name, (mean, sd) in expected.items():
        assert draws[name].mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(4000))
        assert draws[name].std() == pytest.approx(sd, rel=0.06)
    assert np.corrcoef(draws["m1"], draws["m2"])[0, 1] == pytest.approx(0.5 / math.sqrt(1.25), abs=0.06)
    assert abs(np.corrcoef(draws["a"], draws["b"])[0, 1]) < 0.06


def test_a_draw_depends_on_seed_name_and_number_only(tmp_path):
    """Blocks, the order of the rows and further rows leave it as it is."""
    whole = good(tmp_path, "".join(ROWS.values())).draws(50, seed=3)
    table = good(tmp_path, "".join(reversed(list(ROWS.values()))) + 'z,1,GBP,"gamma(mean=1, se=1)",ons,published\n')
    for start, n in ((0, 50), (0, 7), (7, 20), (27, 23)):
        part = table.draws(n, seed=3, start=start)
        for name in ("a", "b", "d1", "d2", "m1", "m2"):
            assert np.array_equal(part[name], whole[name][start : start + n]), name
    assert not np.array_equal(table.draws(50, seed=4)["a"], whole["a"])
    assert np.array_equal(table.draws(50, seed=0)["a"], table.draws(50, seed=0)["a"])


PLACE = "parameters.csv:2"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "1x,5,GBP,,ons,published",
            f"{PLACE} 1x name: '1x' is no valid name. Use letters, digits and single underscores.",
        ),
        ("a__b,5,GBP,,ons,published", f"{PLACE} a__b name: 'a__b' is no valid name."),
        ("_a,5,GBP,,ons,published", "'_a' is no valid name."),
        ("Größe,5,GBP,,ons,published", "'Größe' is no valid name."),
        (",5,GBP,,ons,published", "'' is no valid name."),
        ("a,5,,,ons,published", f"{PLACE} a unit: the unit is missing."),
        (
            "a,5,GBP,,ons,",
            f"{PLACE} a status: found ''. Allowed: published, derived, calibrated, assumption, placeholder.",
        ),
        ("a,5,GBP,,,published", f"{PLACE} a source: the source is missing. Give a key of sources.yaml."),
        ("a,5,GBP,,ons;smth,published", f"{PLACE} a source: smth is not in sources.yaml. Did you mean smith?"),
        ("a,,GBP,,ons,published", f"{PLACE} a value: the value is missing. Give a value, or a distribution"),
        ("a,five,GBP,,ons,published", f"{PLACE} a value: 'five' uses the name five; only numbers are allowed here."),
        ("a,1/0,GBP,,ons,published", f"{PLACE} a value: '1/0' has no finite value."),
        (
            "a,exq(1),GBP,,ons,published",
            f"{PLACE} a value: 'exq(1)': there is no function or table exq() (Did you mean",
        ),
        (
            'a,1,GBP,"gamma(mean=foo(1), se=1)",ons,published',
            f"{PLACE} a distribution: gamma(mean=foo(1), se=1): gamma: mean: 'foo(1)': there is no function",
        ),
        ("a,5%,GBP,,ons,published", f"{PLACE} a value: '5%' is a percentage; write a share"),
        ("a,-5,GBP,,ons,published", f"{PLACE} a value: -5 is no GBP. It must be at least 0."),
        ("a,1.01,probability,,ons,published", f"{PLACE} a value: 1.01 is no probability. It must be between 0 and 1."),
        ("a,-1.5,utility,,ons,published", f"{PLACE} a value: -1.5 is no utility. It must be between -1 and 1."),
        ('a,,probability,"gamma(mean=2, se=1)",ons,published', f"{PLACE} a value: 2 is no probability."),
        ("a,1,GBP,gamma,ons,published", f"{PLACE} a distribution: gamma: a distribution is written"),
        ('a,1,GBP,"gamma(mean=1, se=q)",ons,published', "gamma: se: 'q' uses the name q"),
        ('a,1,GBP,"dirichlet(group=g, count=1)",ons,published', f"{PLACE} a: dirichlet group g: at least two members"),
        ("a,1,Probability,,ons,published", f"{PLACE} a unit: found 'Probability'. Did you mean probability?"),
    ],
)
def test_refused(row, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, problems = read(tmp_path, row + "\n")
    assert len(problems) == 1
    assert message in problems[0]


def test_a_name_that_stands_twice_names_the_other_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, problems = read(tmp_path, "a,5,GBP,,ons,published\nb,5,GBP,,ons,published\na,6,GBP,,ons,published\n")
    assert problems == ["parameters.csv:4 a name: it stands already at parameters.csv:2 a. Keep one of them."]


def test_every_mistake_of_every_row_is_reported(tmp_path):
    _, problems = read(tmp_path, "a,-1,GBP,,smth,guess\nb,x,,beta(),,\n")
    assert len(problems) == 3 + 5


def test_a_group_is_not_blamed_for_a_row_that_cannot_be_read(tmp_path):
    _, problems = read(
        tmp_path,
        'd1,,probability,"dirichlet(group=mix, count=1)",ons,published\n'
        'd2,,probability,"dirichlet(group=mix, count=-3)",ons,published\n',
    )
    assert len(problems) == 1 and "count must be above 0" in problems[0]


def test_each_group_is_checked_on_its_own(tmp_path):
    _, problems = read(
        tmp_path,
        'a,,probability,"dirichlet(group=one, count=1)",ons,published\n'
        'b,,probability,"dirichlet(group=two, count=1)",ons,published\n',
    )
    assert len(problems) == 2


def test_header(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, problems = read(tmp_path, "a,5,GBP,,ons,x\n", "# note\nname,value,unit,distribution,source,stauts\n")
    assert problems == [
        "parameters.csv:2: unknown column stauts. Did you mean status?",
        "parameters.csv:2: the column status is missing. Add it.",
    ]


@pytest.mark.parametrize(
    ("unit", "low", "high", "text"),
    [
        ("probability", 0, 1, "between 0 and 1"),
        ("utility", -1, 1, "between -1 and 1"),
        ("number", -math.inf, math.inf, "a finite number"),
        ("GBP", 0, math.inf, "at least 0"),
        ("years", 0, math.inf, "at least 0"),
        ("disutility", 0, math.inf, "at least 0"),
    ],
)
def test_ranges_of_units(unit, low, high, text):
    assert legal_range(unit) == (low, high)
    assert range_text(unit) == text


@pytest.mark.parametrize(
    ("unit", "meant"),
    [
        ("probabilty", "probability"),
        ("Probability", "probability"),
        ("probabilities", "probability"),
        ("utilty", "utility"),
        ("numbr", "number"),
        ("probability", None),
        ("disutility", None),
        ("rate", None),
        ("GBP", None),
        ("GBP per vial", None),
        ("births", None),
        ("mg", None),
    ],
)
def test_a_slip_in_a_unit_with_a_range(unit, meant):
    """It would silently be held to the wrong range."""
    assert meant_unit(unit) == meant
