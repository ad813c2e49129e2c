"""Price years: factors, where they apply, what stays in its own year, and every refusal with its place."""

import numpy as np
import pytest
from helpers import PARAMETERS, write_complete
from hypothesis import given, settings
from hypothesis import strategies as st

import nbsmodel
from nbsmodel.errors import Problems
from nbsmodel.formula.array import evaluate_array
from nbsmodel.formula.parse import parse
from nbsmodel.model.load import load_model
from nbsmodel.model.parameters import Parameter
from nbsmodel.model.prices import PriceBuilder, Prices, Uprated, YearAt, financial_year, first_year
from nbsmodel.model.tables import reference_table

PAY_PRICES = "nhscii_pay_prices_2025"
CHAIN = "chain_hchs_nhscii_pay_prices_2025"
HEAD = "status,price_year,note"
TABLE = "year,level\n2018,50\n2019,80\n2024,100\n"


def model(folder, *edits, price_year=None, index=PAY_PRICES, tables=None):
    """The small complete model with an index on every price, after edits."""
    parameters = PARAMETERS.replace(HEAD, "status,price_year,index,note")
    lines = []
    for line in parameters.splitlines():
        *front, note = line.rsplit(",", 1)
        lines.append(line if "price_year" in line else f"{front[0]},{index if ',GBP,' in line else ''},{note}")
    text = "".join(f"{line.strip()}\n" for line in lines)
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    write_complete(folder)
    (folder / "model" / "parameters.csv").write_text(text)
    for name, content in (tables or {}).items():
        (folder / "model" / "tables" / f"{name}.csv").write_text(content)
        file = folder / "model" / "model.yaml"
        file.write_text(
            file.read_text().replace("tables:\n", f"tables:\n  {name}: {{file: tables/{name}.csv, by: year}}\n")
        )
    return load_model(folder / "model", price_year)


def problems(folder, *edits, **how):
    with pytest.raises(nbsmodel.InputError) as refused:
        model(folder, *edits, **how)
    return [str(p) for p in refused.value.problems]


# --- price years


@pytest.mark.parametrize(
    ("text", "year"),
    [("2024/25", 2024), ("2024", 2024), ("1999/00", 1999), ("2009/10", 2009),
     ("", None), ("list price", None), ("not uprated", None), ("none", None), ("April 2025", None)],
)  # fmt: skip
def test_price_years_are_read(text, year):
    assert first_year(text) == year


@pytest.mark.parametrize(
    "text", ["2024/26", "2024/5", "24/25", "2024-25", "2024/2025", "2024 prices", "20245", "2024/24"]
)
def test_what_looks_like_a_year_and_is_none_is_malformed(text):
    with pytest.raises(ValueError, match="which is no price year"):
        first_year(text)


@given(st.integers(1000, 9998))
def test_a_financial_year_reads_back(year):
    assert first_year(financial_year(year)) == year == first_year(str(year))


# --- factors


@pytest.mark.parametrize(
    ("index", "start", "factor"),
    [
        (CHAIN, "2013/14", 1.3067), (CHAIN, "2014/15", 1.2951), (CHAIN, "2017/18", 1.2480), (CHAIN, "2018/19", 1.2284),
        (PAY_PRICES, "2019/20", 1.2026), (PAY_PRICES, "2020/21", 1.1734), (PAY_PRICES, "2021/22", 1.1439),
        (PAY_PRICES, "2022/23", 1.0659), (PAY_PRICES, "2023/24", 1.0402), (PAY_PRICES, "2024/25", 1.0),
        (PAY_PRICES, "2019", 1.2026),
    ],
)  # fmt: skip
def test_factors_to_2024_25_to_their_printed_digits(index, start, factor, tmp_path):
    found = model(
        tmp_path, ("4000,GBP,,smith,placeholder,2024/25", f"4000,GBP,,smith,placeholder,{start}"), index=index
    )
    assert found.prices.factor("c_death") == pytest.approx(factor, abs=5.1e-5)
    assert found.prices.factor("p_birth") == 1


@settings(max_examples=40, deadline=None)
@given(a=st.integers(2014, 2024), b=st.integers(2014, 2024), value=st.floats(1e-6, 1e9))
def test_there_and_back_is_the_identity(a, b, value):
    levels = reference_table("nhs_cost_indices", PAY_PRICES, exact=True)
    there, back = (factor(levels, *years) for years in ((a, b), (b, a)))
    assert value * there * back == pytest.approx(value, rel=1e-12)
    assert (there > 1) == (b > a) and (there == 1) == (a == b)


def factor(table, start, end):
    """The factor of one price by the builder, from year to year."""
    row = Parameter("c", "c", 1.0, "GBP", None, "", None, (), "published", financial_year(start), "", "here", "own")
    year = YearAt(financial_year(end), "there")
    return PriceBuilder(year, year, {"c": row}, {"own": table}, ["own"], Problems()).build().factor("c")


def test_vintages_differ():
    old = reference_table("nhs_cost_indices", "nhscii_pay_prices_2024", exact=True)
    new = reference_table("nhs_cost_indices", PAY_PRICES, exact=True)
    assert factor(old, 2022, 2023) == pytest.approx(1.0431) and factor(new, 2022, 2023) == pytest.approx(1.0247)


# --- where they apply


def test_every_rendering_gets_the_factor(tmp_path):
    found = model(tmp_path, ("2000,GBP,,smith,published,2024/25", "2000,GBP,,smith,published,2019/20"))
    times = found.prices.factor("c_drug")
    assert found.derived["c_drug_year"].formula.text == f'c_drug * {times!r} * weight(age, "female") / 10'
    assert found.derived["p_found"].formula.text == "screened * p_uptake * p_sensitivity"


def test_results_are_those_of_prices_multiplied_by_hand(tmp_path):
    plain = model(tmp_path / "plain")
    moved = model(tmp_path / "moved", price_year="2019/20")
    names = ("c_confirm", "c_drug", "c_ill", "c_death")
    by_hand = {name: plain.parameters.rows[name].value * 107.685844 / 129.508136 for name in names}
    one, two = nbsmodel.evaluate(plain, overrides=by_hand), nbsmodel.evaluate(moved)
    assert two.by_strategy("cost") == pytest.approx(one.by_strategy("cost"), rel=1e-12)
    assert two.by_strategy("cost") == pytest.approx(nbsmodel.evaluate(plain).by_strategy("cost") / 1.202648, rel=1e-6)
    assert (two.by_strategy("qaly") == one.by_strategy("qaly")).all()
    assert moved.about["price_year"] == "2019/20" and moved.prices.own == "2024/25"


def test_overrides_and_draws_are_in_the_price_year_of_the_row(tmp_path):
    found = model(tmp_path, price_year="2019/20")
    times = found.prices.factor("c_ill")
    result = nbsmodel.evaluate(found, draws={"c_ill": np.array([0.0, 100.0, 300.0])}).by_strategy("cost")
    override = nbsmodel.evaluate(found, overrides={"c_ill": 100.0}).by_strategy("cost")
    assert result[1] == pytest.approx(override[0], rel=1e-14)
    per_pound = (result[2] - result[0]) / (300 * times)
    assert result[1] - result[0] == pytest.approx(100 * times * per_pound, rel=1e-10)


def test_a_derived_value_put_in_by_hand_is_in_the_price_year_of_the_results(tmp_path):
    one, two = model(tmp_path / "a"), model(tmp_path / "b", price_year="2019/20")
    free = {"c_ill": 0.0, "c_confirm": 0.0, "c_death": 0.0, "c_drug_year": 500.0}
    costs = [nbsmodel.evaluate(m, overrides=free).by_strategy("cost") for m in (one, two)]
    assert (costs[0] == costs[1]).all() and costs[0].max() > 0


def test_a_price_without_uprating_keeps_its_value(tmp_path):
    edit = ("placeholder,2024/25,nhscii_pay_prices_2025", "placeholder,list price,none")
    found = model(tmp_path, edit, price_year="2019/20")
    assert found.prices.factor("c_death") == 1 and found.prices.never == ("c_death",) and found.prices.left == ()


def test_a_table_of_the_model_is_an_index(tmp_path):
    edit = ("placeholder,2024/25,nhscii_pay_prices_2025", "placeholder,2018,own")
    found = model(tmp_path, edit, tables={"own": f"# Made up, edition 3\n{TABLE}"})
    assert found.prices.uprated["c_death"] == Uprated("own", "Made up, edition 3", 2.0)


def test_a_table_of_the_model_goes_before_a_shipped_index(tmp_path):
    found = model(tmp_path, tables={PAY_PRICES: TABLE}, price_year="2019")
    assert found.prices.factor("c_ill") == pytest.approx(0.8) and found.prices.tables == ()


def test_prices_of_another_year_without_an_index_are_told(tmp_path):
    found = model(tmp_path, ("placeholder,2024/25,nhscii_pay_prices_2025", "placeholder,2018/19,"))
    assert found.prices.left == ("c_death",) and found.prices.factor("c_death") == 1


def test_a_model_without_indices_is_as_it_was(tmp_path):
    write_complete(tmp_path)
    found = load_model(tmp_path / "model")
    assert found.prices == Prices("2024/25", "2024/25")
    assert found.about["price_year"] == "2024/25"


def test_the_shipped_index_is_cited_and_among_the_files(tmp_path):
    found = model(tmp_path)
    assert "pssru2025" in found.sources and any(p.name == "nhs_cost_indices.csv" for p in found.files)


@given(
    st.sampled_from(
        [
            "a + b * c",
            "a if a > c else -(b ** a)",
            "min(a, b) / (a + c)",
            "1 if not a and b or c else a",
            "exp(-a) - max(c, a * b)",
        ]
    ),
    st.lists(st.floats(0.1, 5), min_size=3, max_size=3),
)
def test_uprating_is_the_formula_at_prices_times_their_factor(text, values):
    node = parse(text)
    prices = Prices(uprated={"a": Uprated("i", "", 2.5), "b": Uprated("i", "", 1.0)})
    at = dict(zip("abc", values, strict=True))
    found = evaluate_array(prices.uprate(node), at, {})
    assert found == pytest.approx(evaluate_array(node, at | {"a": 2.5 * at["a"]}, {}), rel=1e-12)
    assert Prices().uprate(node) == node


# --- refused


@pytest.mark.parametrize(
    ("year", "index", "place", "words", "fix"),
    [
        ("2024/25", "nhscii_pay_price_2025", "c_death index", "there is no index nhscii_pay_price_2025.",
         "Did you mean nhscii_pay_prices_2025?"),
        ("2024/25", "zzz", "c_death index", "there is no index zzz.", "Name a column of nhs_cost_indices (nhscii_pay_"),
        ("2002", PAY_PRICES, "c_death price_year", "the index nhscii_pay_prices_2025 has no value for 2002/03.",
         "It has 2014/15 to 2024/25"),
        ("2016/17", "hchs_pay_prices", "model.yaml:7 price_year", "the index hchs_pay_prices has no value for 2024/25.",
         "It has 2009/10 to 2016/17"),
        ("list price", PAY_PRICES, "c_death price_year", "found 'list price', but an index needs the year",
         "Or `none` as the index."),
        ("", PAY_PRICES, "c_death price_year", "found '', but an index needs the year of the price.", "as 2024/25"),
        ("2024/26", PAY_PRICES, "c_death price_year", "found '2024/26', which is no price year.", "as 2024/25"),
        ("2024-25", "", "c_death price_year", "found '2024-25', which is no price year.", "a calendar year as 2024."),
    ],
)  # fmt: skip
def test_refused_with_its_place(year, index, place, words, fix, tmp_path):
    edit = (f",placeholder,2024/25,{PAY_PRICES},", f",placeholder,{year},{index},")
    (found,) = problems(tmp_path, edit)
    assert found.partition(": ")[0].endswith(place) and f"{place}: {words}" in found and fix in found


def test_what_is_no_money_has_no_index(tmp_path):
    (found,) = problems(
        tmp_path, ("0.9,utility,,smith,published,,,", f"0.9,utility,,smith,published,2019,{PAY_PRICES},")
    )
    assert "u_well index: u_well is a utility, no amount of money. Only prices are uprated: leave the cell" in found


def test_all_problems_come_together_and_each_once(tmp_path):
    found = problems(tmp_path, price_year="1999/00")
    assert len(found) == 1 and found[0].startswith(
        "price_year: the index nhscii_pay_prices_2025 has no value for 1999/00"
    )


def test_a_table_with_several_columns_is_no_index(tmp_path):
    found = problems(tmp_path, index="weight")
    assert len(found) == 4 and "c_confirm index: weight has 2 columns of values, an index has one." in found[0]


@pytest.mark.parametrize("index", [PAY_PRICES, "none"])
def test_an_exchange_rate_is_no_price(index, tmp_path):
    edit = ('0.3,ratio,"lognormal(mean=0.3, se=0.05)",smith,published,,,',
            f'0.3,GBP per EUR,"lognormal(mean=0.3, se=0.05)",smith,published,2019,{index},')  # fmt: skip
    found = problems(tmp_path, edit)
    assert any("hr_treated index: hr_treated is a GBP per EUR, no amount of money." in p for p in found)


def test_a_level_of_zero_is_refused(tmp_path):
    found = problems(tmp_path, index="own", tables={"own": "year,level\n2019,0\n2024,1\n"}, price_year="2019")
    assert found == ["price_year: the index own is 0 in 2019/20. It must be above 0."]


def test_an_index_that_cannot_be_read_is_reported_once(tmp_path):
    (found,) = problems(tmp_path, index="own", tables={"own": "year,level\n2019,x\n2024,1\n"})
    assert "own.csv:2 level: found 'x'. A finite number is needed." in found


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("2022/24", "price_year: found '2022/24', which is no price year. Write a financial year as 2024/25"),
        ("list price", "price_year: found 'list price', which is no price year."),
        ("2003", "price_year: the index nhscii_pay_prices_2025 has no value for 2003/04."),
    ],
)
def test_a_price_year_that_prices_cannot_be_brought_to(asked, words, tmp_path):
    (found,) = problems(tmp_path, price_year=asked)
    assert found.startswith(words)


def test_another_price_year_needs_an_index_for_every_price_in_use(tmp_path):
    edits = [(f"{name},GBP,,smith,{status},2024/25,{PAY_PRICES}", f"{name},GBP,,smith,{status},2024/25,")
             for name, status in (("300", "published"), ("4000", "placeholder"))]  # fmt: skip
    model(tmp_path / "own", *edits)
    model(tmp_path / "same", *edits, price_year="2024")
    (found,) = problems(tmp_path / "other", *edits, price_year="2023/24")
    assert found == (
        "price_year: the model's prices are of 2024/25, and these have no index: c_ill, c_death. "
        "Give each an index in parameters.csv, or `none` where a price is the same in any year."
    )


def test_a_price_that_no_formula_uses_needs_no_index(tmp_path):
    unused = f"4000,GBP,,smith,placeholder,2024/25,{PAY_PRICES},", "4000,GBP,,smith,placeholder,2024/25,,"
    with pytest.raises(nbsmodel.InputError, match="c_death"):
        model(tmp_path / "used", unused, price_year="2023/24")
    write_complete(tmp_path / "not")
    file = tmp_path / "not" / "model" / "model.yaml"
    plain = model(tmp_path / "not", unused)
    assert plain.prices.left == ()
    text = file.read_text()
    assert text.count("value: c_death}") == 1
    file.write_text(text.replace("value: c_death}", "value: 4000}"))
    assert load_model(tmp_path / "not" / "model", "2023/24").prices.year == "2023/24"


def test_a_model_whose_price_year_is_no_year(tmp_path):
    write_complete(tmp_path, ("model/model.yaml", "price_year: 2024/25", "price_year: not stated"))
    assert load_model(tmp_path / "model", "not stated").prices.year == "not stated"
    with pytest.raises(nbsmodel.InputError) as refused:
        load_model(tmp_path / "model", "2024/25")
    assert str(refused.value) == (
        "price_year: the model's own price year is 'not stated': its prices cannot be brought to another. "
        "Leave `price_year` out."
    )


def test_an_index_in_a_model_whose_price_year_is_no_year(tmp_path):
    model(tmp_path)
    file = tmp_path / "model" / "model.yaml"
    file.write_text(file.read_text().replace("price_year: 2024/25", "price_year: not stated"))
    with pytest.raises(nbsmodel.InputError) as refused:
        load_model(tmp_path / "model")
    (found,) = refused.value.problems
    assert found.place.endswith("model.yaml:7 price_year") and "found 'not stated'" in found.found
